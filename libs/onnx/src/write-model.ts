import { dataTypes, type Attribute, type Dimension, type Graph, type GraphNode, type Model, type Tensor, type Value } from "./model.ts";
import { wireWriter, type WireWriter } from "./wire-writer.ts";

/** Version of the file format written: of the year of opset 17, so that older runtimes read it too. */
const IR_VERSION = 8;

/** `AttributeProto.AttributeType`. */
const attributeTypes = { float: 1, int: 2, text: 3, tensor: 4, graph: 5, floats: 6, ints: 7, texts: 8 } as const;

/** The bytes of an `.onnx` file. Equal models give equal bytes. */
export function writeModel(model: Model): Uint8Array<ArrayBuffer> {
  const writer = wireWriter().int(1, IR_VERSION).text(2, model.producer).text(3, model.producerVersion).message(7, graphOf(model.graph));
  for (const [domain, version] of Object.entries({ "": model.opset, ...model.opsets }))
    writer.message(8, wireWriter().text(1, domain).int(2, version));
  for (const [key, value] of Object.entries(model.metadata)) writer.message(14, wireWriter().text(1, key).text(2, value));
  return new Uint8Array(writer.finish());
}

function graphOf(graph: Graph): WireWriter {
  const writer = wireWriter();
  for (const node of graph.nodes) writer.message(1, nodeOf(node));
  writer.text(2, graph.name);
  for (const tensor of graph.constants) writer.message(5, tensorOf(tensor));
  for (const value of graph.inputs) writer.message(11, valueOf(value));
  for (const value of graph.outputs) writer.message(12, valueOf(value));
  return writer;
}

function nodeOf(node: GraphNode): WireWriter {
  const writer = wireWriter();
  for (const name of node.inputs) writer.text(1, name);
  for (const name of node.outputs) writer.text(2, name);
  writer.text(4, node.operator);
  for (const [name, attribute] of Object.entries(node.attributes ?? {})) writer.message(5, attributeOf(name, attribute));
  if (node.domain !== undefined) writer.text(7, node.domain);
  return writer;
}

function attributeOf(name: string, attribute: Attribute): WireWriter {
  const writer = wireWriter().text(1, name);
  const typed = (type: keyof typeof attributeTypes): WireWriter => writer.int(20, attributeTypes[type]);
  if (typeof attribute === "number" || typeof attribute === "bigint") return typed("int").int(3, attribute);
  if (typeof attribute === "string") return typed("text").text(4, attribute);
  if (isList(attribute)) {
    for (const value of attribute) writer.int(8, value);
    return typed("ints");
  }
  if ("float" in attribute) return typed("float").float(2, attribute.float);
  if ("floats" in attribute) {
    for (const value of attribute.floats) writer.float(7, value);
    return typed("floats");
  }
  if ("texts" in attribute) {
    for (const value of attribute.texts) writer.text(9, value);
    return typed("texts");
  }
  if ("tensor" in attribute) return typed("tensor").message(5, tensorOf(attribute.tensor));
  return typed("graph").message(6, graphOf(attribute.graph));
}

function isList(attribute: Exclude<Attribute, number | bigint | string>): attribute is readonly (number | bigint)[] {
  return Array.isArray(attribute);
}

function tensorOf({ name, type, dimensions, data }: Tensor): WireWriter {
  const size = dimensions.reduce((product, length) => product * length, 1);
  if (size !== data.length) throw new Error(`constant "${name}" of shape [${dimensions.join(", ")}] has ${data.length} elements`);
  const writer = wireWriter();
  for (const length of dimensions) writer.int(1, length);
  // raw_data is little-endian, as are the machines Node runs on.
  return writer
    .int(2, dataTypes[type])
    .text(8, name)
    .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function valueOf({ name, type, shape }: Value): WireWriter {
  const writer = wireWriter().text(1, name);
  if (type === undefined) return writer;
  const tensorType = wireWriter().int(1, dataTypes[type]);
  if (shape !== undefined) tensorType.message(2, shapeOf(shape));
  return writer.message(2, wireWriter().message(1, tensorType));
}

function shapeOf(shape: readonly Dimension[]): WireWriter {
  const writer = wireWriter();
  for (const length of shape) writer.message(1, lengthOf(length));
  return writer;
}

/** A length without a name says nothing at all. */
function lengthOf(length: Dimension): WireWriter {
  if (length === "") return wireWriter();
  return typeof length === "number" ? wireWriter().int(1, length) : wireWriter().text(2, length);
}
