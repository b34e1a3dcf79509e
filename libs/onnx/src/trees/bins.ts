import { inputFailure } from "@tradewind/core";

/** Rows that quantiles are taken from, evenly spread over all. */
const SAMPLE_ROWS = 50_000;

/** Throws `GBDT_INPUT` with the place of the first number that is NaN or infinite. */
export function checkFinite(x: Float32Array, width: number, what: string): void {
  const at = x.findIndex((value) => !Number.isFinite(value));
  if (at !== -1)
    throw inputFailure(
      "GBDT_INPUT",
      `${what} row ${Math.floor(at / width)} has ${x[at]} as its number ${at % width}; leave the row out or fill it`,
    );
}

/**
 * Cut points of each column, rising, at most `bins - 1`. They are values of the column itself, so `value <= cut` says
 * the same in float32 here and in the exported file.
 */
export function quantileCuts(x: Float32Array, rows: number, width: number, bins: number): Float32Array[] {
  const sampled = Math.min(rows, SAMPLE_ROWS);
  const values = new Float32Array(sampled);
  return Array.from({ length: width }, (_, column) => {
    for (let i = 0; i < sampled; i++) values[i] = x[Math.floor((i * rows) / sampled) * width + column]!;
    values.sort();
    const cuts = Array.from({ length: bins - 1 }, (_, i) => values[Math.floor(((i + 1) * sampled) / bins)]!);
    return Float32Array.from(cuts.filter((cut, i) => i === 0 || cut > cuts[i - 1]!));
  });
}

/** The bin of each number of `x`, [rows x width]: bin b holds cuts[b - 1] < value <= cuts[b]. */
export function binRows(x: Float32Array, rows: number, cuts: readonly Float32Array[]): Uint8Array {
  const width = cuts.length;
  const bins = new Uint8Array(rows * width);
  for (let column = 0; column < width; column++) {
    const own = cuts[column]!;
    for (let at = column; at < bins.length; at += width) {
      const value = x[at]!;
      let low = 0;
      let high = own.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (value <= own[middle]!) high = middle;
        else low = middle + 1;
      }
      bins[at] = low;
    }
  }
  return bins;
}
