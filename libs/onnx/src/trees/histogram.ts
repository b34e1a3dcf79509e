/** Sums of gradient and hessian per column and bin: [column][bin][gradient, hessian]. */
export type Histogram = Float64Array;

/** Rows as the growing of one tree sees them. */
export interface BinnedRows {
  readonly bins: Uint8Array;
  readonly width: number;
  /** Bins per column in a histogram. */
  readonly binCount: number;
}

/** Hands out zeroed histograms and takes them back: a tree needs many, all of one size. */
export interface HistogramPool {
  take(): Histogram;
  give(histogram: Histogram): void;
}

export function histogramPool({ width, binCount }: BinnedRows): HistogramPool {
  const free: Histogram[] = [];
  return {
    take: () => free.pop()?.fill(0) ?? new Float64Array(width * binCount * 2),
    give: (histogram) => {
      free.push(histogram);
    },
  };
}

/** Adds rows `order[from..to)` to the histogram, in the columns that the tree may split on. */
export function addRows(
  histogram: Histogram,
  { bins, width, binCount }: BinnedRows,
  columns: Int32Array,
  gradients: Float32Array,
  hessians: Float32Array,
  order: Int32Array,
  from: number,
  to: number,
): void {
  const stride = binCount * 2;
  for (let i = from; i < to; i++) {
    const row = order[i]!;
    const gradient = gradients[row]!;
    const hessian = hessians[row]!;
    const start = row * width;
    for (let c = 0; c < columns.length; c++) {
      const column = columns[c]!;
      const at = column * stride + bins[start + column]! * 2;
      histogram[at]! += gradient;
      histogram[at + 1]! += hessian;
    }
  }
}

/** What is left of a leaf's histogram when one of its two children is taken away. */
export function subtract(histogram: Histogram, child: Histogram): void {
  for (let i = 0; i < histogram.length; i++) histogram[i]! -= child[i]!;
}
