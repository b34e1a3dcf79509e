import { matrixSize, type MatrixPlan } from "@tradewind/core";
import type { GraphBuilder } from "../graph-builder.ts";

/** What the market is like, read off the feature matrix itself: the returns of its finest timeframe. */
export const regimeFeatures = ["volatility", "trend"] as const;
export type RegimeFeature = (typeof regimeFeatures)[number];

/** How a regime feature is brought to scale: its mean and deviation over the rows the head was trained on. */
export interface RegimeScale {
  readonly name: RegimeFeature;
  readonly mean: number;
  readonly deviation: number;
}

/** The feature that regimes are read from. */
const RETURNS = "log_return";
/** Of returns; keeps the logarithm of a market that stands still finite. */
const LEAST_VARIANCE = 1e-12;
/** A regime that varies less over the rows is always the same one: its wiggle is rounding, which files round otherwise. */
const LEAST_DEVIATION = 1e-3;
/** Deviations beyond this say no more: a regime never seen does not carry the head away. */
const FURTHEST = 4;

/** Regime features of a matrix that has returns; none of one that has not. */
export function regimesOf(plan: MatrixPlan): readonly RegimeFeature[] {
  return returnPlaces(plan).length > 1 ? regimeFeatures : [];
}

/**
 * Regime features of each matrix, [rows x regimes], before scaling. Volatility is the logarithm of the deviation of the
 * returns, trend their mean in units of its standard error.
 */
export function regimeValues(plan: MatrixPlan, x: Float32Array, rows: number): Float64Array {
  const places = returnPlaces(plan);
  const size = matrixSize(plan);
  const regimes = regimesOf(plan);
  const values = new Float64Array(rows * regimes.length);
  for (let row = 0; regimes.length > 0 && row < rows; row++) {
    const returns = places.map((place) => x[row * size + place]!);
    const mean = meanOf(returns);
    const variance = meanOf(returns.map((value) => (value - mean) ** 2)) + LEAST_VARIANCE;
    values[row * 2] = Math.log(variance) / 2;
    values[row * 2 + 1] = (mean * Math.sqrt(returns.length)) / Math.sqrt(variance);
  }
  return values;
}

/** The scales of regime values of training rows. */
export function regimeScales(plan: MatrixPlan, values: Float64Array): RegimeScale[] {
  const regimes = regimesOf(plan);
  return regimes.map((name, i) => {
    const own = values.filter((_, at) => at % regimes.length === i);
    const mean = meanOf(own);
    const deviation = Math.sqrt(meanOf(own.map((value) => (value - mean) ** 2)));
    return { name, mean, deviation: deviation > LEAST_DEVIATION ? deviation : 1 };
  });
}

/** A regime value to scale, within -4..4. */
export function scaled(value: number, { mean, deviation }: RegimeScale): number {
  return Math.min(FURTHEST, Math.max(-FURTHEST, (value - mean) / deviation));
}

/** The same in a graph: `flat` is [batch, matrix size], given are [batch, 1] each, in the order of `scales`. */
export function addRegimes(builder: GraphBuilder, plan: MatrixPlan, flat: string, scales: readonly RegimeScale[]): string[] {
  if (scales.length === 0) return [];
  const places = returnPlaces(plan);
  const number = (value: number): string => builder.constant([1], Float32Array.of(value));
  const shares = builder.constant([places.length, 1], new Float32Array(places.length).fill(1 / places.length));
  const returns = builder.add("Gather", [flat, builder.whole(places)], { axis: 1 });
  const mean = builder.add("MatMul", [returns, shares]);
  const centred = builder.add("Sub", [returns, mean]);
  const variance = builder.add("Add", [builder.add("MatMul", [builder.add("Mul", [centred, centred]), shares]), number(LEAST_VARIANCE)]);
  const given: Readonly<Record<RegimeFeature, () => string>> = {
    volatility: () => builder.add("Mul", [builder.add("Log", [variance]), number(0.5)]),
    trend: () => builder.add("Div", [builder.add("Mul", [mean, number(Math.sqrt(places.length))]), builder.add("Sqrt", [variance])]),
  };
  return scales.map(({ name, mean: middle, deviation }) => {
    const distance = builder.add("Div", [builder.add("Sub", [given[name](), number(middle)]), number(deviation)]);
    return builder.add("Clip", [
      distance,
      builder.constant([], Float32Array.of(-FURTHEST)),
      builder.constant([], Float32Array.of(FURTHEST)),
    ]);
  });
}

/** Where the returns of the finest timeframe stand in a matrix laid out as [timeframes, window, features]. */
function returnPlaces({ window, features }: MatrixPlan): number[] {
  const column = features.findIndex(({ name }) => name === RETURNS);
  return column === -1 ? [] : Array.from({ length: window }, (_, row) => row * features.length + column);
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
