import { matrixSize } from "@tradewind/core";
import type { ModelAbout } from "../about.ts";
import { graphBuilder, type GraphBuilder } from "../graph-builder.ts";
import { metadataProperties } from "../metadata.ts";
import { writeModel } from "../write-model.ts";
import { readMembers, type Member, type MemberFile } from "./members.ts";
import { needed, renamed } from "./nodes.ts";
import { jointOpsets, raiseOpsets } from "./opsets.ts";

/** What a joint file says of itself; feature matrix and classes are those of its members. */
export type JointAbout = Omit<ModelAbout, "matrix">;

/** A graph in the making whose first part is done: the members run on its input. */
export interface JointGraph {
  readonly builder: GraphBuilder;
  /** The input with one row per matrix, [batch, matrix size]. */
  readonly flat: string;
  readonly members: readonly Member[];
  /** Probabilities of each member, [batch, classes], in the order of `classes`. */
  readonly predictions: readonly string[];
  readonly classes: readonly string[];
}

/** Puts the members side by side into one graph, each under its name. Throws as `readMembers` and `raiseOpsets`. */
export function joinMembers(files: readonly MemberFile[]): JointGraph {
  const members = readMembers(files);
  const { matrix, labels: classes } = members[0]!.inspected.metadata;
  const joint = jointOpsets(members.map(({ model }) => model));
  const builder = graphBuilder("joint");
  const input = builder.input("matrix", "float", ["batch", matrix.timeframes.length, matrix.window, matrix.features.length]);
  const flat = builder.add("Reshape", [input, builder.whole([-1, matrixSize(matrix)])]);
  const predictions = members.map((member) => {
    const given = graft(builder, member, flat, joint);
    const order = classes.map((label) => member.inspected.metadata.labels.indexOf(label));
    return order.every((from, to) => from === to) ? given : builder.add("Gather", [given, builder.whole(order)], { axis: 1 });
  });
  return { builder, flat, members, predictions, classes };
}

/** Takes the part of a member that makes its probabilities into the graph; gives the value that holds them. */
function graft(builder: GraphBuilder, { name, model, inspected }: Member, flat: string, joint: Readonly<Record<string, number>>): string {
  const { input, output, rowShape } = inspected.signature;
  const part = needed(model.graph, output);
  const raised = raiseOpsets(part.nodes, model, joint, name);
  const fed = rowShape.length === 1 ? flat : builder.add("Reshape", [flat, builder.whole([-1, ...rowShape])]);
  const rename = (value: string): string => (value === input ? fed : `${name}/${value}`);
  const graph = { ...model.graph, inputs: [], outputs: [], nodes: raised.nodes, constants: [...part.constants, ...raised.constants] };
  const own = renamed(graph, rename);
  builder.include(own.nodes, own.constants);
  return rename(output);
}

/**
 * The file: `probabilities` and, beside it, what each member says as `p_<name>`. It expires no later than any of its
 * members, and names them in its notes.
 */
export function writeJoint(
  { builder, members, predictions, classes }: JointGraph,
  probabilities: string,
  about: JointAbout,
): Uint8Array<ArrayBuffer> {
  const shape = ["batch", classes.length];
  builder.output("probabilities", probabilities, "float", shape);
  for (const [i, { name }] of members.entries()) builder.output(`p_${name}`, predictions[i]!, "float", shape);
  const { "": opset, ...opsets } = jointOpsets(members.map(({ model }) => model));
  const { matrix } = members[0]!.inspected.metadata;
  const expiries = [about.expiresAt, ...members.map(({ inspected }) => inspected.metadata.expiresAt)].filter((time) => time !== undefined);
  return writeModel({
    graph: builder.finish(),
    opset: opset!,
    opsets,
    producer: "tradewind",
    producerVersion: "1",
    metadata: metadataProperties({
      ...about,
      matrix,
      labels: classes,
      notes: { ...about.notes, members: JSON.stringify(members.map(described)) },
      ...(expiries.length > 0 && { expiresAt: Math.min(...expiries) }),
    }),
  });
}

function described({ name, inspected: { sha256, metadata } }: Member): Record<string, string> {
  return { name, version: metadata.version, sha256 };
}
