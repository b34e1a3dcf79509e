import { Failure } from "@tradewind/core";
import { add } from "./arithmetic.ts";
import { sizeOf } from "./shapes.ts";
import { numbers, scalar, type Variable } from "./tape.ts";

/**
 * dL/d(variable) for each variable, by walking the tape from its end and applying the chain rule. `loss` is a scalar.
 * Gradients are written with the same operations, on the same tape. Throws `GRADIENT_LOSS`, `GRADIENT_UNREACHED`.
 */
export function gradients(loss: Variable, variables: readonly Variable[]): Variable[] {
  const { tape, name, shape } = loss;
  if (shape.length > 0) throw new Failure("bug", "GRADIENT_LOSS", `"${name}" is no scalar but [${shape.join(", ")}]`);
  const entries = tape.entries.slice();
  const dependent = new Set<Variable>(variables);
  for (const { inputs, outputs } of entries)
    if (inputs.some((input) => dependent.has(input))) for (const output of outputs) dependent.add(output);

  const sums = new Map<Variable, Variable>([[loss, scalar(loss, 1)]]);
  for (const { inputs, outputs, backward } of entries.toReversed()) {
    if (!outputs.some((output) => dependent.has(output) && sums.has(output))) continue;
    const arriving = outputs.map((output) => sums.get(output) ?? zerosLike(output));
    for (const [i, gradient] of backward(arriving).entries()) {
      const input = inputs[i]!;
      if (gradient === undefined || !dependent.has(input)) continue;
      const before = sums.get(input);
      sums.set(input, before === undefined ? gradient : add(before, gradient));
    }
  }
  return variables.map((variable) => {
    const sum = sums.get(variable);
    if (sum === undefined) throw new Failure("bug", "GRADIENT_UNREACHED", `"${name}" does not depend on "${variable.name}"`);
    return sum;
  });
}

function zerosLike({ tape, shape, type }: Variable): Variable {
  return numbers(tape, shape, new Float32Array(sizeOf(shape)), type);
}
