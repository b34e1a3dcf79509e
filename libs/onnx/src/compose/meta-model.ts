import { inputFailure } from "@tradewind/core";
import { joinMembers, writeJoint, type JointAbout } from "./joint-graph.ts";
import type { MemberFile } from "./members.ts";
import { headInputs, LEAST_PROBABILITY, type MetaHead } from "./meta-head.ts";
import { addRegimes } from "./regimes.ts";

/**
 * Members and the head trained over them as one `.onnx` file: raw matrix in, `probabilities` of the head and, beside
 * it, each member's own as `p_<name>`. Throws as `readMembers`, `COMPOSE_OPSET`, and `COMPOSE_HEAD` when the head was
 * trained for other members or classes.
 */
export function metaModel({
  members,
  head,
  about,
}: {
  readonly members: readonly MemberFile[];
  readonly head: MetaHead;
  readonly about: JointAbout;
}): Uint8Array<ArrayBuffer> {
  const joint = joinMembers(members);
  const { builder, classes, flat, predictions } = joint;
  const inputs = headInputs(members.length, classes.length, head.regimes.length);
  const names = members.map(({ name }) => name).join(", ");
  if (head.members.join(", ") !== names || head.classes.join() !== classes.join() || head.weights.length !== inputs * classes.length)
    throw inputFailure(
      "COMPOSE_HEAD",
      `the head was trained over ${head.members.join(", ")} for ${head.classes.join(", ")}, the members are ${names} for ${classes.join(", ")}; give those, in that order`,
    );
  const number = (value: number): string => builder.constant([], Float32Array.of(value));
  const said = predictions.length === 1 ? predictions[0]! : builder.add("Concat", predictions, { axis: 1 });
  const logs = builder.add("Log", [builder.add("Clip", [said, number(LEAST_PROBABILITY), number(1)])]);
  const regimes = addRegimes(builder, joint.members[0]!.inspected.metadata.matrix, flat, head.regimes);
  const terms = [logs, ...regimes.map((regime) => builder.add("Mul", [logs, regime])), ...regimes];
  const all = terms.length === 1 ? logs : builder.add("Concat", terms, { axis: 1 });
  const bias = head.weights.length - classes.length;
  const scores = builder.add("Gemm", [
    all,
    builder.constant([inputs - 1, classes.length], head.weights.slice(0, bias)),
    builder.constant([classes.length], head.weights.slice(bias)),
  ]);
  return writeJoint(joint, builder.add("Softmax", [scores], { axis: 1 }), about);
}
