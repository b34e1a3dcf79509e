import { inputFailure } from "@tradewind/core";
import { joinMembers, writeJoint, type JointAbout } from "./joint-graph.ts";
import type { MemberFile } from "./members.ts";

export interface VotingMember extends MemberFile {
  /** Its share of the vote, against the sum of all. */
  readonly weight: number;
}

/**
 * Several classifiers as one `.onnx` file: the weighted mean of their probabilities, and each member's own as
 * `p_<name>`. Members may be of any maker. Throws as `readMembers`, `COMPOSE_OPSET`, and `COMPOSE_WEIGHTS`.
 */
export function ensembleModel({
  members,
  about,
}: {
  readonly members: readonly VotingMember[];
  readonly about: JointAbout;
}): Uint8Array<ArrayBuffer> {
  const joint = joinMembers(members);
  const shares = sharesOf(members.map(({ weight }) => weight));
  const { builder, predictions } = joint;
  const weighted = predictions.map((prediction, i) => builder.add("Mul", [prediction, builder.constant([], Float32Array.of(shares[i]!))]));
  const sum = weighted.length === 1 ? weighted[0]! : builder.add("Sum", weighted);
  const notes = { ...about.notes, weights: JSON.stringify(shares) };
  return writeJoint(joint, sum, { ...about, notes });
}

/** The mean of what the members say, [rows x classes], by their weights: what `ensembleModel` computes. */
export function weightedVote(predictions: readonly Float32Array[], weights: readonly number[]): Float32Array {
  const shares = sharesOf(weights);
  return Float32Array.from(predictions[0]!, (_, i) => predictions.reduce((sum, own, m) => sum + own[i]! * shares[m]!, 0));
}

/** Weights as shares of 1. Throws `COMPOSE_WEIGHTS` unless they are finite, none below 0 and one above. */
function sharesOf(weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (!(sum > 0 && sum < Infinity) || weights.some((weight) => !(weight >= 0)))
    throw inputFailure("COMPOSE_WEIGHTS", `weights of a joint model are ${weights.join(", ")}; give numbers from 0 on, one of them above`);
  return weights.map((weight) => weight / sum);
}
