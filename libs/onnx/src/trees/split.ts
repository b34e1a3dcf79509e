import type { Histogram } from "./histogram.ts";

/** Where a leaf is best divided: rows whose bin in `column` is at most `bin` go left. */
export interface Split {
  readonly column: number;
  readonly bin: number;
  /** How much the loss falls, in second-order approximation, times two. */
  readonly gain: number;
  readonly gradientLeft: number;
  readonly hessianLeft: number;
}

export interface SplitRules {
  readonly l2: number;
  readonly minLeafWeight: number;
  readonly minGain: number;
}

/**
 * The split with the largest gain, or undefined when none gains and leaves both sides their weight. Gains as in
 * Chen and Guestrin, XGBoost (2016), equation 7; of equal ones the first column and bin.
 */
export function bestSplit(
  histogram: Histogram,
  binCount: number,
  columns: Int32Array,
  gradient: number,
  hessian: number,
  { l2, minLeafWeight, minGain }: SplitRules,
): Split | undefined {
  const whole = gradient ** 2 / (hessian + l2);
  let best: Split | undefined;
  let bestGain = minGain;
  for (const column of columns) {
    let gradientLeft = 0;
    let hessianLeft = 0;
    // All rows are left of the last bin's upper end, so it is no place to split.
    for (let bin = 0; bin < binCount - 1; bin++) {
      const at = (column * binCount + bin) * 2;
      gradientLeft += histogram[at]!;
      hessianLeft += histogram[at + 1]!;
      if (hessianLeft < minLeafWeight) continue;
      const hessianRight = hessian - hessianLeft;
      if (hessianRight < minLeafWeight) break;
      const gain = gradientLeft ** 2 / (hessianLeft + l2) + (gradient - gradientLeft) ** 2 / (hessianRight + l2) - whole;
      if (gain <= bestGain) continue;
      bestGain = gain;
      best = { column, bin, gain, gradientLeft, hessianLeft };
    }
  }
  return best;
}
