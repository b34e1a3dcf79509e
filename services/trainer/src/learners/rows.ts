import { directionLabels, scoreOf, type Dataset } from "@tradewind/core";

/** The matrices of some rows, one after the other: those of the data set itself where the rows follow each other there. */
export function matricesOf({ x, rowSize }: Pick<Dataset, "x" | "rowSize">, rows: Int32Array): Float32Array {
  const first = rows[0] ?? 0;
  if (rows.every((row, i) => row === first + i)) return x.subarray(first * rowSize, (first + rows.length) * rowSize);
  const out = new Float32Array(rows.length * rowSize);
  rows.forEach((row, i) => out.set(x.subarray(row * rowSize, (row + 1) * rowSize), i * rowSize));
  return out;
}

/** The labels of some rows. */
export function labelsOf({ label }: Pick<Dataset, "label">, rows: Int32Array): Int32Array {
  return rows.map((row) => label[row]!);
}

/** Rows whose matrices are copied at a time. */
const CHUNK = 1_024;

/** What `said` gives for some rows, asked in chunks so that no more than a chunk of matrices is copied at a time. */
export async function inChunks(
  dataset: Pick<Dataset, "x" | "rowSize">,
  rows: Int32Array,
  said: (matrices: Float32Array, rows: number) => Promise<Float32Array>,
): Promise<Float32Array> {
  const classes = directionLabels.length;
  const out = new Float32Array(rows.length * classes);
  for (let from = 0; from < rows.length; from += CHUNK) {
    const some = rows.subarray(from, from + CHUNK);
    out.set(await said(matricesOf(dataset, some), some.length), from * classes);
  }
  return out;
}

/** Log losses of members and of what is made of them, on the same rows. */
export function scoreSaid(
  { labels }: { readonly labels: Int32Array },
  predictions: readonly Float32Array[],
  joint: Float32Array,
): { readonly losses: readonly number[]; readonly loss: number } {
  const rows = Int32Array.from(labels, (_, i) => i);
  const lossOf = (said: Float32Array): number => scoreOf({ label: labels }, rows, said).logLoss;
  return { losses: predictions.map(lossOf), loss: lossOf(joint) };
}
