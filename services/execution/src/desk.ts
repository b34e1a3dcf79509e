import { gunzipSync, gzipSync } from "node:zlib";
import { decodeSnapshot, encodeSnapshot, Failure, isFailure, timeframeMs, type Command, type Timeframe } from "@tradewind/core";
import { createTrouble, lineOf, type CheckpointStore, type Inbox, type RunningVariant, type ServiceContext } from "@tradewind/kit";
import type { ExecutionMetrics } from "./metrics.ts";
import type { AccountView } from "./view.ts";

/** One account and the variants that work it. */
export interface AccountWork {
  /** Token of the account: its lease, its ledger's subject. */
  readonly account: string;
  /** In config order, at least one. */
  readonly variants: readonly RunningVariant[];
}

/** What a desk is opened with. */
export interface DeskContext {
  readonly service: ServiceContext;
  readonly metrics: ExecutionMetrics;
  /** The lease has gone: nothing more may be written. */
  readonly lost: AbortSignal;
  /** The desk has stopped for good, in one line why; `fenced` when another owner has taken over. */
  readonly stopped: (why: string, fenced: boolean) => void;
}

/** An account in work. */
export interface Desk {
  /** Ids of the variants that work the account. */
  readonly variants: readonly string[];
  /** Carries out an operator's order; the text is for the one who asked. Throws `COMMAND_REFUSED`. */
  command(command: Command): Promise<string>;
  view(): AccountView;
  /** Saves what is to be saved; resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

/** Runs the steps of a desk one after the other; the first that fails stops the desk, and nothing of it runs after. */
export interface Steps {
  run(work: () => Promise<void> | void): Promise<void>;
  readonly failed: () => unknown;
}

export function createSteps({ service, lost, stopped }: DeskContext, account: string): Steps {
  let failure: unknown;
  return {
    failed: () => failure ?? (lost.aborted ? "lease lost" : undefined),
    async run(work) {
      if (failure !== undefined || lost.aborted) return;
      try {
        await work();
      } catch (error) {
        failure = error;
        const fenced = isFailure(error) && error.code === "FENCED";
        service.log[fenced ? "warn" : "error"]({ err: error }, `account ${account} stops: ${lineOf(error)}`);
        service.state.note(fenced ? `fenced: ${lineOf(error)}` : `account ${account} stops: ${lineOf(error)}`);
        stopped(lineOf(error), fenced);
      }
    },
  };
}

/** The answer to a command that was worked as a step. Throws `COMMAND_REFUSED` when the desk had stopped. */
export function recorded(steps: Steps, account: string, { verb }: Command): string {
  if (steps.failed() === undefined) return `${account}: ${verb} recorded`;
  throw new Failure("service", "COMMAND_REFUSED", `account ${account} is not worked here any more; ask again in some seconds`);
}

/** Refuses a checkpoint that knows more than the ledger: `LEDGER_DIVERGED`. */
export function assertNotAhead(account: string, saved: { readonly n: number } | undefined, ledgerEnd: number): void {
  if (saved === undefined || saved.n <= ledgerEnd) return;
  throw new Failure(
    "service",
    "LEDGER_DIVERGED",
    `the ledger of ${account} ends at entry ${ledgerEnd}, its checkpoint is of entry ${saved.n}; restore the ledger, or delete the checkpoint execution.${account}`,
  );
}

/** A checkpoint is due every second; one that takes long to make, less often. */
const SAVE_EVERY_MS = 1_000;
const SAVE_SHARE = 20;

/** Saves a desk's state regularly, between two messages. */
export interface Saver {
  /** Something changed since the last save. */
  touch(): void;
  stop(): Promise<void>;
}

/** Opens what a desk reads; when that fails nothing of the desk goes on. */
export async function openOrStop(open: () => Promise<void>, stop: () => Promise<void>): Promise<void> {
  try {
    await open();
  } catch (error) {
    await stop();
    throw error;
  }
}

export interface SaverOptions {
  readonly service: ServiceContext;
  readonly account: string;
  readonly inbox: Inbox;
  readonly store: CheckpointStore;
  readonly steps: Steps;
  readonly state: () => unknown;
}

export function createSaver({ service, account, inbox, store, steps, state }: SaverOptions): Saver {
  const trouble = createTrouble(service, "error");
  let dirty = false;
  let notBefore = 0;
  const save = async (): Promise<void> => {
    if (!dirty || steps.failed() !== undefined) return;
    dirty = false;
    const began = performance.now();
    await store.save({ positions: inbox.positions(), state: pack(state()) });
    notBefore = performance.now() + (performance.now() - began) * SAVE_SHARE;
  };
  const timer = setInterval(() => {
    // The bus may be away: then the next beat saves.
    if (dirty && performance.now() >= notBefore)
      void inbox.exclusive(save).then(
        () => trouble.over(""),
        (error: unknown) => {
          dirty = true;
          if (!isFailure(error) || error.action !== "retry")
            trouble.tell("", `account ${account}: no checkpoint can be saved: ${lineOf(error)}`);
        },
      );
  }, SAVE_EVERY_MS);
  return {
    touch: () => void (dirty = true),
    async stop() {
      clearInterval(timer);
      await inbox.stop();
      await save().catch(() => undefined);
    },
  };
}

/** Closed orders make an account's snapshot some megabytes of repetitive text; a message takes one. */
function pack(state: unknown): string {
  return gzipSync(encodeSnapshot(state), { level: 1 }).toString("base64");
}

export function unpack(packed: unknown): unknown {
  return decodeSnapshot(gunzipSync(Buffer.from(packed as string, "base64")).toString("utf8"));
}

const GRACE_MOST_MS = 1_000;
const GRACE_LEAST_MS = 20;

/** How long a close waits for the candles of the other instruments, wall ms. */
export function graceWallMs(timeframe: Timeframe, speed: number): number {
  const half = timeframeMs(timeframe) / 2 / Math.max(speed, 1e-9);
  return Math.min(GRACE_MOST_MS, Math.max(GRACE_LEAST_MS, half));
}
