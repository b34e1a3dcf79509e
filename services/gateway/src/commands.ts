import { inputFailure, isFailure } from "@tradewind/core";
import type { ServiceReply } from "@tradewind/contracts";
import type { ServiceContext } from "@tradewind/kit";
import { askService } from "./ask-service.ts";
import type { Overview } from "./overview.ts";

/** An operator's order; without `variant` and `account` it goes to every account that is traded. */
export interface Order {
  readonly verb: "halt" | "resume" | "close" | "pause";
  readonly variant?: string | undefined;
  readonly account?: string | undefined;
  readonly instrument?: string | undefined;
  readonly by: string;
}

export interface Outcome {
  readonly ok: boolean;
  readonly message: string;
  readonly results: readonly { readonly account: string; readonly ok: boolean; readonly message: string }[];
}

const ANSWER_WITHIN_MS = 5_000;

/**
 * Hands an order to whoever owns the account and gives its answer. Throws `UNKNOWN_VARIANT`, `UNKNOWN_ACCOUNT`,
 * `NOTHING_TO_COMMAND`, and `NO_OWNER` (retry) when the one account asked for has nobody who answers.
 */
export async function command(context: ServiceContext, overview: Overview, order: Order): Promise<Outcome> {
  const accounts = accountsOf(overview, order);
  const settled = await Promise.allSettled(accounts.map((account) => ask(context, account, order)));
  if (accounts.length === 1 && settled[0]!.status === "rejected") throw settled[0]!.reason;
  const results = settled.map((one, i) => {
    const account = accounts[i]!;
    if (one.status === "fulfilled") return { account, ok: one.value.ok, message: one.value.message };
    return { account, ok: false, message: isFailure(one.reason) ? one.reason.message : "failed" };
  });
  const said = [...results.map(({ message }) => message), ...stillHalted(overview, order)];
  return { ok: results.every(({ ok }) => ok), message: said.join("; "), results };
}

/** A variant that is resumed does not trade as long as its account is halted: whoever asked is told. */
function stillHalted(overview: Overview, { verb, variant }: Order): string[] {
  const found = variant === undefined ? undefined : overview.variant(variant);
  if (verb !== "resume" || found?.state !== "HALTED" || found.stateScope !== "account") return [];
  return [`account ${found.account} itself is HALTED (${found.stateReason}); resume the account too`];
}

function accountsOf(overview: Overview, { verb, variant, account }: Order): string[] {
  if (variant !== undefined) {
    const found = overview.variant(variant);
    if (found === undefined) throw inputFailure("UNKNOWN_VARIANT", `no variant "${variant}"; "tradewind variants list" shows them`);
    if (account !== undefined && account !== found.account)
      throw inputFailure("UNKNOWN_ACCOUNT", `variant "${variant}" trades on account "${found.account}", not on "${account}"`);
    if (found.account === undefined)
      throw inputFailure("UNKNOWN_ACCOUNT", `variant "${variant}" has no account: ${found.problem ?? "it does not compile"}`);
    return [found.account];
  }
  const known = new Set(overview.variants().flatMap((each) => (each.enabled && each.account !== undefined ? [each.account] : [])));
  if (account !== undefined) {
    if (!known.has(account))
      throw inputFailure(
        "UNKNOWN_ACCOUNT",
        `no running variant trades on account "${account}"; there are ${[...known].join(", ") || "none"}`,
      );
    return [account];
  }
  if (known.size === 0) throw inputFailure("NOTHING_TO_COMMAND", `no variant is running, so there is nothing to ${verb}`);
  return [...known];
}

function ask(context: ServiceContext, account: string, order: Order): Promise<ServiceReply> {
  // A pause is a halt of one variant.
  const verb = order.verb === "pause" ? "halt" : order.verb;
  const { variant, instrument, by } = order;
  const message = `nobody trades account "${account}" now, so nobody can ${order.verb} it; see "tradewind status" and ask again`;
  return askService(
    context,
    {
      service: "execution",
      withinMs: ANSWER_WITHIN_MS,
      who: `the owner of account "${account}"`,
      silence: { code: "NO_OWNER", message },
    },
    { verb, by, account, ...(variant !== undefined && { variant }), ...(instrument !== undefined && { instrument }) },
  );
}
