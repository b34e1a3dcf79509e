/** What keeps a model that fails from being started again and again. */
export interface Quarantine {
  /** The file is at fault, or its memory: the next try comes later each time. */
  failed(error: unknown): void;
  /** A process ended unasked. The first few are replaced, each later than the one before; then the model is left alone. */
  lost(error: unknown): void;
  /** It has answered. */
  served(): void;
  /** Why it is left alone, and until when, by `now`; undefined when it may be tried. */
  held(): { readonly error: unknown; readonly until: number } | undefined;
  /** Ms before the next start may be made. */
  pauseMs(): number;
  /** Its record has changed: it is tried at once. */
  lift(): void;
}

export interface QuarantineOptions {
  /** Ms of a clock that does not jump. */
  readonly now: () => number;
  /** Processes that may end without an answer in between. */
  readonly lossesMost: number;
  /** First time of being left alone; doubles. Infinity: until its record changes. */
  readonly firstMs: number;
}

/** The first restart is made at once; each further one without a run in between waits twice as long. */
const RESTART_FIRST_MS = 100;
const RESTART_MOST_MS = 10_000;
const LONGEST_MS = 600_000;
/** Answers after which former losses are forgotten. */
const SOUND_RUNS = 20;

export function createQuarantine({ now, lossesMost, firstMs }: QuarantineOptions): Quarantine {
  let losses = 0;
  let runs = 0;
  let times = 0;
  let held: { readonly error: unknown; readonly until: number } | undefined;

  function hold(error: unknown): void {
    const ms = Math.min(firstMs * 2 ** times, firstMs === Infinity ? Infinity : LONGEST_MS);
    times += 1;
    held = { error, until: now() + ms };
  }

  return {
    failed: hold,
    lost(error) {
      losses += 1;
      runs = 0;
      if (losses < lossesMost) return;
      losses = 0;
      hold(error);
    },
    served() {
      if (losses === 0 && times === 0) return;
      if (++runs < SOUND_RUNS) return;
      losses = times = 0;
    },
    held: () => (held !== undefined && held.until > now() ? held : undefined),
    pauseMs: () => (losses < 2 ? 0 : Math.min(RESTART_FIRST_MS * 2 ** (losses - 2), RESTART_MOST_MS)),
    lift() {
      held = undefined;
      losses = times = 0;
    },
  };
}
