import { Failure, isFailure } from "@tradewind/core";
import type { Rank } from "../budget/book.ts";
import type { Tenant } from "../budget/memory.ts";
import { Dispatch, type Batching } from "./dispatch.ts";
import { pause } from "./pause.ts";
import { createQuarantine, type Quarantine } from "./quarantine.ts";
import { startServing, type Serving, type ServingOptions } from "./start-serving.ts";

export interface HostState {
  readonly state: "absent" | "loading" | "ready" | "quarantined";
  /** Why it is left alone, and until when, wall ms. */
  readonly quarantine: { readonly error: unknown; readonly until: number } | undefined;
  readonly waiting: number;
}

export interface ModelHostOptions extends ServingOptions, Batching {
  /** Of its place in the book of memory: one per process. */
  readonly key: string;
  readonly rank: Rank;
  readonly pinned: boolean;
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
const IDLE_LOOK_MOST_MS = 5_000;

/** A model file that is served: its host process is started when needed, ends when its memory is, and is replaced when lost. */
export class ModelHost {
  readonly #options: ModelHostOptions;
  readonly #quarantine: Quarantine;
  readonly #dispatch: Dispatch;
  readonly #stopping = new AbortController();
  readonly #idle: NodeJS.Timeout;
  readonly #tenant: { -readonly [K in keyof Tenant]: Tenant[K] };
  #starting: Promise<void> | undefined;
  #serving: Serving | undefined;
  #leaving = false;
  /** Why the process is ended for one with more memory. */
  #wants: Failure | undefined;
  #usedAt = performance.now();

  constructor(options: ModelHostOptions) {
    const { key, name, rank, pinned, quarantineMs, idleMs, memory } = options;
    this.#options = options;
    const lossesMost = quarantineMs === Infinity ? Infinity : LOSSES_MOST;
    this.#quarantine = createQuarantine({ now: () => performance.now(), lossesMost, firstMs: quarantineMs });
    this.#tenant = {
      key,
      get name() {
        return name();
      },
      rank,
      pinned,
      leave: () => this.#leave(),
    };
    this.#dispatch = new Dispatch({
      ...options,
      serving: () => (this.#leaving || this.#wants !== undefined ? undefined : this.#serving),
      wanted: () => void this.#start().catch(() => undefined),
      held: () => (this.#serving === undefined ? this.#quarantine.held()?.error : undefined),
      idle: () => this.#leaving && void this.#serving?.process.stop(),
      busy: (busy) => memory.change(key, { busy }),
      served: () => this.#served(),
      starved: (why) => this.#starved(why),
    });
    this.#idle = setInterval(() => this.#leaveIfIdle(), Math.min(Math.max(idleMs / 4, 10), IDLE_LOOK_MOST_MS));
    this.#idle.unref();
  }

  /** Loads it if it is not; throws as `run`. */
  async ready(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#checkStopped();
      try {
        return await this.#start();
      } catch (error) {
        this.#checkStopped();
        if (!isFailure(error) || error.action !== "retry" || attempt >= this.#options.attempts) throw error;
      }
    }
  }

