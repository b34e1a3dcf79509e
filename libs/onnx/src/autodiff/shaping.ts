import { axisOf, sameShape, shapeFailure, sizeOf } from "./shapes.ts";
import { apply, wholes, type Variable } from "./tape.ts";

/** The first length is left to the runtime, so that a graph with a free batch takes any number of rows. */
export function reshape(x: Variable, shape: readonly number[]): Variable {
  if (sizeOf(shape) !== sizeOf(x.shape)) throw shapeFailure("reshape", x.shape, shape);
  if (sameShape(x.shape, shape)) return x;
  const lengths = shape.map((length, axis) => (axis === 0 ? -1 : length));
  return apply("Reshape", [x, wholes(x.tape, lengths)], shape, (dy) => [reshape(dy, x.shape)]);
}

/** Axis i of the result is axis order[i] of x. */
export function transpose(x: Variable, order: readonly number[]): Variable {
  const shape = order.map((axis) => x.shape[axis]!);
  const back = order.map((_, axis) => order.indexOf(axis));
  return apply("Transpose", [x], shape, (dy) => [transpose(dy, back)], { perm: order });
}

/** Stretches lengths of 1 to those of `shape`. */
export function expand(x: Variable, shape: readonly number[]): Variable {
  if (sameShape(x.shape, shape)) return x;
  return apply("Expand", [x, wholes(x.tape, shape)], shape, (dy) => [sumTo(dy, x.shape)]);
}

/** Sums over the axes on which `shape` was stretched to that of x: the opposite of `expand`. */
export function sumTo(x: Variable, shape: readonly number[]): Variable {
  if (sameShape(x.shape, shape)) return x;
  const added = x.shape.length - shape.length;
  const axes = x.shape.flatMap((length, axis) => (axis < added || (shape[axis - added] === 1 && length !== 1) ? [axis] : []));
  const kept = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const sums = apply("ReduceSum", [x, wholes(x.tape, axes)], kept, (dy) => [expand(dy, x.shape)], { keepdims: 1 });
  return reshape(sums, shape);
}

/** Elements from..to (without `to`) of one axis. */
export function slice(x: Variable, axis: number, from: number, to: number): Variable {
  const { tape, shape } = x;
  const at = axisOf(shape, axis);
  const bounds = [[from], [to], [at]].map((values) => wholes(tape, values));
  return apply("Slice", [x, ...bounds], shape.with(at, to - from), (dy) => [pad(dy, at, from, shape[at]! - to)]);
}

/** Zeros before and after on one axis. */
export function pad(x: Variable, axis: number, before: number, after: number): Variable {
  const { tape, shape } = x;
  const at = axisOf(shape, axis);
  const length = shape[at]!;
  const rank = shape.length;
  const amounts = Array<number>(2 * rank)
    .fill(0)
    .with(at, before)
    .with(rank + at, after);
  const padded = shape.with(at, before + length + after);
  return apply("Pad", [x, wholes(tape, amounts)], padded, (dy) => [slice(dy, at, before, before + length)]);
}

export function concat(parts: readonly Variable[], axis: number): Variable {
  const first = parts[0]!;
  const at = axisOf(first.shape, axis);
  const lengths = parts.map(({ shape }) => shape[at]!);
  const shape = first.shape.with(
    at,
    lengths.reduce((sum, length) => sum + length, 0),
  );
  return apply("Concat", parts, shape, (dy) => split(dy, lengths, at), { axis: at });
}

/** Parts of the given lengths along one axis. */
export function split(x: Variable, lengths: readonly number[], axis: number): Variable[] {
  const shapes = lengths.map((length) => x.shape.with(axis, length));
  const parts = x.tape.emit("Split", [x, wholes(x.tape, lengths)], shapes, { attributes: { axis } });
  x.tape.remember({ inputs: [x], outputs: parts, backward: (gradients) => [concat(gradients, axis)] });
  return parts;
}
