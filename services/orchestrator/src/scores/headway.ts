/**
 * Lets neither closes nor words run ahead of the other by more than so many: what lies before the window when its
 * counterpart comes is lost. Only one of them can be ahead, so they never wait for each other.
 */
export interface Headway {
  closed(closeTime: number): void;
  said(closeTime: number): void;
  /** Pending while closes should wait for words. */
  readonly roomForClose: () => Promise<void> | undefined;
  /** Pending while words should wait for closes. */
  readonly roomForWord: () => Promise<void> | undefined;
}

const AHEAD_MOST = 128;

export function createHeadway(): Headway {
  const closes = createAhead();
  const words = createAhead();
  return {
    closed(closeTime) {
      closes.add(closeTime, words.newest());
      words.caughtUp(closeTime);
    },
    said(closeTime) {
      words.add(closeTime, closes.newest());
      closes.caughtUp(closeTime);
    },
    roomForClose: closes.room,
    roomForWord: words.room,
  };
}

/** The times of one side that are newer than anything of the other. */
function createAhead() {
  const ahead = new Set<number>();
  let newest = -Infinity;
  let wake: PromiseWithResolvers<void> | undefined;
  return {
    newest: (): number => newest,
    add(time: number, others: number): void {
      newest = Math.max(newest, time);
      if (time > others) ahead.add(time);
    },
    caughtUp(others: number): void {
      for (const time of ahead) if (time <= others) ahead.delete(time);
      if (ahead.size >= AHEAD_MOST) return;
      wake?.resolve();
      wake = undefined;
    },
    room(): Promise<void> | undefined {
      if (ahead.size < AHEAD_MOST) return undefined;
      wake ??= Promise.withResolvers();
      return wake.promise;
    },
  };
}
