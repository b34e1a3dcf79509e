import {
  allocateColumns,
  analyse,
  type CandleColumns,
  type EquityCurve,
  type FillRecord,
  type FlowRecord,
  type Timeframe,
} from "@tradewind/core";
import type { ReportModel } from "../src/report/model.ts";

export interface DemoOptions {
  readonly instruments: readonly string[];
  readonly candles: number;
  readonly timeframe: Timeframe;
  readonly stepMs: number;
  readonly seed: number;
}

/** A model of a moving-average cross on random walks: only its shapes matter. */
export function demoModel(options: DemoOptions): ReportModel {
  const random = generator(options.seed);
  const columns = options.instruments.map((name) => walk(name, options, random));
  const share = 50_000 / columns.length;
  const runs = columns.map((one) => trade(one, share));
  const fills = runs.flatMap((run) => run.fills).sort((a, b) => a.time - b.time);
  const flows = runs.flatMap((run) => run.flows).sort((a, b) => a.time - b.time);
  const ordered = [...fills, ...flows].sort((a, b) => a.time - b.time);
  const seqs = new Map(ordered.map((record, i) => [record, i] as const));
  const numbered = <T extends FillRecord | FlowRecord>(records: readonly T[]) =>
    records.map((record) => ({ ...record, seq: seqs.get(record)! }));
  const curve = combine(columns[0]!, runs, 50_000);
  const candles = new Map(columns.map((one) => [one.instrument, one]));
  const records = { fills: numbered(fills), flows: numbered(flows) };
  return {
    variant: "crypto-momentum",
    strategy: "momentum",
    broker: "simulated",
    timeframe: options.timeframe,
    currency: "USDT",
    configHash: "9f2c4e7ab01d53c88e6f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f",
    ledgerHash: "41d0aa27c9e85b3f6071829304a5b6c7d8e9f00112233445566778899aabbccd",
    curve,
    analysis: analyse({ curve, ...records, candles, gaps: [] }),
    candles,
    fills: records.fills,
  };
}

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function walk(name: string, { candles, timeframe, stepMs }: DemoOptions, random: () => number): CandleColumns {
  const columns = allocateColumns(name, timeframe, candles);
  const start = Date.UTC(2021, 0, 1);
  let close = 100 + random() * 900;
  let drift = 0;
  const size = 0.9 / Math.sqrt((365 * 86_400_000) / stepMs);
  for (let i = 0; i < candles; i++) {
    drift = drift * 0.995 + (random() - 0.5) * size * 0.02;
    const open = close;
    close = open * (1 + drift * 0.25 + (random() + random() + random() - 1.5) * size * 2);
    columns.openTime[i] = start + i * stepMs;
    columns.closeTime[i] = start + (i + 1) * stepMs;
    columns.open[i] = open;
    columns.close[i] = close;
    columns.high[i] = Math.max(open, close) * (1 + random() * size);
    columns.low[i] = Math.min(open, close) * (1 - random() * size);
    columns.volume[i] = random() * 1000;
  }
  return columns;
}

interface Run {
  readonly fills: FillRecord[];
  readonly flows: FlowRecord[];
  /** Profit so far and notional held, at each close. */
  readonly profit: Float64Array;
  readonly held: Float64Array;
}

function trade(columns: CandleColumns, budget: number): Run {
  const run: Run = { fills: [], flows: [], profit: new Float64Array(columns.length), held: new Float64Array(columns.length) };
  const fast = 2 / 41;
  const slow = 2 / 161;
  let [quick, lazy] = [columns.close[0]!, columns.close[0]!];
  let [position, entry, cash] = [0, 0, 0];
  const fill = (time: number, quantity: number, price: number, realized: number, leg: FillRecord["leg"]) => {
    const fee = Math.abs(quantity) * price * 0.0001;
    cash += realized - fee;
    position += quantity;
    run.fills.push({
      seq: 0,
      time,
      instrument: columns.instrument,
      variant: "crypto-momentum",
      side: quantity > 0 ? "BUY" : "SELL",
      quantity: Math.abs(quantity),
      price,
      fee,
      liquidity: run.fills.length % 5 === 0 ? "maker" : "taker",
      realized,
      leg,
      reason: leg === "entry" ? "momentum" : leg,
      clientId: String(run.fills.length),
      positionAfter: position,
      multiplier: 1,
      kind: "linear",
    });
  };
  for (let i = 1; i < columns.length; i++) {
    const [open, close, openTime, closeTime] = [columns.open[i]!, columns.close[i]!, columns.openTime[i]!, columns.closeTime[i]!];
    const wanted = Math.sign(quick - lazy);
    const stop = entry * (1 - Math.sign(position) * 0.06);
    if (position !== 0 && Math.sign(position) !== wanted) fill(openTime, -position, open, position * (open - entry), "close");
    else if (position > 0 && columns.low[i]! < stop) fill(closeTime, -position, stop, position * (stop - entry), "stop");
    else if (position < 0 && columns.high[i]! > stop) fill(closeTime, -position, stop, position * (stop - entry), "stop");
    else if (position === 0 && i % 7 === 0 && i < columns.length - 5) {
      entry = open;
      fill(openTime, (wanted * Math.max(100, budget + cash)) / open, open, 0, "entry");
    }
    if (position !== 0 && i % 480 === 0) {
      const amount = -position * close * 0.0001;
      cash += amount;
      run.flows.push({
        seq: 0,
        time: closeTime,
        instrument: columns.instrument,
        variant: "crypto-momentum",
        type: "funding",
        amount,
        ratio: 1,
      });
    }
    quick += fast * (close - quick);
    lazy += slow * (close - lazy);
    run.profit[i] = cash + position * (close - entry);
    run.held[i] = Math.abs(position) * close;
  }
  return run;
}

function combine(columns: CandleColumns, runs: readonly Run[], start: number): EquityCurve {
  const total = (pick: (run: Run) => Float64Array, i: number) => runs.reduce((sum, run) => sum + pick(run)[i]!, 0);
  const equity = Float64Array.from(columns.closeTime, (_, i) => start + total((run) => run.profit, i));
  return {
    time: Float64Array.from(columns.closeTime),
    equity,
    exposure: Float64Array.from(equity, (value, i) => total((run) => run.held, i) / value),
  };
}
