import { Failure, isFailure } from "@tradewind/core";
import type { ModelHostOptions } from "./model-host.ts";
import { createQueue, type Asked } from "./queue.ts";
import type { Serving } from "./start-serving.ts";

/** Hands who waits for a model to its process, in batches. */
export interface Dispatch {
  ask(matrices: Float32Array, rows: number, deadlineAt: number): Promise<Float32Array>;
  /** Looks again: something has changed. */
  pump(): void;
  /** A process was lost before it served anybody. */
  lose(error: unknown): void;
  /** Everybody who waits is told this. */
  fail(error: unknown): void;
  waiting(): number;
  /** Runs under way. */
  inHand(): number;
}

export interface DispatchOptions extends Pick<ModelHostOptions, "file" | "name" | "attempts" | "waitMs" | "callers" | "maxRows" | "on"> {
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
}

/** Runs under way at once: while one is computed the next is on its way. Batches of one go one by one. */
const IN_HAND_MOST = 2;
const MEAN_SHARE = 0.1;
/** What a run is taken to take before one was made. */
const FIRST_RUN_MS = 20;

export function createDispatch(options: DispatchOptions): Dispatch {
  const { file, name, attempts, waitMs, callers, on } = options;
  const queue = createQueue();
  const { rowSize, labels } = file.signature;
  const spare: Float32Array[] = [];
  let inHand = 0;
  let wasBusy = false;
  let runMs = FIRST_RUN_MS;
  let timer: NodeJS.Timeout | undefined;

  function tellBusy(): void {
    const busy = inHand + queue.length > 0;
    if (busy !== wasBusy) options.busy((wasBusy = busy));
  }

  /** The matrices of a batch one after the other; a buffer of several is used again. */
  function joined(batch: readonly Asked[], rows: number): { matrices: Float32Array; buffer?: Float32Array } {
    if (batch.length === 1) return { matrices: batch[0]!.matrices };
    const buffer = spare.pop() ?? new Float32Array(options.maxRows * rowSize);
    let at = 0;
    for (const { matrices } of batch) {
      buffer.set(matrices, at);
      at += matrices.length;
    }
    return { matrices: buffer.subarray(0, rows * rowSize), buffer };
  }

  async function run(batch: readonly Asked[], { process }: Serving): Promise<void> {
    const rows = batch.reduce((sum, one) => sum + one.rows, 0);
    const { matrices, buffer } = joined(batch, rows);
    const from = performance.now();
    try {
      const all = await process.run(matrices, rows);
      runMs += (performance.now() - from - runMs) * MEAN_SHARE;
      on?.batch?.(rows);
      options.served();
      let row = 0;
      for (const one of batch) one.resolve(all.subarray(row * labels.length, (row += one.rows) * labels.length));
    } finally {
      if (buffer !== undefined) spare.push(buffer);
    }
  }

  async function dispatch(batch: readonly Asked[], serving: Serving): Promise<void> {
    inHand += 1;
    try {
      await run(batch, serving);
    } catch (error) {
      if (isFailure(error) && (error.action === "retry" || error.code === "MODEL_MEMORY")) loseAll(batch, error);
      // One bad matrix is not the others' fault.
      else if (batch.length > 1) for (const one of batch) await run([one], serving).catch(one.reject);
      else batch[0]!.reject(error);
    } finally {
      inHand -= 1;
      if (inHand === 0) options.idle();
      pump();
    }
  }

  function loseAll(batch: readonly Asked[], error: unknown): void {
    for (const one of batch) one.lost += 1;
    for (const one of batch) if (one.lost >= attempts) one.reject(error);
    queue.again(batch.filter(({ lost }) => lost < attempts));
  }

  function rejectLate(now: number): void {
    const why = options.serving() === undefined ? "its model was not loaded" : "its model was busy";
    for (const { reject } of queue.late(now))
      reject(new Failure("retry", "DEADLINE", `no answer of model ${name} by the deadline: ${why}`));
  }

  function pump(): void {
    clearTimeout(timer);
    const now = performance.now();
    rejectLate(now);
    const serving = options.serving();
    const most = options.maxRows === 1 ? 1 : IN_HAND_MOST;
    const held = serving === undefined ? options.held() : undefined;
    if (held !== undefined) fail(held);
    if (serving !== undefined) {
      const rules = { maxRows: serving.maxRows, waitMs };
      while (inHand < most && queue.dueAt(rules, callers(), runMs) <= now) void dispatch(queue.take(serving.maxRows), serving);
      if (inHand < most) arm(Math.min(queue.dueAt(rules, callers(), runMs), queue.nearestDeadline()), now);
      else arm(queue.nearestDeadline(), now);
    } else if (queue.length > 0) {
      arm(queue.nearestDeadline(), now);
      options.wanted();
    }
    tellBusy();
  }

  function arm(at: number, now: number): void {
    if (at !== Infinity) timer = setTimeout(pump, Math.max(0, Math.ceil(at - now)));
  }

  function fail(error: unknown): void {
    for (const { reject } of queue.all()) reject(error);
    tellBusy();
  }

  function askOne(matrices: Float32Array, rows: number, deadlineAt: number): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      queue.push({ matrices, rows, deadlineAt, askedAt: performance.now(), lost: 0, resolve, reject });
      pump();
    });
  }

  return {
    async ask(matrices, rows, deadlineAt) {
      if (rows <= options.maxRows) return askOne(matrices, rows, deadlineAt);
      const parts = Array.from({ length: Math.ceil(rows / options.maxRows) }, (_, i) => {
        const own = Math.min(options.maxRows, rows - i * options.maxRows);
        const from = i * options.maxRows * rowSize;
        return askOne(matrices.subarray(from, from + own * rowSize), own, deadlineAt);
      });
      return Float32Array.from((await Promise.all(parts)).flatMap((part) => [...part]));
    },
    pump,
    lose(error) {
      loseAll(queue.all(), error);
    },
    fail,
    waiting: () => queue.length,
    inHand: () => inHand,
  };
}
