import { Failure, isFailure } from "@tradewind/core";
import { createQueue, type Asked } from "./queue.ts";
import type { Serving, ServingOptions } from "./start-serving.ts";

/** How requests share runs. */
export interface Batching {
  /** Runs of one request at most, when its host process is lost. */
  readonly attempts: number;
  /** Longest a matrix waits for others to share its run. */
  readonly waitMs: number;
  /** Who may be asking at the same time: with all of them waiting, nobody is waited for. */
  readonly callers: () => number;
}

export interface DispatchOptions extends Batching, Pick<ServingOptions, "file" | "name" | "maxRows"> {
  readonly on?: { readonly batch?: (rows: number) => void };
  /** What can be asked now. */
  readonly serving: () => Serving | undefined;
  /** Somebody waits and nothing serves. */
  readonly wanted: () => void;
  /** Why nothing will serve for now. */
  readonly held: () => unknown;
  /** The last run in hand has ended. */
  readonly idle: () => void;
  readonly busy: (busy: boolean) => void;
  readonly served: () => void;
  /** A run has failed in these words: whether that was for want of memory, and a process with more will be there. */
  readonly starved: (why: string) => boolean;
}

/** Runs under way at once: while one is computed the next is on its way. Batches of one go one by one. */
const IN_HAND_MOST = 2;
const MEAN_SHARE = 0.1;
/** What a run is taken to take before one was made. */
const FIRST_RUN_MS = 20;

/** Hands who waits for a model to its process, in batches. */
export class Dispatch {
  readonly #options: DispatchOptions;
  readonly #queue = createQueue();
  /** Buffers of batches, used again. */
  readonly #spare: Float32Array[] = [];
  #inHand = 0;
  #wasBusy = false;
  #runMs = FIRST_RUN_MS;
  #timer: NodeJS.Timeout | undefined;
  #armedAt = Infinity;

  constructor(options: DispatchOptions) {
    this.#options = options;
  }

  /** Who waits. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Runs under way. */
  get inHand(): number {
    return this.#inHand;
  }

  async ask(matrices: Float32Array, rows: number, deadlineAt: number): Promise<Float32Array> {
    const { maxRows, file } = this.#options;
    if (rows <= maxRows) return this.#askOne(matrices, rows, deadlineAt);
    const { rowSize } = file.signature;
    const parts = Array.from({ length: Math.ceil(rows / maxRows) }, (_, i) => {
      const own = Math.min(maxRows, rows - i * maxRows);
      const from = i * maxRows * rowSize;
      return this.#askOne(matrices.subarray(from, from + own * rowSize), own, deadlineAt);
    });
    return Float32Array.from((await Promise.all(parts)).flatMap((part) => [...part]));
  }

