import {
  calendarNamed,
  candleAt,
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
import type { DefinitionOf } from "@tradewind/config";

/** The ledger epoch of every backtest: fixed, so that client ids and the ledger's hash repeat. */
const BACKTEST_EPOCH = "00000001";
/** A venue stamps a payment up to this long after it fell due. */
const FUNDING_STAMP_MS = 5_000;
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
  let last = -Infinity;
  const start = performance.now();
  closes.forEach((time, candles, done) => {
    const { openTime } = candles[0]!;
    let inside: FundingPayment[] | undefined;
    for (; nextFunding < funding.length && funding[nextFunding]!.time < time; nextFunding++) {
      const payment = funding[nextFunding]!;
      // Who holds before the candle's first fill pays what is due at its open: a venue's stamp lies some ms after the hour.
      if (payment.time <= openTime + FUNDING_STAMP_MS) engine.fund({ ...payment, time: Math.min(payment.time, openTime) });
      else (inside ??= []).push(payment);
    }
    engine.close(time, candles, inside);
    curve.add(time, variant);
    last = time;
    if (done < nextProgress) return;
    nextProgress += PROGRESS_EVERY;
    input.onProgress?.(done, closes.total);
  });
  if (input.plan.fills.atEnd !== "keep" && last > -Infinity) {
    engine.finish(lastCandles(input.columns, last));
    curve.add(last, variant);
  }
  const elapsedMs = performance.now() - start;
  input.onProgress?.(closes.total, closes.total);
  return { ledger, curve: curve.curve(), engine, candles: closes.total, elapsedMs };
}

/** The last candle of each instrument, as of the end of the data: positions end there. */
function lastCandles(columns: readonly CandleColumns[], closeTime: number): Candle[] {
  return columns.flatMap((own) => (own.length === 0 ? [] : [{ ...candleAt(own, own.length - 1), closeTime }]));
}
