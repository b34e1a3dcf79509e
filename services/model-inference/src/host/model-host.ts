import { Failure, isFailure } from "@tradewind/core";
import type { Rank } from "../budget/book.ts";
import type { Tenant } from "../budget/memory.ts";
import { createDispatch } from "./dispatch.ts";
import { pause } from "./pause.ts";
import { createQuarantine } from "./quarantine.ts";
import { startServing, type Serving, type ServingOptions } from "./start-serving.ts";

/** A model file that is served: its host process is started when needed, ends when its memory is, and is replaced when lost. */
export interface ModelHost {
  /** Loads it if it is not; throws as `run`. */
  ready(): Promise<void>;
  /**
   * Class probabilities of `rows` matrices, in a run shared with others where that may be. One whose host process is
   * lost is made again on a new one, as often as `attempts` allows; then throws `HOST_LOST`. Throws `DEADLINE` (retry)
   * when `deadlineAt` (monotonic ms) passes while it waits, `MODEL_LOAD`, `MODEL_GOLDEN`, `MODEL_RUN`, `MODEL_OUTPUT`,
   * `MODEL_MEMORY`, `MEMORY_REFUSED`, and `HOST_STOPPED` (service) after `stop`.
   */
  run(matrices: Float32Array, rows: number, deadlineAt?: number): Promise<Float32Array>;
  /** What runs now. */
  running(): Serving["process"] | undefined;
  state(): HostState;
  change(change: { readonly rank: Rank; readonly pinned: boolean }): void;
  /** A model that is left alone after failures is tried again at once. */
  lift(): void;
  stop(): Promise<void>;
}

export interface HostState {
  readonly state: "absent" | "loading" | "ready" | "quarantined";
  /** Why it is left alone, and until when, wall ms. */
  readonly quarantine: { readonly error: unknown; readonly until: number } | undefined;
  readonly waiting: number;
  readonly largestRows: number;
}

export interface ModelHostOptions extends ServingOptions {
  /** Of its place in the book of memory: one per process. */
  readonly key: string;
  readonly rank: Rank;
  readonly pinned: boolean;
  /** Runs of one request at most, when its host process is lost. */
  readonly attempts: number;
  /** Longest a matrix waits for others to share its run. */
  readonly waitMs: number;
  /** Who may be asking at the same time: with all of them waiting, nobody is waited for. */
  readonly callers: () => number;
  /** Without a request for so long, a host that is not pinned ends. */
  readonly idleMs: number;
  /** How long the model is left alone after its first failure; Infinity: until its record changes. */
  readonly quarantineMs: number;
  readonly on?: HostEvents;
}

export interface HostEvents {
  /** The process has ended without being asked. */
  readonly lost?: (why: string) => void;
  readonly loaded?: (serving: Serving["process"], ms: number) => void;
  /** It cannot be loaded, or ends too often: it is left alone until then, wall ms. */
  readonly quarantined?: (error: unknown, until: number) => void;
  readonly batch?: (rows: number) => void;
}

const LOSSES_MOST = 4;

