import type { Attribute, DataType, Dimension, Graph, GraphNode, Tensor, Value } from "./model.ts";

/** Puts a graph together; values go by their names. */
export interface GraphBuilder {
  input(name: string, type: DataType, shape: readonly Dimension[]): string;
  /** A float32 constant; it is named for you. */
  constant(dimensions: readonly number[], data: Float32Array): string;
  /** An int64 constant of one dimension: shapes, axes. */
  whole(values: readonly number[]): string;
  /** One operator with one output, whose name it gives. */
  add(operator: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>): string;
  /** Takes over nodes and constants as they are, names included. */
  include(nodes: readonly GraphNode[], constants: readonly Tensor[]): void;
  /** Gives a value out of the graph under a name of its own. */
  output(name: string, from: string, type: DataType, shape: readonly Dimension[]): void;
  finish(): Graph;
}

export function graphBuilder(name: string): GraphBuilder {
  const inputs: Value[] = [];
  const outputs: Value[] = [];
  const constants: Tensor[] = [];
  const nodes: GraphNode[] = [];

  function constant(type: DataType, dimensions: readonly number[], data: Tensor["data"]): string {
    const label = `c${constants.length}`;
    constants.push({ name: label, type, dimensions, data });
    return label;
  }

  return {
    input(label, type, shape) {
      inputs.push({ name: label, type, shape });
      return label;
    },
    constant: (dimensions, data) => constant("float", dimensions, data),
    whole: (values) => constant("int64", [values.length], BigInt64Array.from(values, BigInt)),
    add(operator, from, attributes = {}) {
      const label = `${operator.toLowerCase()}_${nodes.length}`;
      nodes.push({ operator, inputs: from, outputs: [label], attributes });
      return label;
    },
    include(others, theirConstants) {
      for (const node of others) nodes.push(node);
      for (const tensor of theirConstants) constants.push(tensor);
    },
    output(label, from, type, shape) {
      nodes.push({ operator: "Identity", inputs: [from], outputs: [label] });
      outputs.push({ name: label, type, shape });
    },
    finish: () => ({ name, inputs, outputs, constants, nodes }),
  };
}
