import { timeframeMs, type Timeframe } from "../domain/timeframe.ts";
import { inputFailure } from "../errors.ts";
import type { ParameterValues } from "../indicators/parameters.ts";
import { findFeature } from "./registry.ts";

/** Grows when a feature's meaning or the layout of the matrix changes; models trained before then no longer fit. */
const SCHEMA_VERSION = 1;

/** A feature of the registry and its parameters; absent ones take their default. */
export interface FeatureChoice {
  readonly name: string;
  readonly parameters?: ParameterValues;
}

/** What a feature matrix holds: timeframes x window x features. */
export interface MatrixPlan {
  /** Finest first; the matrix is made on each close of the first. */
  readonly timeframes: readonly Timeframe[];
  /** Rows per timeframe, the newest last. */
  readonly window: number;
  readonly features: readonly FeatureChoice[];
}

/** 1 x 20 x 8: return, range, three oscillators, place in the session and in the bands, volume. All free of scale. */
export const defaultMatrixPlan: MatrixPlan = {
  timeframes: ["1m"],
  window: 20,
  features: [
    { name: "log_return" },
    { name: "range_atr" },
    { name: "rsi" },
    { name: "macd_histogram" },
    { name: "mfi" },
    { name: "vwap_deviation" },
    { name: "bollinger_position" },
    { name: "volume_zscore" },
  ],
};

/** Throws `BAD_MATRIX` unless there are features, a whole window, and timeframes in order. */
export function checkMatrixPlan(plan: MatrixPlan): void {
  if (plan.features.length === 0) throw inputFailure("BAD_MATRIX", "the feature matrix has no features; name at least one");
  if (!Number.isInteger(plan.window) || plan.window < 1)
    throw inputFailure("BAD_MATRIX", `the feature matrix has a window of ${plan.window}; it must be a whole number from 1`);
  const lengths = plan.timeframes.map(timeframeMs);
  if (lengths.length === 0 || lengths.some((length, i) => i > 0 && length <= lengths[i - 1]!))
    throw inputFailure(
      "BAD_MATRIX",
      `the feature matrix has timeframes ${plan.timeframes.join(", ") || "none"}; list each once, finest first`,
    );
}

/**
 * The plan as canonical text, defaults filled in: equal text means equal matrices of equal candles. Its hash, which a
 * shell computes, is the feature-schema hash that models carry.
 */
export function describeMatrix(plan: MatrixPlan): string {
  checkMatrixPlan(plan);
  const sorted = (values: ParameterValues) => Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({
    version: SCHEMA_VERSION,
    timeframes: plan.timeframes,
    window: plan.window,
    features: plan.features.map(({ name, parameters }) => ({ name, parameters: sorted(findFeature(name).complete(parameters)) })),
  });
}

/** Candles of each timeframe that the matrix needs before it is ready. */
export function matrixWarmup(plan: MatrixPlan): number {
  return Math.max(...plan.features.map(({ name, parameters }) => findFeature(name).warmup(parameters))) + plan.window - 1;
}

/** Numbers in one matrix. */
export function matrixSize(plan: MatrixPlan): number {
  return plan.timeframes.length * plan.window * plan.features.length;
}
