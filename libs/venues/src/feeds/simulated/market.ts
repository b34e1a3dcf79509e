import { timeframeMs, toNumber, type BarSpan, type Calendar, type Candle, type Instrument, type Timeframe } from "@tradewind/core";
import { assetNamed } from "./assets.ts";
import { drawFor } from "./draw.ts";
import { createPath, remembered, type Path } from "./path.ts";
import { agitation } from "./regime.ts";

/** One instrument of the simulated market: its bars, each a function of seed, assets and time alone. */
export interface SimulatedInstrument {
  /** The bar of a span of the calendar. Seconds and minutes agree to the byte; coarser bars have the minutes' prices. */
  bar(timeframe: Timeframe, span: BarSpan): Candle;
}

/** Sixty steps of prices with what happened within each. */
interface Block {
  /** The 61 edges. */
  readonly price: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly volume: Float64Array;
}

const STEPS = 60;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

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

  /** Prices at the edges: of the asset, or of it in the quote where that one moves too. */
  function prices(own: Float64Array, others: Float64Array | undefined): Float64Array {
    return own.map((log, i) => round(Math.exp(others === undefined ? log : log - others[i]!)));
  }

  function blockOf(what: string, number: number, minutesPerStep: number, price: Float64Array, hour: number): Block {
    const draw = drawFor(seed, `${what} ${base} ${quote}`, number);
    const lively = agitation[path.mood(hour).regime];
    const wick = asset.volatility * lively * Math.sqrt(minutesPerStep) * 0.4;
    const turnover = asset.turnover * minutesPerStep * lively;
    const block: Block = { price, high: new Float64Array(STEPS), low: new Float64Array(STEPS), volume: new Float64Array(STEPS) };
    for (let i = 0; i < STEPS; i++) {
      const [open, close] = [price[i]!, price[i + 1]!];
      block.high[i] = round(Math.max(open, close) * (1 + wick * draw.next()));
      block.low[i] = round(Math.min(open, close) * (1 - wick * draw.next()));
      const dollars = turnover * (0.2 + 1.6 * draw.next() ** 2) * (1 + 200 * Math.abs(close / open - 1));
      block.volume[i] = Math.round((dollars / Math.exp(path.minutes(hour)[0]!)) * unit) / unit;
    }
    return block;
  }

  const secondsOf = remembered(16, (minute) => {
    const price = prices(path.seconds(minute), other?.seconds(minute));
    return blockOf("second bars", minute, 1 / STEPS, price, Math.floor(minute / STEPS));
  });
  const minutesOf = remembered(64, (hour) => blockOf("minute bars", hour, 1, prices(path.minutes(hour), other?.minutes(hour)), hour));

  function bar(timeframe: Timeframe, { openTime, closeTime }: BarSpan): Candle {
    const fine = timeframeMs(timeframe) <= MINUTE_MS;
    const blockMs = fine ? MINUTE_MS : HOUR_MS;
    const stepMs = blockMs / STEPS;
    let [open, close, high, low, volume] = [NaN, NaN, -Infinity, Infinity, 0];
    for (let time = openTime; time < closeTime; time += stepMs) {
      const number = Math.floor(time / blockMs);
      const block = fine ? secondsOf(number) : minutesOf(number);
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