  /** Looks again: something has changed. */
  pump(): void {
    const now = performance.now();
    this.#rejectLate(now);
    const serving = this.#options.serving();
    const held = serving === undefined ? this.#options.held() : undefined;
    if (held !== undefined) this.fail(held);
    if (serving !== undefined) this.#hand(serving, now);
    else if (this.#queue.length === 0) this.#arm(Infinity, now);
    else {
      this.#arm(this.#queue.nearestDeadline(), now);
      this.#options.wanted();
    }
    this.#tellBusy();
  }

  /** A process was lost before it served anybody. */
  lose(error: unknown): void {
    this.#loseAll(this.#queue.all(), error);
  }

  /** Everybody who waits is told this. */
  fail(error: unknown): void {
    for (const { reject } of this.#queue.all()) reject(error);
    this.#arm(Infinity, 0);
    this.#tellBusy();
  }

  #askOne(matrices: Float32Array, rows: number, deadlineAt: number): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ matrices, rows, deadlineAt, askedAt: performance.now(), lost: 0, resolve, reject });
      this.pump();
    });
  }

  /** Makes the runs that are due, and wakes up for the next one. */
  #hand(serving: Serving, now: number): void {
    const { callers, maxRows, waitMs } = this.#options;
    const most = maxRows === 1 ? 1 : IN_HAND_MOST;
    const dueAt = (): number => this.#queue.dueAt({ maxRows: serving.maxRows, waitMs }, callers(), this.#runMs);
    while (this.#inHand < most && dueAt() <= now) void this.#run(this.#queue.take(serving.maxRows), serving);
    const deadline = this.#queue.nearestDeadline();
    this.#arm(this.#inHand < most ? Math.min(dueAt(), deadline) : deadline, now);
  }

  async #run(batch: readonly Asked[], serving: Serving): Promise<void> {
    this.#inHand += 1;
    try {
      await this.#answer(batch, serving);
    } catch (error) {
      if (isFailure(error) && (error.action === "retry" || error.code === "MODEL_MEMORY")) this.#loseAll(batch, error);
      else if (isFailure(error) && error.code === "MODEL_RUN" && this.#options.starved(error.message)) this.#loseAll(batch, error);
      // One bad matrix is not the others' fault.
      else if (batch.length > 1) for (const one of batch) await this.#answer([one], serving).catch(one.reject);
      else batch[0]!.reject(error);
    } finally {
      this.#inHand -= 1;
      if (this.#inHand === 0) this.#options.idle();
      this.pump();
    }
  }

  async #answer(batch: readonly Asked[], serving: Serving): Promise<void> {
    const { file, on, served } = this.#options;
    const classes = file.signature.labels.length;
    const rows = batch.reduce((sum, one) => sum + one.rows, 0);
    const { matrices, buffer } = this.#joined(batch, rows);
    const from = performance.now();
    try {
      const all = await this.#outputs(matrices, rows, serving);
      this.#runMs += (performance.now() - from - this.#runMs) * MEAN_SHARE;
      on?.batch?.(rows);
      served();
      let row = 0;
      for (const one of batch) one.resolve(all.subarray(row * classes, (row += one.rows) * classes));
    } finally {
      if (buffer !== undefined) this.#spare.push(buffer);
    }
  }

  /** More rows than the file takes at once go in parts. */
  async #outputs(matrices: Float32Array, rows: number, { process, maxRows }: Serving): Promise<Float32Array> {
    if (rows <= maxRows) return process.run(matrices, rows);
    const { rowSize, labels } = this.#options.file.signature;
    const all = new Float32Array(rows * labels.length);
    for (let from = 0; from < rows; from += maxRows) {
      const to = Math.min(from + maxRows, rows);
      all.set(await process.run(matrices.subarray(from * rowSize, to * rowSize), to - from), from * labels.length);
    }
    return all;
  }

  /** The matrices of a batch one after the other. */
  #joined(batch: readonly Asked[], rows: number): { matrices: Float32Array; buffer?: Float32Array } {
    if (batch.length === 1) return { matrices: batch[0]!.matrices };
    const { maxRows, file } = this.#options;
    const buffer = this.#spare.pop() ?? new Float32Array(maxRows * file.signature.rowSize);
    let at = 0;
    for (const { matrices } of batch) {
      buffer.set(matrices, at);
      at += matrices.length;
    }
    return { matrices: buffer.subarray(0, rows * file.signature.rowSize), buffer };
  }

  #loseAll(batch: readonly Asked[], error: unknown): void {
    const { attempts } = this.#options;
    for (const one of batch) one.lost += 1;
    for (const one of batch) if (one.lost >= attempts) one.reject(error);
    this.#queue.again(batch.filter(({ lost }) => lost < attempts));
  }

  #rejectLate(now: number): void {
    const { name, serving } = this.#options;
    const why = serving() === undefined ? "its model was not loaded" : "its model was busy";
    for (const { reject } of this.#queue.late(now))
      reject(new Failure("retry", "DEADLINE", `no answer of model ${name()} by the deadline: ${why}`));
  }

  #tellBusy(): void {
    const busy = this.#inHand + this.#queue.length > 0;
    if (busy !== this.#wasBusy) this.#options.busy((this.#wasBusy = busy));
  }

  /** Wakes up at a time; most requests change nothing about when. */
  #arm(at: number, now: number): void {
    if (at === this.#armedAt) return;
    clearTimeout(this.#timer);
    this.#armedAt = at;
    if (at === Infinity) return;
    const wake = (): void => {
      this.#armedAt = Infinity;
      this.pump();
    };
    this.#timer = setTimeout(wake, Math.max(0, Math.ceil(at - now)));
  }
}
