import { inputFailure, type Failure } from "@tradewind/core";
import { dataTypes, type DataType, type Dimension } from "./model.ts";
import { textOf, WireError, wireFields, type WireField } from "./wire-reader.ts";

/** What goes into or comes out of a model. An unnamed length reads "". */
export interface HeaderValue {
  readonly name: string;
  /** `other`: no tensor, or of elements we have no name for. */
  readonly type: DataType | "other";
  readonly shape: readonly Dimension[];
}

/** What a model file says of itself; weights are left where they are. */
export interface ModelHeader {
  readonly irVersion: number;
  readonly producer: string;
  /** Version of the standard operator set. */
  readonly opset: number;
  /** Further operator sets, by domain. */
  readonly opsets: Readonly<Record<string, number>>;
  /** Without constants that older files list among the inputs. */
  readonly inputs: readonly HeaderValue[];
  readonly outputs: readonly HeaderValue[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Versions of the standard operator set that the runtime runs. */
export const supportedOpsets = { least: 7, most: 26 } as const;
/** Further operator sets the runtime has. */
const supportedDomains = ["ai.onnx.ml", "com.microsoft"];

const ONNX_STANDARD = new Set(["", "ai.onnx"]);
const EXTERNAL = 1n;

/**
 * Reads the header of an `.onnx` file; the runtime's binding does not give it. `name` is what messages call the file.
 * Throws `ONNX_INVALID` for what is truncated or no ONNX, `ONNX_OPSET` for operators the runtime does not have, and
 * `ONNX_EXTERNAL_DATA` for weights kept in other files.
 */
export function readModelHeader(bytes: Uint8Array, name: string): ModelHeader {
  if (bytes.length === 0) throw invalid(name, "is empty");
  let header: ModelHeader | undefined;
  try {
    header = readModel(bytes, name);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw invalid(name, error.message);
  }
  if (header === undefined) throw invalid(name, "has no graph");
  const { opset, opsets } = header;
  if (opset < supportedOpsets.least || opset > supportedOpsets.most)
    throw inputFailure(
      "ONNX_OPSET",
      `${name} needs operator set ${opset === 0 ? "(none named)" : opset}; this runtime has ${supportedOpsets.least} to ${supportedOpsets.most}: export it with one of them`,
    );
  const foreign = Object.keys(opsets).find((domain) => !supportedDomains.includes(domain));
  if (foreign !== undefined)
    throw inputFailure("ONNX_OPSET", `${name} needs operators of "${foreign}", which this runtime does not have; export it without`);
  return header;
}

function invalid(name: string, why: string): Failure {
  return inputFailure("ONNX_INVALID", `${name} is not a whole ONNX file: it ${why}; copy or export it again`);
}

function readModel(bytes: Uint8Array, name: string): ModelHeader | undefined {
  let irVersion = 0;
  let producer = "";
  let opset = 0;
  const opsets: Record<string, number> = {};
  const metadata: Record<string, string> = {};
  let graph: Pick<ModelHeader, "inputs" | "outputs"> | undefined;
  for (const field of wireFields(bytes)) {
    if (field.number === 1) irVersion = Number(field.value);
    else if (field.number === 2) producer = textOf(field);
    else if (field.number === 7 && field.kind === "bytes") graph = readGraph(field.bytes, name);
    else if (field.number === 8) {
      const { domain, version } = readOpset(field);
      if (ONNX_STANDARD.has(domain)) opset = version;
      else opsets[domain] = version;
    } else if (field.number === 14) {
      const { key, value } = readProperty(field);
      metadata[key] = value;
    }
  }
  if (irVersion === 0 || graph === undefined) return undefined;
  return { irVersion, producer, opset, opsets, ...graph, metadata };
}

function readGraph(bytes: Uint8Array, name: string): Pick<ModelHeader, "inputs" | "outputs"> {
  const inputs: HeaderValue[] = [];
  const outputs: HeaderValue[] = [];
  const constants = new Set<string>();
  for (const field of wireFields(bytes)) {
    if (field.number === 5) constants.add(readConstantName(field, name));
    else if (field.number === 11) inputs.push(readValue(field));
    else if (field.number === 12) outputs.push(readValue(field));
  }
  return { inputs: inputs.filter((input) => !constants.has(input.name)), outputs };
}

function readConstantName(tensor: WireField, file: string): string {
  let name = "";
  for (const field of wireFields(tensor.bytes)) {
    if (field.number === 8) name = textOf(field);
    if (field.number === 14 && field.value === EXTERNAL)
      throw inputFailure("ONNX_EXTERNAL_DATA", `${file} keeps weights in other files; export it as one file`);
  }
  return name;
}

function readValue(value: WireField): HeaderValue {
  let name = "";
  let type: HeaderValue["type"] = "other";
  const shape: Dimension[] = [];
  for (const field of wireFields(value.bytes)) {
    if (field.number === 1) name = textOf(field);
    if (field.number !== 2) continue;
    for (const kind of wireFields(field.bytes)) {
      if (kind.number !== 1) continue;
      for (const part of wireFields(kind.bytes)) {
        if (part.number === 1) type = typeNamed(part.value);
        if (part.number === 2) for (const dimension of wireFields(part.bytes)) shape.push(readDimension(dimension));
      }
    }
  }
  return { name, type, shape };
}

function typeNamed(number: bigint): HeaderValue["type"] {
  return (Object.keys(dataTypes) as DataType[]).find((name) => BigInt(dataTypes[name]) === number) ?? "other";
}

function readDimension(dimension: WireField): Dimension {
  let length: Dimension = "";
  for (const field of wireFields(dimension.bytes)) {
    // Some exporters write -1 for a length they do not know.
    if (field.number === 1 && BigInt.asIntN(64, field.value) >= 0n) length = Number(field.value);
    if (field.number === 2) length = textOf(field);
  }
  return length;
}

function readOpset(opset: WireField): { domain: string; version: number } {
  let domain = "";
  let version = 0;
  for (const field of wireFields(opset.bytes)) {
    if (field.number === 1) domain = textOf(field);
    if (field.number === 2) version = Number(field.value);
  }
  return { domain, version };
}

function readProperty(property: WireField): { key: string; value: string } {
  let key = "";
  let value = "";
  for (const field of wireFields(property.bytes)) {
    if (field.number === 1) key = textOf(field);
    if (field.number === 2) value = textOf(field);
  }
  return { key, value };
}
