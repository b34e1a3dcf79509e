import { createHash } from "node:crypto";
import { Failure } from "@tradewind/core";
import { Tensor, type TypedTensor } from "onnxruntime-node";
import type { Tensors } from "./runtime.ts";

const VECTORS = ["theta", "m", "v"] as const;
type Vectors = Readonly<Record<(typeof VECTORS)[number], TypedTensor<"float32">>>;

/**
 * Weights and moments, twice: a step reads one set and writes the other, for the runtime gives wrong numbers when a
 * buffer is both its input and its output. `advance` turns them round.
 */
export interface TrainerState {
  readonly theta: Float32Array;
  readonly inputs: Tensors;
  readonly outputs: Tensors;
  advance(): void;
  copy(): { theta: Float32Array; m: Float32Array; v: Float32Array };
  /** Throws `TRAINER_SNAPSHOT` for vectors of another length. */
  replace(vectors: Readonly<Record<(typeof VECTORS)[number], Float32Array>>): void;
  /** SHA-256 of the weights, hex. */
  hash(): string;
}

export function trainerState(initial: Float32Array): TrainerState {
  const count = initial.length;
  const emptySet = (): Vectors => ({ theta: zeros(count), m: zeros(count), v: zeros(count) });
  let current = emptySet();
  let next = emptySet();
  current.theta.data.set(initial);

  return {
    get theta() {
      return current.theta.data;
    },
    get inputs() {
      return current;
    },
    get outputs() {
      return Object.fromEntries(VECTORS.map((name) => [`next_${name}`, next[name]]));
    },
    advance() {
      [current, next] = [next, current];
    },
    copy: () => ({ theta: current.theta.data.slice(), m: current.m.data.slice(), v: current.v.data.slice() }),
    replace(vectors) {
      for (const name of VECTORS) checkLength(name, vectors[name], count);
      for (const name of VECTORS) current[name].data.set(vectors[name]);
    },
    hash: () => createHash("sha256").update(current.theta.data).digest("hex"),
  };
}

export function checkLength(name: string, vector: Float32Array, count: number): void {
  if (vector.length !== count)
    throw new Failure(
      "input",
      "TRAINER_SNAPSHOT",
      `"${name}" of ${vector.length} numbers is of another net; this one has ${count} parameters`,
    );
}

function zeros(count: number): TypedTensor<"float32"> {
  return new Tensor("float32", new Float32Array(count), [count]);
}
