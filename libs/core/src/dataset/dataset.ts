import type { MatrixPlan } from "../features/plan.ts";

/** What a label says of the time after a close, in the order in which models give probabilities. */
export const directionLabels = ["down", "flat", "up"] as const;
export const DOWN = 0;
export const FLAT = 1;
export const UP = 2;

/**
 * Closes of one instrument as rows to learn from, oldest first. A row's matrix holds nothing after `closeTime`; its
 * label and returns hold nothing after `labelEnd`.
 */
export interface Dataset {
  readonly instrument: string;
  readonly matrix: MatrixPlan;
  readonly rows: number;
  /** Numbers in one matrix. */
  readonly rowSize: number;
  /** Matrices one after the other, [rows][timeframe][window][feature], as models are given them: not normalised. */
  readonly x: Float32Array;
  /** Open time of the oldest bar in the row's matrix, ms. */
  readonly featureStart: Float64Array;
  /** Close time the row is as of, ms. */
  readonly closeTime: Float64Array;
  /** Close time of the last bar its label looks at, ms. */
  readonly labelEnd: Float64Array;
  /** Index into `directionLabels`. */
  readonly label: Int32Array;
  /** Price move from entry to the label's end, as a share of the entry price, before costs. */
  readonly forwardReturn: Float64Array;
  /** What a long or short position entered on this row earns until the label's end, after costs, as a share of the entry price. */
  readonly longReturn: Float64Array;
  readonly shortReturn: Float64Array;
  /** False where SELL without a position is HOLD. */
  readonly canShort: boolean;
}

/** What one taker trade costs as a share of its value: fee, half the spread, slippage. */
export function sideCost(takerFee: number, costs: { readonly spreadBps: number; readonly slippageBps: number }): number {
  return takerFee + (costs.spreadBps / 2 + costs.slippageBps) / 10_000;
}

/** What is left of a price move after entering and leaving, as a share of the entry price; `direction` is 1 long, -1 short. */
export function returnAfterCosts(move: number, direction: 1 | -1, costPerSide: number): number {
  return direction * move - costPerSide * (2 + move);
}
