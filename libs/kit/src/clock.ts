import type { Bus } from "@tradewind/bus";
import type { ClockSetting } from "@tradewind/contracts";

/** Time of the market that is traded. Beside a real venue it is the wall's; a simulated market may run faster, or stand still. */
export interface MarketClock {
  /** Market time, ms; goes back only when the market is set anew. */
  now(): number;
  /** Calls `ring` once, at or soon after market time `at`. */
  at(at: number, ring: () => void): { stop(): void };
  /** Market ms per wall ms. */
  speed(): number;
}

const SETTING_KEY = "clock";
/** A longer wait is taken in parts: timers take 31 bits, and the market's speed may change meanwhile. */
const WAIT_MAX_MS = 60_000;
/** Farther from 1970 there are no dates. */
const LATEST_MS = 8.64e15;

/**
 * Follows the setting in bucket `run`; without one, market time is wall time. A setting that is none changes nothing;
 * `onProblem` gets the line about it.
 */
export async function openMarketClock(
  bus: Bus,
  wallNow: () => number = Date.now,
  onProblem: (line: string) => void = () => undefined,
): Promise<MarketClock & { setting(): ClockSetting; stop(): void }> {
  let setting: ClockSetting = { wallMs: 0, marketMs: 0, speed: 1 };
  let newest = -Infinity;
  const waiting = new Set<() => void>();
  const watch = await bus.kv("run").watch(({ key, value }) => {
    if (key !== SETTING_KEY || value === undefined) return;
    const next = readClockSetting(value);
    if (next === undefined) return onProblem(`the market's clock cannot be set to ${value.slice(0, 80)}; it goes on as before`);
    setting = next;
    newest = -Infinity;
    for (const again of [...waiting]) again();
  });
  const now = (): number => {
    newest = Math.max(newest, setting.marketMs + (wallNow() - setting.wallMs) * setting.speed);
    return newest;
  };
  return {
    now,
    setting: () => setting,
    speed: () => setting.speed,
    at(at, ring) {
      let timer: NodeJS.Timeout | undefined;
      const arm = (): void => {
        clearTimeout(timer);
        const left = at - now();
        if (left <= 0) {
          waiting.delete(arm);
          timer = setTimeout(ring, 0);
        } else timer = setTimeout(arm, Math.min(WAIT_MAX_MS, setting.speed > 0 ? Math.ceil(left / setting.speed) : WAIT_MAX_MS));
      };
      const stop = (): void => {
        waiting.delete(arm);
        clearTimeout(timer);
      };
      waiting.add(arm);
      arm();
      return { stop };
    },
    stop: () => watch.stop(),
  };
}

/** The setting in a text; undefined when it is none. */
export function readClockSetting(text: string): ClockSetting | undefined {
  try {
    const { wallMs, marketMs, speed } = JSON.parse(text) as Partial<Record<keyof ClockSetting, unknown>>;
    if (typeof wallMs !== "number" || typeof marketMs !== "number" || typeof speed !== "number") return undefined;
    const whole = Number.isFinite(wallMs) && Number.isFinite(speed) && Math.abs(marketMs) <= LATEST_MS;
    return whole && speed >= 0 ? { wallMs, marketMs, speed } : undefined;
  } catch {
    return undefined;
  }
}

/** Sets the market's time: the feed of a simulated market does. */
export async function setMarketClock(bus: Bus, setting: ClockSetting): Promise<void> {
  await bus.kv("run").put(SETTING_KEY, JSON.stringify(setting));
}
