/**
 * How far a lane has got in time. The inbox drops what is delivered twice; this drops what was said twice, under two
 * sequences of the log, by a stage that started anew after the bus had forgotten its ids.
 */
export interface Progress {
  /** True once for each newer time; what is not newer has been worked already. */
  passes(time: number): boolean;
  at(): number;
}

export function createProgress(from = -Infinity): Progress {
  let newest = from;
  return {
    passes(time) {
      if (time <= newest) return false;
      newest = time;
      return true;
    },
    at: () => newest,
  };
}
