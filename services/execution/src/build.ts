import { claimPartitions, followVariants, type BuildService, type Partitions, type ServiceContext, type Work } from "@tradewind/kit";
import { tokenOf } from "@tradewind/contracts";
import { Failure } from "@tradewind/core";
import { answerCommands } from "./commands.ts";
import type { AccountWork, Desk, DeskContext } from "./desk.ts";
import { createExecutionMetrics } from "./metrics.ts";
import { openPaperDesk } from "./paper-desk.ts";
import { openReplayDesk } from "./replay-desk.ts";
import { openVenueDesk } from "./venue-desk.ts";

export interface ExecutionOptions {
  /** Works these accounts without a lease, as a stale owner does that does not know it yet: to show what the fence is for. */
  readonly unleased?: readonly string[];
}

/** Execution: one desk per account whose lease this instance holds. */
export function buildExecution(options: ExecutionOptions = {}): BuildService {
  return async (context, stack) => {
    const metrics = createExecutionMetrics(context);
    const desks = new Map<string, Desk>();
    /** Counts the times an account was taken over from here: its next start is a new owner's. */
    const fences = new Map<string, number>();
    /** Accounts that stopped for good: somebody must look at them. */
    const broken = new Set<string>();
    const setBroken = (account: string, is: boolean): void => {
      if (is) broken.add(account);
      else broken.delete(account);
      context.state.set(broken.size > 0 ? "degraded" : "running");
    };
    let partitions: Partitions | undefined;
    const variants = await followVariants(context, () => void partitions?.refresh());
    stack.defer(() => variants.stop());

    const works = (): Map<string, AccountWork> => {
      const found = new Map<string, AccountWork>();
      for (const variant of variants.all()) {
        const account = tokenOf(variant.loaded.plan.account.id);
        found.set(account, { account, variants: [...(found.get(account)?.variants ?? []), variant] });
      }
      return found;
    };

    const start = async (account: string, lost: AbortSignal): Promise<Work> => {
      const work = works().get(account);
      if (work === undefined) throw new Failure("input", "ACCOUNT_UNKNOWN", `no enabled variant has account ${account}`);
      const forget = (): void => work.variants.forEach(({ desired }) => metrics.forget(desired.id));
      const stopped = (_: string, fenced: boolean): void => {
        desks.delete(account);
        forget();
        if (fenced) fences.set(account, (fences.get(account) ?? 0) + 1);
        else setBroken(account, true);
      };
      const desk = await openDesk({ service: context, metrics, lost, stopped }, work);
      desks.set(account, desk);
      return {
        async stop() {
          desks.delete(account);
          await desk.stop();
          forget();
          if (broken.has(account)) setBroken(account, false);
          if (!works().has(account) && !context.signal.aborted) tellLeft(context, account, desk);
        },
      };
    };

    const commands = answerCommands(context, desks);
    stack.defer(() => commands.stop());
    for (const account of options.unleased ?? []) {
      const work = await start(account, new AbortController().signal);
      stack.defer(() => work.stop());
    }
    const leased = (account: string): boolean => options.unleased?.includes(account) !== true;
    const claimed = claimPartitions(context, {
      kind: "execution",
      wanted: () => [...works().keys()].filter(leased),
      start,
      versionOf: (account) =>
        [
          fences.get(account) ?? 0,
          ...(works().get(account)?.variants ?? []).map(({ desired }) => `${desired.id} ${desired.configHash} ${desired.revision}`),
        ].join("|"),
    });
    partitions = claimed;
    stack.defer(() => claimed.stop());
  };
}

/** Nobody wants the account any more: what it holds stays as it is, and nobody closes it. */
function tellLeft({ log, state }: ServiceContext, account: string, desk: Desk): void {
  const held = desk.view().variants.flatMap(({ positions }) => positions.map(({ quantity, instrument }) => `${quantity} ${instrument}`));
  if (held.length === 0) return;
  const line = `account ${account} is worked no more and still holds ${held.join(", ")}; start its variant again to go on, or to close them`;
  log.warn(line);
  state.note(line);
}

function openDesk(context: DeskContext, work: AccountWork): Promise<Desk> {
  const { clock } = context.service.run;
  const { mode } = work.variants[0]!.loaded.plan;
  if (clock === "wall" && (mode === "live" || mode === "futures")) return openVenueDesk(context, work);
  if (work.variants.length > 1)
    throw new Failure(
      "input",
      "ACCOUNT_SHARED",
      `variants ${work.variants.map(({ desired }) => desired.id).join(", ")} name one simulated account ${work.account}; give each an account of its own`,
    );
  return clock === "events" ? openReplayDesk(context, work) : openPaperDesk(context, work);
}

export const build: BuildService = buildExecution();
