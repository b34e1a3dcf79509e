export interface EventuallyOptions {
  readonly timeoutMs?: number;
  /** What was waited for, for the error. */
  readonly message?: string;
}

const TIMEOUT_MS = 10_000;
const FIRST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 50;

/**
 * Calls `check` until it neither throws nor gives false, null or undefined, and gives its value: a check made of
 * expectations returns true after them. For conditions of other processes; the last error is told when the time is over.
 */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = TIMEOUT_MS, message }: EventuallyOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    let reason: unknown;
    try {
      const value = await check();
      if (value !== false && value !== undefined && value !== null) return value as Exclude<T, false | null | undefined>;
      reason = `got ${String(value)}`;
    } catch (error) {
      reason = error;
    }
    if (performance.now() >= deadline) {
      const what = message ?? "the condition did not come true";
      throw new Error(`${what} within ${timeoutMs} ms: ${reason instanceof Error ? reason.message : String(reason)}`, { cause: reason });
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
}
