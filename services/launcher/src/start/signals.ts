/** Presses that come within so long are one: a terminal tells every process of a command, and some tell each other. */
const SAME_PRESS_MS = 400;
const PARENT_BEAT_MS = 1_000;

export interface EndRequest {
  /** Resolves at the first request to end, with what it was. */
  readonly asked: Promise<string>;
  stop(): void;
}

/**
 * Ends of a long-running command: the first Ctrl-C (or SIGTERM, SIGHUP, the death of the program that started it)
 * resolves `asked`; a second one calls `atOnce`.
 */
export function endRequests(env: Readonly<Record<string, string | undefined>>, atOnce: () => void): EndRequest {
  const first = Promise.withResolvers<string>();
  let firstAt: number | undefined;
  const press = (what: string): void => {
    const now = performance.now();
    if (firstAt === undefined) {
      firstAt = now;
      first.resolve(what);
    } else if (now - firstAt > SAME_PRESS_MS) atOnce();
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, press);
  const parent = Number(env["TRADEWIND_PARENT"]);
  // The program at the root starts this one; killed without a word, it cannot pass signals on any more.
  const look = (): void => {
    if (process.ppid === parent) return;
    clearInterval(beat);
    first.resolve("parent gone");
  };
  const beat = parent > 0 ? setInterval(look, PARENT_BEAT_MS) : undefined;
  beat?.unref();
  return {
    asked: first.promise,
    stop() {
      clearInterval(beat);
      for (const signal of signals) process.off(signal, press);
    },
  };
}
