/** The timeframes the platform takes, finest first, with their nominal length in milliseconds. */
export const timeframes = {
  "1s": 1_000,
  "1m": 60_000,
  "5m": 300_000,
  "15m": 900_000,
  "1h": 3_600_000,
  "4h": 14_400_000,
  "1d": 86_400_000,
} as const;

export type Timeframe = keyof typeof timeframes;

/** Every timeframe, finest first. */
export const timeframeNames = Object.keys(timeframes) as readonly Timeframe[];

/** Nominal length in ms; the real one of a session bar comes from its calendar. */
export function timeframeMs(timeframe: Timeframe): number {
  return timeframes[timeframe];
}

export function isTimeframe(text: string): text is Timeframe {
  return Object.hasOwn(timeframes, text);
}
