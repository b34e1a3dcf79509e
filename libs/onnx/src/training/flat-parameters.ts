import { Failure } from "@tradewind/core";
import { sizeOf } from "../autodiff/shapes.ts";
import { reshape, split } from "../autodiff/shaping.ts";
import { numbers, type Tape, type Variable } from "../autodiff/tape.ts";
import type { ParameterSource, ParameterSpec } from "../families/family.ts";

export function countOf(specs: readonly ParameterSpec[]): number {
  return specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** Parameters cut out of one vector inside the graph: its gradient is then one vector too, and the optimiser needs no more. */
export function trainedParameters(flat: Variable, specs: readonly ParameterSpec[]): ParameterSource {
  const lengths = specs.map(({ shape }) => sizeOf(shape));
  const parts = split(flat, lengths, 0);
  return inOrder(specs, (spec, i) => reshape(parts[i]!, spec.shape));
}

/** Parameters as constants of a graph. */
export function servedParameters(
  tape: Tape,
  theta: Float32Array,
  specs: readonly ParameterSpec[],
  type: "float" | "float16",
): ParameterSource {
  let offset = 0;
  const parts = specs.map(({ shape }) => numbers(tape, shape, theta.subarray(offset, (offset += sizeOf(shape))), type));
  return inOrder(specs, (_spec, i) => parts[i]!);
}

/** A family asks for its parameters in the same order each time. */
function inOrder(specs: readonly ParameterSpec[], get: (spec: ParameterSpec, i: number) => Variable): ParameterSource {
  let next = 0;
  return {
    parameter(name) {
      const i = next++;
      const spec = specs[i];
      if (spec?.name !== name) throw new Failure("bug", "NET_PARAMETER", `the net asks for "${name}" where "${spec?.name}" was expected`);
      return get(spec, i);
    },
  };
}
