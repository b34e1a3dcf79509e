import { operations as o } from "../../src/autodiff/registry.ts";
import { wholes, type Variable } from "../../src/autodiff/tape.ts";

/** As many as any operation takes; a case has as many as it has shapes. */
export type OperationInputs = [Variable, Variable, Variable, Variable];

/** An operation on random inputs of the given shapes, for the check of its gradient. */
export interface OperationCase {
  readonly shapes: readonly (readonly number[])[];
  readonly of: (...inputs: OperationInputs) => Variable;
  /** Inputs are drawn from 0.5..1.5, for operations that need them above 0. */
  readonly positive?: boolean;
  /** Of the finite difference. */
  readonly step?: number;
}

type Details = Pick<OperationCase, "positive" | "step">;
const on = (shapes: OperationCase["shapes"], of: OperationCase["of"], details: Details = {}): OperationCase => ({ shapes, of, ...details });

/** An operation without a line here does not type-check, and fails the test. */
export const operationCases: Readonly<Record<keyof typeof o, readonly OperationCase[]>> = {
  add: [
    on(
      [
        [4, 1],
        [1, 3],
      ],
      o.add,
    ),
    on([[], [2, 3]], o.add),
    on([[4, 3], [3]], o.add),
    on([[3], [2, 1, 3]], o.add),
  ],
  subtract: [
    on(
      [
        [4, 3],
        [4, 1],
      ],
      o.subtract,
    ),
  ],
  multiply: [
    on(
      [
        [2, 4, 3],
        [4, 1],
      ],
      o.multiply,
    ),
  ],
  divide: [
    on(
      [
        [1, 3],
        [4, 1],
      ],
      o.divide,
      { positive: true },
    ),
    on([[4, 3], [3]], o.divide, { positive: true }),
  ],
  negate: [on([[4]], o.negate)],
  squareRoot: [on([[4, 5]], o.squareRoot, { positive: true })],
  scale: [on([[4]], (x) => o.scale(x, -2.5))],
  shift: [on([[4]], (x) => o.multiply(o.shift(x, 3), x))],
  clip: [on([[12]], (x) => o.clip(x, -0.7, 0.4))],
  // Float32 in the middle rounds, so the step is large; of a square a finite difference is exact at any step.
  cast: [on([[4]], (x) => o.multiply(x, o.cast(o.shift(o.cast(x, "float"), 0), "double")), { step: 0.5 })],
  mean: [on([[3]], (x) => o.mean(x, 0)), on([[2, 3, 4]], (x) => o.mean(x, 1)), on([[2, 3, 4]], (x) => o.mean(x, -1, { keep: true }))],
  meanOfAll: [on([[2, 3]], (x) => o.meanOfAll(o.multiply(x, x)))],
  reshape: [on([[2, 6]], (x) => o.reshape(x, [3, 4]))],
  transpose: [on([[2, 3, 4]], (x) => o.transpose(x, [2, 0, 1]))],
  expand: [on([[]], (x) => o.expand(x, [2, 1])), on([[3, 1]], (x) => o.expand(x, [2, 3, 4]))],
  sumTo: [on([[1, 3]], (x) => o.sumTo(x, [1])), on([[2, 3, 4]], (x) => o.sumTo(x, [3, 1]))],
  slice: [on([[3, 6]], (x) => o.slice(x, -1, 0, 2)), on([[3, 6]], (x) => o.slice(x, 1, 2, 5))],
  pad: [on([[3, 2]], (x) => o.pad(x, -1, 1, 2)), on([[3, 2]], (x) => o.pad(x, 0, 1, 2))],
  concat: [
    on(
      [
        [3, 2],
        [3, 4],
      ],
      (a, b) => o.concat([a, b], -1),
    ),
  ],
  split: [
    on([[2, 5]], (x) => o.add(...(o.split(x, [1, 4], -1) as [Variable, Variable]))),
    on([[3, 6]], (x) => {
      const [a, b, c] = o.split(x, [2, 2, 2], 1);
      return o.add(o.multiply(a!, b!), c!);
    }),
    // One part is not used: nothing flows back from it.
    on([[3, 6]], (x) => o.tanh(o.split(x, [1, 5], 1)[1]!)),
  ],
  matmul: [
    on(
      [
        [4, 1, 3],
        [3, 1],
      ],
      o.matmul,
    ),
    on(
      [
        [4, 3],
        [3, 5],
      ],
      o.matmul,
    ),
    on(
      [
        [2, 2, 4, 3],
        [2, 2, 3, 5],
      ],
      o.matmul,
    ),
    on(
      [
        [2, 4, 3],
        [3, 2],
      ],
      o.matmul,
    ),
  ],
  linear: [on([[4, 3], [3, 5], [5]], o.linear), on([[2, 4, 3], [3, 5], [5]], o.linear)],
  relu: [on([[4, 5]], o.relu)],
  sigmoid: [on([[4, 5]], o.sigmoid)],
  tanh: [on([[4, 5]], o.tanh)],
  softmax: [on([[4, 5]], o.softmax)],
  logSoftmax: [on([[4, 5]], o.logSoftmax)],
  conv1d: [on([[1, 1, 2], [5, 2, 3], [3]], o.conv1d), on([[2, 5, 3], [3, 3, 4], [4]], o.conv1d), on([[2, 5, 3], [1, 3, 4], [4]], o.conv1d)],
  unfold: [on([[2, 5, 3]], (x) => o.unfold(x, 3))],
  lstm: [on([[2, 3, 2], [2, 12], [3, 12], [12]], o.lstm)],
  layerNorm: [on([[3, 1], [1], [1]], o.layerNorm), on([[4, 6], [6], [6]], o.layerNorm)],
  softmaxCrossEntropy: [on([[3, 4]], (x) => o.softmaxCrossEntropy(x, wholes(x.tape, [3, 0, 1])))],
  huber: [on([[12]], o.huber)],
  selected: [on([[3, 4]], (x) => o.selected(o.multiply(x, x), wholes(x.tape, [2, 0, 2])))],
};
