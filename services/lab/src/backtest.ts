import {
  calendarNamed,
  createEngine,
  type Candle,
  type CandleColumns,
  type Decision,
  type Engine,
  type EquityCurve,
  type FundingPayment,
  type Prediction,
  type VariantPlan,
} from "@tradewind/core";
import { closesOf, type BeforeRead } from "./closes.ts";
import { CurveRecorder, LedgerRecorder } from "./recorder.ts";
import type { DefinitionOf } from "./strategy-file.ts";

/** The ledger epoch of every backtest: fixed, so that client ids and the ledger's hash repeat. */
const BACKTEST_EPOCH = "00000001";
/** Candles between two calls of `onProgress`. */
const PROGRESS_EVERY = 16_384;

export interface BacktestInput {
  readonly plan: VariantPlan;
  /** Candles of the plan's finest timeframe, in config order. */
  readonly columns: readonly CandleColumns[];
  readonly definitionOf: DefinitionOf;
  readonly predictionOf?: (source: string, instrument: string, closeTime: number) => Prediction | undefined;
  /** Oldest first. */
  readonly funding?: readonly FundingPayment[];
  readonly beforeRead?: BeforeRead;
  readonly onDecision?: (decision: Decision) => void;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface BacktestRun {
  readonly ledger: LedgerRecorder;
  readonly curve: EquityCurve;
  readonly engine: Engine;
  readonly candles: number;
  /** Wall time of the loop alone, ms. */
  readonly elapsedMs: number;
}

/** Runs one variant over its candles under the events clock: no deadlines, no wall clock in any decision. */
export function runBacktest(input: BacktestInput): BacktestRun {
  const closes = closesOf(input.columns, input.beforeRead);
  const ledger = new LedgerRecorder();
  const curve = new CurveRecorder(closes.total);
  const startTime = Math.min(...input.columns.map((columns) => columns.openTime[0] ?? Infinity));
  const engine = createEngine({
    plan: input.plan,
    epoch: BACKTEST_EPOCH,
    startTime,
    calendarOf: calendarNamed,
    definitionOf: input.definitionOf,
    onEntry: ledger.add,
    ...(input.predictionOf && { predictionOf: input.predictionOf }),
    ...(input.onDecision && { onDecision: input.onDecision }),
  });
  const variant = engine.account.trade.state.variants.get(input.plan.id)!;
  const funding = input.funding ?? [];
  let nextFunding = 0;
  let nextProgress = PROGRESS_EVERY;
  let last: readonly Candle[] = [];
  const start = performance.now();
  closes.forEach((time, candles, done) => {
    while (nextFunding < funding.length && funding[nextFunding]!.time < time) engine.fund(funding[nextFunding++]!);
    engine.close(time, candles);
    curve.add(time, variant);
    last = candles;
    if (done < nextProgress) return;
    nextProgress += PROGRESS_EVERY;
    input.onProgress?.(done, closes.total);
  });
  if (input.plan.fills.atEnd !== "keep" && last.length > 0) {
    engine.finish(lastCandles(input.columns, last));
    curve.add(last[0]!.closeTime, variant);
  }
  const elapsedMs = performance.now() - start;
  input.onProgress?.(closes.total, closes.total);
  return { ledger, curve: curve.curve(), engine, candles: closes.total, elapsedMs };
}

/** The last candle of each instrument; positions end there. */
function lastCandles(columns: readonly CandleColumns[], last: readonly Candle[]): Candle[] {
  const closing = last[0]!.closeTime;
  return columns.flatMap((own) => {
    const found = last.find((candle) => candle.instrument === own.instrument);
    if (found) return [found];
    const row = own.length - 1;
    return row < 0 ? [] : [{ ...last[0]!, instrument: own.instrument, closeTime: closing, open: own.open[row]!, high: own.high[row]!, low: own.low[row]!, close: own.close[row]!, volume: own.volume[row]! }];
  });
}
