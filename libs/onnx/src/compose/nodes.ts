import type { Attribute, Graph, GraphNode, Tensor } from "../model.ts";

/** The node with each graph inside its attributes (branches, bodies of loops) changed. */
export function withInner(node: GraphNode, change: (graph: Graph) => Graph): GraphNode {
  if (node.attributes === undefined) return node;
  const attributes = Object.entries(node.attributes).map(([name, attribute]): [string, Attribute] => {
    const graph = innerOf(attribute);
    return [name, graph === undefined ? attribute : { graph: change(graph) }];
  });
  return { ...node, attributes: Object.fromEntries(attributes) };
}

/**
 * The graph with every value under the name that `rename` gives it, in graphs inside it too. A function that keeps
 * different names different leaves the meaning as it is.
 */
export function renamed(graph: Graph, rename: (name: string) => string): Graph {
  // An empty name leaves an optional input out.
  const named = (name: string): string => (name === "" ? "" : rename(name));
  const value = <T extends { readonly name: string }>(one: T): T => ({ ...one, name: named(one.name) });
  return {
    ...graph,
    inputs: graph.inputs.map(value),
    outputs: graph.outputs.map(value),
    constants: graph.constants.map(value),
    nodes: graph.nodes.map((node) => ({
      ...withInner(node, (inner) => renamed(inner, rename)),
      inputs: node.inputs.map(named),
      outputs: node.outputs.map(named),
    })),
  };
}

/** The nodes and constants that `output` is made of, in their order. */
export function needed(graph: Graph, output: string): { nodes: GraphNode[]; constants: Tensor[] } {
  const wanted = new Set([output]);
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => wanted.has(name))) return false;
    for (const name of readBy(node)) wanted.add(name);
    return true;
  });
  return { nodes: nodes.reverse(), constants: graph.constants.filter(({ name }) => wanted.has(name)) };
}

/** Names that a node reads, those that its inner graphs take from outside among them. */
function readBy(node: GraphNode): string[] {
  const inner = Object.values(node.attributes ?? {}).flatMap((attribute) => {
    const graph = innerOf(attribute);
    return graph === undefined ? [] : [...graph.nodes.flatMap(readBy), ...graph.outputs.map(({ name }) => name)];
  });
  return [...node.inputs, ...inner].filter((name) => name !== "");
}

function innerOf(attribute: Attribute): Graph | undefined {
  return typeof attribute === "object" && "graph" in attribute ? attribute.graph : undefined;
}
