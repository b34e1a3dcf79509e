import type { Asset } from "./assets.ts";
import { drawFor } from "./draw.ts";
import { agitation, moodOf, swing, type Mood } from "./regime.ts";

/**
 * The logarithm of an asset's price as a function of seed and time alone. Days wander around a level; the way between
 * two days is made of hours, each with its mood, that of hours of minutes and that of minutes of seconds, each finer
 * way between the fixed ends of the coarser one. So any second can be had without those before it.
 */
export interface Path {
  /** Log prices at the 25 edges of the hours of a day (since the epoch); do not change. */
  hours(day: number): Float64Array;
  /** Log prices at the 61 edges of the minutes of an hour (since the epoch); do not change. */
  minutes(hour: number): Float64Array;
  /** Log prices at the 61 edges of the seconds of a minute (since the epoch); do not change. */
  seconds(minute: number): Float64Array;
  mood(hour: number): Mood;
}

const HOURS = 24;
const STEPS = 60;
/** What is left of a distance from the level after a day, and the days that are looked back for it. */
const PERSISTENCE = 0.95;
const MEMORY_DAYS = 60;
/** What an hour shares with the whole market. */
const COMMON = 0.6;
const OWN = Math.sqrt(1 - COMMON ** 2);
/** What keeps crashes from pulling the level down: half their mean size, once a day. */
const RECOVERY_PER_HOUR = 1.6 / HOURS;

/** Keeps the newest values of a function of a whole number. */
export function remembered<T>(most: number, make: (key: number) => T): (key: number) => T {
  const kept = new Map<number, T>();
  return (key) => {
    const found = kept.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    kept.set(key, made);
    if (kept.size > most) kept.delete(kept.keys().next().value!);
    return made;
  };
}

export function createPath(seed: number, asset: Asset): Path {
  const hourly = asset.volatility * Math.sqrt(STEPS);
  const mood = remembered(2_048, (hour) => moodOf(seed, asset.name, hour));

  /** What an hour would move the price by, before days are bound to the level. */
  function urge(hour: number): number {
    const { regime, direction } = mood(hour);
    const draw = drawFor(seed, `hour ${asset.name}`, hour);
    const noise = COMMON * drawFor(seed, "hour", hour).normal() + OWN * draw.normal();
    const moved = {
      trend: direction * (1 + draw.next()) + 0.3 * noise,
      range: 0.3 * noise,
      quiet: 0.25 * noise,
      crash: -2.5 - 1.5 * draw.next(),
    };
    return hourly * (moved[regime] + RECOVERY_PER_HOUR);
  }

  const urges = remembered(2_048, (day) => Float64Array.from({ length: HOURS }, (_, i) => urge(day * HOURS + i)));
  const urgeOfDay = remembered(4_096, (day) => urges(day).reduce((sum, one) => sum + one, 0));
  const levelOfDay = remembered(2_048, (day) => {
    let level = 0;
    for (let back = MEMORY_DAYS; back >= 1; back--) level = level * PERSISTENCE + urgeOfDay(day - back);
    return Math.log(asset.price) + level;
  });
  const hours = remembered(512, (day) => walkBetween(levelOfDay(day), levelOfDay(day + 1), urges(day)));

  const minutes = remembered(256, (hour) => {
    const day = Math.floor(hour / HOURS);
    const edges = hours(day);
    const at = hour - day * HOURS;
    const draw = drawFor(seed, `minutes ${asset.name}`, hour);
    const { regime } = mood(hour);
    const wave = asset.volatility * swing[regime] * (0.8 + 0.4 * draw.next());
    const turns = 2 + draw.below(2);
    const crashAt = 0.15 + 0.4 * draw.next();
    const noise = asset.volatility * agitation[regime];
    const steps = Float64Array.from({ length: STEPS }, (_, i) => {
      const turn = wave * (Math.sin((2 * Math.PI * turns * (i + 1)) / STEPS) - Math.sin((2 * Math.PI * turns * i) / STEPS));
      return turn + noise * draw.normal();
    });
    return walkBetween(edges[at]!, edges[at + 1]!, steps, regime === "crash" ? crashShape(crashAt) : undefined);
  });

  const seconds = remembered(32, (minute) => {
    const hour = Math.floor(minute / STEPS);
    const edges = minutes(hour);
    const at = minute - hour * STEPS;
    const draw = drawFor(seed, `seconds ${asset.name}`, minute);
    const noise = (asset.volatility * agitation[mood(hour).regime]) / Math.sqrt(STEPS);
    return walkBetween(
      edges[at]!,
      edges[at + 1]!,
      Float64Array.from({ length: STEPS }, () => noise * draw.normal()),
    );
  });

  return { hours, minutes, seconds, mood };
}

/** The edges of a walk by `steps` that is bent so as to go from one end to the other, evenly or along `shape`. */
function walkBetween(from: number, to: number, steps: Float64Array, shape: (share: number) => number = (share) => share): Float64Array {
  const { length } = steps;
  const edges = new Float64Array(length + 1);
  const walked = steps.reduce((sum, step) => sum + step, 0);
  let sum = 0;
  edges[0] = from;
  for (let i = 1; i < length; i++) {
    sum += steps[i - 1]!;
    const share = i / length;
    edges[i] = from + sum - walked * share + (to - from) * shape(share);
  }
  edges[length] = to;
  return edges;
}

/** A fall within ten minutes, beyond where the hour ends, and a slow way back. */
function crashShape(start: number): (share: number) => number {
  const end = start + 1 / 6;
  const deepest = 1.4;
  return (share) => {
    if (share <= start) return 0;
    if (share <= end) return deepest * (0.5 - 0.5 * Math.cos((Math.PI * (share - start)) / (end - start)));
    return deepest + ((1 - deepest) * (share - end)) / (1 - end);
  };
}