  /**
   * Class probabilities of `rows` matrices, in a run shared with others where that may be. One whose host process is
   * lost is made again on a new one, as often as `attempts` allows; then throws `HOST_LOST`. Throws `DEADLINE` (retry)
   * when `deadlineAt` (monotonic ms) passes while it waits, `MODEL_LOAD`, `MODEL_GOLDEN`, `MODEL_RUN`, `MODEL_OUTPUT`,
   * `MODEL_MEMORY`, `MEMORY_REFUSED`, and `HOST_STOPPED` (service) after `stop`.
   */
  run(matrices: Float32Array, rows: number, deadlineAt = Infinity): Promise<Float32Array> {
    if (this.#stopping.signal.aborted) return Promise.reject(this.#stopped());
    return this.#dispatch.ask(matrices, rows, deadlineAt);
  }

  /** What runs now. */
  running(): Serving["process"] | undefined {
    return this.#serving?.process;
  }

  state(): HostState {
    const quarantine = this.#serving === undefined ? this.#held() : undefined;
    const waiting = this.#dispatch.waiting;
    if (this.#serving !== undefined) return { state: "ready", quarantine, waiting };
    return { state: quarantine !== undefined ? "quarantined" : this.#starting !== undefined ? "loading" : "absent", quarantine, waiting };
  }

  change({ rank, pinned }: { readonly rank: Rank; readonly pinned: boolean }): void {
    // Whoever keeps the tenant, a queue for one, sees the change.
    Object.assign(this.#tenant, { rank, pinned });
    this.#options.memory.change(this.#tenant.key, { rank, pinned });
  }

  /** A model that is left alone after failures is tried again at once. */
  lift(): void {
    this.#quarantine.lift();
  }

  async stop(): Promise<void> {
    clearInterval(this.#idle);
    this.#stopping.abort(this.#stopped());
    this.#dispatch.fail(this.#stopped());
    await this.#starting?.catch(() => undefined);
    await this.#serving?.process.stop();
  }

  #start(): Promise<void> {
    if (this.#serving !== undefined) return Promise.resolve();
    const held = this.#quarantine.held();
    if (held !== undefined) return Promise.reject(held.error);
    return (this.#starting ??= this.#begin());
  }

  async #begin(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      await pause(this.#quarantine.pauseMs(), signal);
      this.#checkStopped();
      const from = performance.now();
      this.#serving = await startServing(this.#options, this.#tenant, signal);
      this.#loaded(this.#serving, performance.now() - from);
      if (signal.aborted) await this.#serving.process.stop();
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
      throw error;
    } finally {
      this.#starting = undefined;
      this.#dispatch.pump();
    }
  }

  #loaded({ process }: Serving, ms: number): void {
    const { memory, on } = this.#options;
    void process.ended.then((failure) => this.#ended(failure));
    this.#usedAt = performance.now();
    const waited = this.#dispatch.waiting > 0;
    // One that is loaded before anybody asks may be asked to leave; one that is waited for answers first.
    if (!waited) memory.served(this.#tenant.key);
    memory.change(this.#tenant.key, { busy: waited });
    on?.loaded?.(process, ms);
  }

  #failed(error: unknown): void {
    if (isFailure(error) && error.action === "retry") {
      this.#options.on?.lost?.(error.message);
      this.#quarantine.lost(error);
      this.#tellHeld();
      this.#dispatch.lose(error);
    } else {
      // Memory that cannot be had now may be had for the next request.
      if (!isFailure(error) || error.code !== "MEMORY_REFUSED") this.#hold(error);
      this.#dispatch.fail(error);
    }
  }

  #starved(why: string): boolean {
    const { memory, limitBytes } = this.#options;
    const failure = this.#serving?.process.memoryFailure(why);
    if (failure === undefined || memory.bytesOf(this.#tenant.key) >= limitBytes()) return false;
    this.#wants ??= failure;
    void this.#serving!.process.stop();
    return true;
  }

  #ended(cause: Failure): void {
    const failure = this.#wants ?? cause;
    this.#wants = undefined;
    const asked = this.#leaving || this.#stopping.signal.aborted;
    this.#serving = undefined;
    this.#leaving = false;
    const { memory, estimates, file, limitBytes } = this.#options;
    const granted = memory.bytesOf(this.#tenant.key);
    memory.drop(this.#tenant.key);
    if (!asked) {
      this.#options.on?.lost?.(failure.message);
      const starved = failure.code === "MODEL_MEMORY" && granted < limitBytes();
      if (starved) estimates.starved(file.sha256, granted);
      // Short of its limit it is not at fault: it grew faster than it was given more.
      if (failure.code === "MODEL_MEMORY" && !starved) this.#hold(failure);
      else {
        this.#quarantine.lost(failure);
        this.#tellHeld();
      }
    }
    this.#dispatch.pump();
  }

  #served(): void {
    this.#usedAt = performance.now();
    this.#quarantine.served();
    this.#options.memory.served(this.#tenant.key);
  }

  /** Ends the process after the runs it has in hand; who still waits is served by the next one. */
  #leave(): void {
    if (this.#serving === undefined || this.#leaving) return;
    this.#leaving = true;
    if (this.#dispatch.inHand === 0) void this.#serving.process.stop();
  }

  #leaveIfIdle(): void {
    const busy = this.#dispatch.inHand + this.#dispatch.waiting > 0;
    if (!this.#tenant.pinned && !busy && performance.now() - this.#usedAt > this.#options.idleMs) this.#leave();
  }

  #hold(error: unknown): void {
    this.#quarantine.failed(error);
    this.#tellHeld();
  }

  /** With the time as people read it; the wall clock may jump, which is no reason to wait longer. */
  #held(): HostState["quarantine"] {
    const held = this.#quarantine.held();
    return held && { ...held, until: Date.now() + held.until - performance.now() };
  }

  #tellHeld(): void {
    const held = this.#held();
    if (held !== undefined) this.#options.on?.quarantined?.(held.error, held.until);
  }

  #checkStopped(): void {
    if (this.#stopping.signal.aborted) throw this.#stopped();
  }

  #stopped(): Failure {
    return new Failure("service", "HOST_STOPPED", `model ${this.#options.name()} is no longer served here`);
  }
}
