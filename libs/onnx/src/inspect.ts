import { createHash } from "node:crypto";
import { inputFailure, matrixSize, type Failure } from "@tradewind/core";
import { readMetadata, type ModelMetadata } from "./metadata.ts";
import { inOneLine } from "./one-line.ts";
import { readModelHeader, type HeaderValue, type ModelHeader } from "./read-header.ts";

/** How a classifier is called: one float tensor in, class probabilities out, the batch first in both. */
export interface Signature {
  readonly input: string;
  readonly output: string;
  /** Lengths of the input after the batch; their product is the size of the feature matrix. */
  readonly rowShape: readonly number[];
  /** Numbers of one row of the input. */
  readonly rowSize: number;
  /** Rows per call where the file fixes them; undefined takes any number. */
  readonly fixedRows: number | undefined;
  /** Classes in the order of the outputs. */
  readonly labels: readonly string[];
}

/** A model file that was read and found to fit. */
export interface InspectedModel {
  /** Of the file, hex. */
  readonly sha256: string;
  readonly bytes: Uint8Array;
  readonly metadata: ModelMetadata;
  readonly signature: Signature;
}

/** With several outputs, this is the one that counts. */
const PROBABILITIES = "probabilities";

/** Reads and checks a model file without running it. Throws as `readModelHeader` and `readMetadata`, and `MODEL_SHAPE`. */
export function inspectModel(bytes: Uint8Array, name: string): InspectedModel {
  return inOneLine(() => inspect(bytes, name));
}

function inspect(bytes: Uint8Array, name: string): InspectedModel {
  const header = readModelHeader(bytes, name);
  const metadata = readMetadata(header.metadata, name);
  const signature = signatureOf(header, metadata, name);
  return { sha256: createHash("sha256").update(bytes).digest("hex"), bytes, metadata, signature };
}

function signatureOf(header: ModelHeader, { matrix, labels }: ModelMetadata, name: string): Signature {
  const input = header.inputs[0];
  if (header.inputs.length !== 1 || input?.type !== "float") throw wrong(name, `takes ${listOf(header.inputs)}`, "one float tensor");
  const output = header.outputs.length === 1 ? header.outputs[0]! : header.outputs.find((value) => value.name === PROBABILITIES);
  if (output?.type !== "float")
    throw wrong(name, `gives ${listOf(header.outputs)}`, `one float tensor, or several with "${PROBABILITIES}" among them`);
  const [batch, ...rowShape] = input.shape;
  const rowSize = matrixSize(matrix);
  const fixed = rowShape.filter((length) => typeof length === "number");
  const product = fixed.reduce((size, length) => size * length, 1);
  if (batch === undefined || fixed.length !== rowShape.length || product !== rowSize)
    throw wrong(
      name,
      `takes ${listOf([input])}`,
      `[batch, ...] of ${rowSize} numbers a row: ${matrix.timeframes.length} x ${matrix.window} x ${matrix.features.length}`,
    );
  const classes = output.shape.at(-1);
  if (output.shape.length !== 2 || (typeof classes === "number" && classes !== labels.length))
    throw wrong(name, `gives ${listOf([output])}`, `[batch, ${labels.length}] for the labels ${labels.join(", ")}`);
  const fixedRows = typeof batch === "number" ? batch : undefined;
  return { input: input.name, output: output.name, rowShape: fixed, rowSize, fixedRows, labels };
}

function listOf(values: readonly HeaderValue[]): string {
  return (
    values.map(({ name, type, shape }) => `${name}: ${type}[${shape.map((length) => length || "?").join(", ")}]`).join("; ") || "nothing"
  );
}

function wrong(name: string, what: string, wanted: string): Failure {
  return inputFailure("MODEL_SHAPE", `${name} ${what}; it must be ${wanted}`);
}
