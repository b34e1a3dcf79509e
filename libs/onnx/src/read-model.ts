import { inputFailure } from "@tradewind/core";
import type { Attribute, DataType, Dimension, Graph, GraphNode, Model, Value } from "./model.ts";
import { inOneLine } from "./one-line.ts";
import { readModelHeader } from "./read-header.ts";
import { append, countOf, floatsOf, messageOf, signedOf, varintsOf } from "./read-numbers.ts";
import { readTensor, typeNumbered, UnsupportedError } from "./read-tensor.ts";
import { textOf, WireError, type WireField } from "./wire-reader.ts";

/** Graphs within graphs (branches, loops) that are followed; more is no model but an attack on the stack. */
const DEEPEST = 16;

/**
 * Reads a whole `.onnx` file of any maker, weights and subgraphs included; `writeModel` gives a file that runs alike.
 * Names of nodes and documentation are left behind. `name` is what messages call the file. Throws as `readModelHeader`,
 * and `ONNX_UNSUPPORTED` for parts that `Model` does not hold: functions, sparse or quoted constants, values that are
 * no tensors.
 */
export function readModel(bytes: Uint8Array, name: string): Model {
  return inOneLine(() => readWhole(bytes, name));
}

function readWhole(bytes: Uint8Array, name: string): Model {
  const { opset, opsets, producer, metadata } = readModelHeader(bytes, name);
  let graph: Graph | undefined;
  let producerVersion = "";
  try {
    for (const field of messageOf({ number: 0, value: 0n, bytes, kind: "bytes" })) {
      if (field.number === 3) producerVersion = textOf(field);
      else if (field.number === 7) graph = readGraph(field, 0);
      else if (field.number === 25) throw new UnsupportedError("defines functions of its own");
    }
  } catch (error) {
    if (error instanceof UnsupportedError)
      throw inputFailure("ONNX_UNSUPPORTED", `${name} ${error.message}, which cannot be read here; export it without`);
    if (error instanceof WireError)
      throw inputFailure("ONNX_INVALID", `${name} is not a whole ONNX file: it ${error.message}; copy or export it again`);
    throw error;
  }
  return { graph: graph!, opset, opsets, producer, producerVersion, metadata };
}

function readGraph(graph: WireField, depth: number): Graph {
  if (depth > DEEPEST) throw new UnsupportedError(`nests graphs deeper than ${DEEPEST}`);
  const read = { name: "", inputs: [] as Value[], outputs: [] as Value[], constants: [] as Graph["constants"][number][] };
  const nodes: GraphNode[] = [];
  for (const field of messageOf(graph)) {
    if (field.number === 1) nodes.push(readNode(field, depth));
    else if (field.number === 2) read.name = textOf(field);
    else if (field.number === 5) read.constants.push(readTensor(field));
    else if (field.number === 11) read.inputs.push(readValue(field));
    else if (field.number === 12) read.outputs.push(readValue(field));
    else if (field.number === 15) throw new UnsupportedError("has sparse constants");
  }
  // Older files list their constants among the inputs as well.
  const constants = new Set(read.constants.map((constant) => constant.name));
  return { ...read, inputs: read.inputs.filter((input) => !constants.has(input.name)), nodes };
}

function readNode(node: WireField, depth: number): GraphNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: [string, Attribute][] = [];
  let operator = "";
  let domain = "";
  for (const field of messageOf(node)) {
    if (field.number === 1) inputs.push(textOf(field));
    else if (field.number === 2) outputs.push(textOf(field));
    else if (field.number === 4) operator = textOf(field);
    else if (field.number === 5) attributes.push(readAttribute(field, depth));
    else if (field.number === 7) domain = textOf(field);
  }
  return {
    operator,
    inputs,
    outputs,
    ...(attributes.length > 0 && { attributes: Object.fromEntries(attributes) }),
    ...(domain !== "" && domain !== "ai.onnx" && { domain }),
  };
}

/** `AttributeProto.AttributeType` by its number. */
const kinds = { 1: "float", 2: "int", 3: "text", 4: "tensor", 5: "graph", 6: "floats", 7: "ints", 8: "texts" } as const;
type Kind = (typeof kinds)[keyof typeof kinds];

function readAttribute(attribute: WireField, depth: number): [string, Attribute] {
  let name = "";
  let kind: Kind | undefined;
  let single: Attribute | undefined;
  const floats: number[] = [];
  const ints: (number | bigint)[] = [];
  const texts: string[] = [];
  for (const field of messageOf(attribute)) {
    if (field.number === 1) name = textOf(field);
    else if (field.number === 20) kind = kinds[Number(field.value) as keyof typeof kinds];
    else if (field.number === 2) single = { float: floatsOf(field)[0] ?? 0 };
    else if (field.number === 3) single = wholeOf(field.value);
    else if (field.number === 4) single = textOf(field);
    else if (field.number === 5) single = { tensor: readTensor(field) };
    else if (field.number === 6) single = { graph: readGraph(field, depth + 1) };
    else if (field.number === 7) append(floats, floatsOf(field));
    else if (field.number === 8) append(ints, varintsOf(field).map(wholeOf));
    else if (field.number === 9) texts.push(textOf(field));
  }
  const lists: Partial<Record<Kind, Attribute>> = { floats: { floats }, ints, texts: { texts } };
  // proto3 writers leave out what is zero or empty.
  const zeros: Partial<Record<Kind, Attribute>> = { float: { float: 0 }, int: 0, text: "" };
  const value = kind && (lists[kind] ?? single ?? zeros[kind]);
  if (value === undefined) throw new UnsupportedError(`has an attribute "${name}" of a kind unknown here`);
  return [name, value];
}

/** A bigint only where a number would round it. */
function wholeOf(value: bigint): number | bigint {
  const signed = signedOf(value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}

function readValue(value: WireField): Value {
  const read: { name: string; type?: DataType; shape?: Dimension[] } = { name: "" };
  for (const field of messageOf(value)) {
    if (field.number === 1) read.name = textOf(field);
    if (field.number !== 2) continue;
    for (const kind of messageOf(field)) {
      // A denotation is a remark for people.
      if (kind.number === 6) continue;
      if (kind.number !== 1) throw new UnsupportedError(`has a value "${read.name}" that is no tensor`);
      for (const part of messageOf(kind)) {
        if (part.number === 1) read.type = typeNumbered(part.value) ?? noTypeOf(read.name, part.value);
        if (part.number === 2) read.shape = Array.from(messageOf(part), readDimension);
      }
    }
  }
  return read;
}

function noTypeOf(name: string, number: bigint): never {
  throw new UnsupportedError(`has a value "${name}" of elements of type ${number}`);
}

function readDimension(dimension: WireField): Dimension {
  let length: Dimension = "";
  for (const field of messageOf(dimension)) {
    if (field.number === 1) length = signedOf(field.value) < 0n ? "" : countOf(field);
    if (field.number === 2) length = textOf(field);
  }
  return length;
}
