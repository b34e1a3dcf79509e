/** Matrices that wait for a run. */
export interface Asked {
  readonly matrices: Float32Array;
  readonly rows: number;
  /** Monotonic ms; Infinity without a deadline. */
  readonly deadlineAt: number;
  readonly askedAt: number;
  /** Runs made of it whose host was lost. */
  lost: number;
  readonly resolve: (probabilities: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

export interface BatchRules {
  /** Most matrices in one run. */
  readonly maxRows: number;
  /** Longest a matrix waits for others. */
  readonly waitMs: number;
}

/** Who waits for one model, in the order of asking. Knows no timer: `dueAt` says when `take` is to be called. */
export interface AskedQueue {
  push(asked: Asked): void;
  /** In front of the others: those whose run was lost. */
  again(asked: readonly Asked[]): void;
  /**
   * When the next run is to be made, at the latest: at once when it is full or when `others` more cannot come, and early
   * enough that the run, which takes about `runMs`, ends by the nearest deadline. Infinity when nobody waits.
   */
  dueAt(rules: BatchRules, callers: number, runMs: number): number;
  take(maxRows: number): Asked[];
  /** Takes out those whose deadline has passed. */
  late(now: number): Asked[];
  nearestDeadline(): number;
  all(): Asked[];
  readonly length: number;
}

/** Of timers, and of the road to the process and back. */
const SLACK_MS = 5;

export function createQueue(): AskedQueue {
  let waiting: Asked[] = [];
  // Kept up: they are looked at with each request.
  let rows = 0;
  let nearest = Infinity;

  function become(next: Asked[]): void {
    waiting = next;
    rows = next.reduce((sum, one) => sum + one.rows, 0);
    nearest = next.reduce((least, { deadlineAt }) => Math.min(least, deadlineAt), Infinity);
  }

  return {
    push(asked) {
      waiting.push(asked);
      rows += asked.rows;
      nearest = Math.min(nearest, asked.deadlineAt);
    },
    again: (asked) => become([...asked, ...waiting]),
    dueAt({ maxRows, waitMs }, callers, runMs) {
      const first = waiting[0];
      if (first === undefined) return Infinity;
      if (rows >= maxRows || waiting.length >= callers) return -Infinity;
      return Math.min(first.askedAt + waitMs, nearest - 2 * runMs - SLACK_MS);
    },
    take(maxRows) {
      let taken = 0;
      let count = 0;
      // One that is larger than a batch goes alone.
      while (count < waiting.length && (count === 0 || taken + waiting[count]!.rows <= maxRows)) taken += waiting[count++]!.rows;
      const batch = waiting.slice(0, count);
      become(waiting.slice(count));
      return batch;
    },
    late(now) {
      if (nearest > now) return [];
      const late = waiting.filter(({ deadlineAt }) => deadlineAt <= now);
      become(waiting.filter(({ deadlineAt }) => deadlineAt > now));
      return late;
    },
    nearestDeadline: () => nearest,
    all() {
      const all = waiting;
      become([]);
      return all;
    },
    get length() {
      return waiting.length;
    },
  };
}
