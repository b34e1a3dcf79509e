import { dataTypes, type DataType } from "../model.ts";
import { axisOf, broadcastShape, sizeOf } from "./shapes.ts";
import { expand, reshape, sumTo } from "./shaping.ts";
import { apply, scalar, type Variable } from "./tape.ts";

export function add(a: Variable, b: Variable): Variable {
  return apply("Add", [a, b], broadcastShape(a.shape, b.shape, "add"), (dy) => [sumTo(dy, a.shape), sumTo(dy, b.shape)]);
}

export function subtract(a: Variable, b: Variable): Variable {
  return apply("Sub", [a, b], broadcastShape(a.shape, b.shape, "subtract"), (dy) => [sumTo(dy, a.shape), sumTo(negate(dy), b.shape)]);
}

export function multiply(a: Variable, b: Variable): Variable {
  return apply("Mul", [a, b], broadcastShape(a.shape, b.shape, "multiply"), (dy) => [
    sumTo(multiply(dy, b), a.shape),
    sumTo(multiply(dy, a), b.shape),
  ]);
}

export function divide(a: Variable, b: Variable): Variable {
  return apply("Div", [a, b], broadcastShape(a.shape, b.shape, "divide"), (dy, y) => {
    const quotient = divide(dy, b);
    return [sumTo(quotient, a.shape), sumTo(negate(multiply(quotient, y)), b.shape)];
  });
}

export function negate(x: Variable): Variable {
  return apply("Neg", [x], x.shape, (dy) => [negate(dy)]);
}

export function squareRoot(x: Variable): Variable {
  return apply("Sqrt", [x], x.shape, (dy, y) => [divide(dy, scale(y, 2))]);
}

/** x * factor */
export function scale(x: Variable, factor: number): Variable {
  return multiply(x, scalar(x, factor));
}

/** x + amount */
export function shift(x: Variable, amount: number): Variable {
  return add(x, scalar(x, amount));
}

/** Keeps x within least..most; where it was cut off, no gradient flows back. */
export function clip(x: Variable, least: number, most: number): Variable {
  return apply("Clip", [x, scalar(x, least), scalar(x, most)], x.shape, (dy, y) => [multiply(dy, equal(x, y))]);
}

/** 1 where a and b are equal, else 0. Without a gradient. */
export function equal(a: Variable, b: Variable): Variable {
  const shape = broadcastShape(a.shape, b.shape, "equal");
  return cast(a.tape.emit("Equal", [a, b], [shape], { type: "bool" })[0]!, a.type);
}

const FLOATING: ReadonlySet<DataType> = new Set(["float16", "float", "double"]);

/** x with elements of another type. Gradients flow between floating types only. */
export function cast(x: Variable, type: DataType): Variable {
  const { tape, shape } = x;
  if (x.type === type) return x;
  const output = tape.emit("Cast", [x], [shape], { type, attributes: { to: dataTypes[type] } })[0]!;
  if (FLOATING.has(type) && FLOATING.has(x.type))
    tape.remember({ inputs: [x], outputs: [output], backward: ([dy]) => [cast(dy!, x.type)] });
  return output;
}

/** Mean over one axis, which is left out of the result unless `keep`. */
export function mean(x: Variable, axis: number, { keep = false } = {}): Variable {
  const at = axisOf(x.shape, axis);
  const length = x.shape[at]!;
  const kept = x.shape.with(at, 1);
  const shape = keep ? kept : x.shape.toSpliced(at, 1);
  const backward = (dy: Variable): Variable[] => [expand(reshape(scale(dy, 1 / length), kept), x.shape)];
  return apply("ReduceMean", [x], shape, backward, { axes: [at], keepdims: keep ? 1 : 0 });
}

/** Mean of all elements, a scalar. */
export function meanOfAll(x: Variable): Variable {
  const ones = x.shape.map(() => 1);
  const backward = (dy: Variable): Variable[] => [expand(reshape(scale(dy, 1 / sizeOf(x.shape)), ones), x.shape)];
  return apply("ReduceMean", [x], [], backward, { keepdims: 0 });
}
