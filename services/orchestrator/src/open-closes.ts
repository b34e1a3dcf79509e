/** The closes whose candle is there and whose decision is not, oldest first, and what is decided already. */
export interface OpenCloses {
  /** Everything up to this close is decided. */
  readonly decidedUntil: number;
  has(closeTime: number): boolean;
  times(): Iterable<number>;
  /** Id of the candle of an open close. */
  causeOf(closeTime: number): string;
  add(closeTime: number, cause: string): void;
  decided(closeTime: number): void;
  /** Pending while so many closes are open that candles should wait for words. */
  room(): Promise<void> | undefined;
  snapshot(): SavedCloses;
}

/** What a checkpoint keeps of them. */
export interface SavedCloses {
  readonly decidedUntil: number;
  /** Ids of candles by close time. */
  readonly causes: ReadonlyMap<number, string>;
}

/** Candles run ahead of words by so many closes: what is open is in memory and in every checkpoint. */
const OPEN_MOST = 256;

export function createOpenCloses(saved: SavedCloses | undefined): OpenCloses {
  const causes = new Map(saved?.causes);
  let decidedUntil = saved?.decidedUntil ?? -Infinity;
  let wake: PromiseWithResolvers<void> | undefined;
  return {
    get decidedUntil() {
      return decidedUntil;
    },
    has: (closeTime) => causes.has(closeTime),
    times: () => causes.keys(),
    causeOf: (closeTime) => causes.get(closeTime)!,
    add: (closeTime, cause) => void causes.set(closeTime, cause),
    decided(closeTime) {
      decidedUntil = Math.max(decidedUntil, closeTime);
      for (const time of causes.keys()) {
        if (time > decidedUntil) break;
        causes.delete(time);
      }
      if (causes.size > OPEN_MOST / 2) return;
      wake?.resolve();
      wake = undefined;
    },
    room() {
      if (causes.size < OPEN_MOST) return undefined;
      wake ??= Promise.withResolvers();
      return wake.promise;
    },
    snapshot: () => ({ decidedUntil, causes: new Map(causes) }),
  };
}
