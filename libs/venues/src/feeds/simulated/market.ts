import { timeframeMs, toNumber, type BarSpan, type Calendar, type Candle, type Instrument, type Timeframe } from "@tradewind/core";
import { assetNamed } from "./assets.ts";
import { drawFor } from "./draw.ts";
import { createPath, remembered, type Path } from "./path.ts";
import { agitation, swing } from "./regime.ts";

/** One instrument of the simulated market: its bars, each a function of seed, assets and time alone. */
export interface SimulatedInstrument {
  /**
   * The bar of a span of the calendar. Bars up to a minute are made of the path's seconds, so they agree to the byte;
   * up to an hour of its minutes, longer ones of its hours where they begin on one: those agree in opens and closes.
   */
  bar(timeframe: Timeframe, span: BarSpan): Candle;
}

/** How finely the path is looked at. */
interface Grain {
  readonly what: string;
  readonly blockMs: number;
  /** Steps of a block. */
  readonly steps: number;
  readonly blocksKept: number;
  /** Log prices at the edges of the steps. */
  readonly edges: (path: Path, block: number) => Float64Array;
}

/** The steps of a block, with what happened within each. */
interface Block {
  /** One more than there are steps. */
  readonly price: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly volume: Float64Array;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const HOURS = 24;

const bySeconds: Grain = { what: "second", blockMs: MINUTE_MS, steps: 60, blocksKept: 16, edges: (path, block) => path.seconds(block) };
const byMinutes: Grain = { what: "minute", blockMs: HOUR_MS, steps: 60, blocksKept: 64, edges: (path, block) => path.minutes(block) };
const byHours: Grain = { what: "hour", blockMs: DAY_MS, steps: HOURS, blocksKept: 64, edges: (path, block) => path.hours(block) };

/** The paths of one seed's assets, shared by the instruments on them. */
export type PathOf = (asset: string) => Path | undefined;

export function createPaths(seed: number): PathOf {
  const paths = new Map<string, Path | undefined>();
  return (name) => {
    if (!paths.has(name)) {
      const asset = assetNamed(name);
      paths.set(name, asset && createPath(seed, asset));
    }
    return paths.get(name);
  };
}

export function simulateInstrument(seed: number, pathOf: PathOf, instrument: Instrument): SimulatedInstrument {
  const { base, quote, assetClass } = instrument;
  const asset = assetNamed(base) ?? { name: base, price: 1, volatility: 0.0001, turnover: 1_000_000 };
  const path = pathOf(base) ?? createPath(seed, asset);
  const other = pathOf(quote);
  const round = rounder(toNumber(instrument.tick));
  const unit = assetClass === "stocks" || assetClass === "etf" ? 1 : 10_000;

  function makeBlock({ what, blockMs, steps, edges }: Grain, number: number): Block {
    const others = other && edges(other, number);
    const price = edges(path, number).map((log, i) => round(Math.exp(others === undefined ? log : log - others[i]!)));
    const block: Block = { price, high: new Float64Array(steps), low: new Float64Array(steps), volume: new Float64Array(steps) };
    const draw = drawFor(seed, `${what} bars ${base} ${quote}`, number);
    const minutes = blockMs / steps / MINUTE_MS;
    for (let i = 0; i < steps; i++) {
      const hour = Math.floor((number * blockMs + (i * blockMs) / steps) / HOUR_MS);
      const { regime } = path.mood(hour);
      const wick = asset.volatility * (0.4 * agitation[regime] * Math.sqrt(minutes) + (minutes > 1 ? 0.8 * swing[regime] : 0));
      const [open, close] = [price[i]!, price[i + 1]!];
      block.high[i] = round(Math.max(open, close) * (1 + wick * draw.next()));
      block.low[i] = round(Math.min(open, close) * (1 - wick * draw.next()));
      const move = Math.abs(close / open - 1) / Math.sqrt(minutes);
      const dollars = asset.turnover * minutes * agitation[regime] * (0.2 + 1.6 * draw.next() ** 2) * (1 + 200 * move);
      block.volume[i] = Math.round((dollars / dollarsAt(hour)) * unit) / unit;
    }
    return block;
  }

  /** Of one unit of the asset, as an hour begins. */
  const dollarsAt = (hour: number): number => Math.exp(path.hours(Math.floor(hour / HOURS))[((hour % HOURS) + HOURS) % HOURS]!);
  const blocks = new Map(
    [bySeconds, byMinutes, byHours].map((grain) => [grain, remembered(grain.blocksKept, (number) => makeBlock(grain, number))]),
  );

  function bar(timeframe: Timeframe, { openTime, closeTime }: BarSpan): Candle {
    const grain = grainOf(timeframe, openTime, closeTime);
    const { blockMs, steps } = grain;
    const blockAt = blocks.get(grain)!;
    const stepMs = blockMs / steps;
    let [open, close, high, low, volume] = [NaN, NaN, -Infinity, Infinity, 0];
    for (let time = openTime; time < closeTime; time += stepMs) {
      const number = Math.floor(time / blockMs);
      const block = blockAt(number);
      const step = Math.floor((time - number * blockMs) / stepMs);
      if (time === openTime) open = block.price[step]!;
      close = block.price[step + 1]!;
      if (block.high[step]! > high) high = block.high[step]!;
      if (block.low[step]! < low) low = block.low[step]!;
      volume += block.volume[step]!;
    }
    const { id } = instrument;
    return {
      instrument: id,
      timeframe,
      openTime,
      closeTime,
      open,
      high,
      low,
      close,
      volume,
      revision: 0,
      origin: "live",
      synthetic: false,
    };
  }

  return { bar };
}

function grainOf(timeframe: Timeframe, openTime: number, closeTime: number): Grain {
  const length = timeframeMs(timeframe);
  if (length <= MINUTE_MS) return bySeconds;
  return length > HOUR_MS && openTime % HOUR_MS === 0 && closeTime % HOUR_MS === 0 ? byHours : byMinutes;
}

/** Rounds prices to a tick, to the float that its decimal text reads as; never to nothing. */
function rounder(tick: number): (price: number) => number {
  const perUnit = Math.round(1 / tick);
  if (Math.abs(perUnit * tick - 1) < 1e-9) return (price) => Math.max(1, Math.round(price * perUnit)) / perUnit;
  return (price) => Math.max(1, Math.round(price / tick)) * tick;
}

/** The bars of a calendar that open at or after `from` and close by `to`. */
export function barsBetween(calendar: Calendar, timeframe: Timeframe, from: number, to: number): BarSpan[] {
  const spans: BarSpan[] = [];
  for (let span = calendar.nextBar(timeframe, from); span.closeTime <= to; span = calendar.nextBar(timeframe, span.closeTime))
    spans.push(span);
  return spans;
}
