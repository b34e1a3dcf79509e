import { inputFailure, type Failure } from "@tradewind/core";

/** What a model gave for some matrices where it was made: whoever serves it must get the same. */
export interface Golden {
  readonly rows: number;
  /** `rows` feature matrices, one after the other. */
  readonly matrices: Float32Array;
  /** Class probabilities of each row, in the order of the labels. */
  readonly probabilities: Float32Array;
  /** Largest difference of a probability that is taken for rounding. */
  readonly tolerance: number;
}

/** As it stands in a file's metadata: float32 in little-endian base64. */
export function goldenText({ rows, matrices, probabilities, tolerance }: Golden): string {
  return JSON.stringify({ rows, matrices: textOf(matrices), probabilities: textOf(probabilities), tolerance });
}

/** Throws `MODEL_METADATA` when it is none, or does not fit a matrix of `rowSize` numbers and `classes` labels. */
export function readGolden(text: string, name: string, rowSize: number, classes: number): Golden {
  const wrong = (what: string): Failure => inputFailure("MODEL_METADATA", `${name} has golden vectors ${what}; export the model again`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong("that are no JSON");
  }
  const { rows, matrices, probabilities, tolerance } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof rows !== "number" || !Number.isInteger(rows) || rows < 1 || typeof tolerance !== "number" || !(tolerance > 0 && tolerance < 1))
    throw wrong("without a number of rows and a tolerance between 0 and 1");
  if (typeof matrices !== "string" || typeof probabilities !== "string") throw wrong("without matrices and probabilities");
  const golden = { rows, matrices: numbersOf(matrices), probabilities: numbersOf(probabilities), tolerance };
  if (golden.matrices.length !== rows * rowSize || golden.probabilities.length !== rows * classes)
    throw wrong(`of ${golden.matrices.length} and ${golden.probabilities.length} numbers, not ${rows} rows of ${rowSize} and ${classes}`);
  return golden;
}

/** The largest difference of what a model gives now; NaN counts as the worst. */
export function goldenDifference({ probabilities }: Golden, given: Float32Array): number {
  if (given.length !== probabilities.length) return Infinity;
  return given.reduce((worst, value, i) => {
    const difference = Math.abs(value - probabilities[i]!);
    return difference <= worst ? worst : Number.isNaN(difference) ? Infinity : difference;
  }, 0);
}

function textOf(numbers: Float32Array): string {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength).toString("base64");
}

function numbersOf(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64");
  return new Float32Array(new Uint8Array(bytes.subarray(0, bytes.length - (bytes.length % 4))).buffer);
}