export function createModelHost(options: ModelHostOptions): ModelHost {
  const { name, memory, on = {} } = options;
  const stopping = new AbortController();
  const forever = options.quarantineMs === Infinity;
  const quarantine = createQuarantine({ now: Date.now, lossesMost: forever ? Infinity : LOSSES_MOST, firstMs: options.quarantineMs });
  let tenant: Tenant = { key: options.key, name, rank: options.rank, pinned: options.pinned, leave: () => leave() };
  let starting: Promise<void> | undefined;
  let serving: Serving | undefined;
  let leaving = false;
  let usedAt = performance.now();

  const dispatch = createDispatch({
    ...options,
    serving: () => (leaving ? undefined : serving),
    wanted: () => void start().catch(() => undefined),
    held: () => (serving === undefined ? quarantine.held()?.error : undefined),
    idle: () => leaving && void serving?.process.stop(),
    busy: (busy) => memory.change(tenant.key, { busy }),
    served() {
      usedAt = performance.now();
      quarantine.served();
      memory.served(tenant.key);
    },
  });

  /** Ends the process after the runs it has in hand; who still waits is served by the next one. */
  function leave(): void {
    if (serving === undefined || leaving) return;
    leaving = true;
    if (dispatch.inHand() === 0) void serving.process.stop();
  }

  function hold(error: unknown): void {
    quarantine.failed(error);
    tellHeld();
  }
  function tellHeld(): void {
    const held = quarantine.held();
    if (held !== undefined) on.quarantined?.(held.error, held.until);
  }

  function ended(failure: Failure): void {
    const asked = leaving || stopping.signal.aborted;
    serving = undefined;
    leaving = false;
    memory.drop(tenant.key);
    if (!asked) {
      on.lost?.(failure.message);
      if (failure.code === "MODEL_MEMORY") hold(failure);
      else quarantine.lost(failure);
      if (failure.code !== "MODEL_MEMORY") tellHeld();
    }
    dispatch.pump();
  }

  async function begin(): Promise<void> {
    try {
      await pause(quarantine.pauseMs(), stopping.signal);
      checkStopped();
      const from = performance.now();
      serving = await startServing(options, tenant, stopping.signal);
      void serving.process.ended.then(ended);
      usedAt = performance.now();
      if (dispatch.waiting() === 0) memory.served(tenant.key);
      memory.change(tenant.key, { busy: dispatch.waiting() > 0 });
      on.loaded?.(serving.process, performance.now() - from);
      if (stopping.signal.aborted) await serving.process.stop();
    } catch (error) {
      if (!stopping.signal.aborted) failed(error);
      throw error;
    } finally {
      starting = undefined;
      dispatch.pump();
    }
  }

  function failed(error: unknown): void {
    const retry = isFailure(error) && error.action === "retry";
    if (retry) {
      on.lost?.(error.message);
      quarantine.lost(error);
      tellHeld();
      dispatch.lose(error);
    } else {
      // Memory that cannot be had now may be had for the next request.
      if (!isFailure(error) || error.code !== "MEMORY_REFUSED") hold(error);
      dispatch.fail(error);
    }
  }

  function checkStopped(): void {
    if (stopping.signal.aborted) throw stopped();
  }
  const stopped = (): Failure => new Failure("service", "HOST_STOPPED", `model ${name} is no longer served here`);

  function start(): Promise<void> {
    if (serving !== undefined) return Promise.resolve();
    const held = quarantine.held();
    if (held !== undefined) return Promise.reject(held.error);
    return (starting ??= begin());
  }

  const idle = setInterval(
    () => {
      if (!tenant.pinned && dispatch.inHand() + dispatch.waiting() === 0 && performance.now() - usedAt > options.idleMs) leave();
    },
    Math.min(Math.max(options.idleMs / 4, 10), 5_000),
  );
  idle.unref();

  return {
    async ready() {
      for (let attempt = 1; ; attempt++) {
        checkStopped();
        try {
          return await start();
        } catch (error) {
          checkStopped();
          if (!isFailure(error) || error.action !== "retry" || attempt >= options.attempts) throw error;
        }
      }
    },
    run(matrices, rows, deadlineAt = Infinity) {
      if (stopping.signal.aborted) return Promise.reject(stopped());
      return dispatch.ask(matrices, rows, deadlineAt);
    },
    running: () => serving?.process,
    state: () => {
      const held = serving === undefined ? quarantine.held() : undefined;
      const state = serving !== undefined ? "ready" : held !== undefined ? "quarantined" : starting !== undefined ? "loading" : "absent";
      return { state, quarantine: held, waiting: dispatch.waiting(), largestRows: serving?.maxRows ?? 0 };
    },
    change({ rank, pinned }) {
      tenant = { ...tenant, rank, pinned };
      memory.change(tenant.key, { rank, pinned });
    },
    lift: () => quarantine.lift(),
    async stop() {
      clearInterval(idle);
      stopping.abort(stopped());
      dispatch.fail(stopped());
      await starting?.catch(() => undefined);
      await serving?.process.stop();
    },
  };
}
