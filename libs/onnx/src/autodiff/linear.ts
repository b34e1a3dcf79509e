import { broadcastShape, shapeFailure } from "./shapes.ts";
import { reshape, sumTo, transpose } from "./shaping.ts";
import { apply, type Variable } from "./tape.ts";

/** Matrix product of the last two axes; the axes before them are broadcast. */
export function matmul(a: Variable, b: Variable): Variable {
  const [rows, inner, columns] = [a.shape.at(-2), a.shape.at(-1), b.shape.at(-1)];
  if (rows === undefined || columns === undefined || inner !== b.shape.at(-2)) throw shapeFailure("matmul", a.shape, b.shape);
  const stack = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2), "matmul");
  return apply("MatMul", [a, b], [...stack, rows, columns], (dy) => [
    sumTo(matmul(dy, swapLast(b)), a.shape),
    sumTo(matmul(swapLast(a), dy), b.shape),
  ]);
}

function swapLast(x: Variable): Variable {
  const last = x.shape.length - 1;
  const order = [...x.shape.keys()].with(last, last - 1).with(last - 1, last);
  return transpose(x, order);
}

/** x [..., in] times weight [in, out] plus bias [out], as one matrix product over all rows. */
export function linear(x: Variable, weight: Variable, bias: Variable): Variable {
  const [inner, columns] = weight.shape;
  if (weight.shape.length !== 2 || x.shape.at(-1) !== inner || bias.shape[0] !== columns)
    throw shapeFailure("linear", x.shape, weight.shape, bias.shape);
  if (x.shape.length === 2) return gemm(x, weight, bias);
  const rows = x.shape.slice(0, -1).reduce((product, length) => product * length, 1);
  return reshape(gemm(reshape(x, [rows, inner!]), weight, bias), [...x.shape.slice(0, -1), columns!]);
}

function gemm(x: Variable, weight: Variable, bias: Variable): Variable {
  const product = (a: Variable, b: Variable, shape: readonly number[], flag: "transA" | "transB"): Variable =>
    x.tape.emit("Gemm", [a, b], [shape], { attributes: { [flag]: 1 } })[0]!;
  return apply("Gemm", [x, weight, bias], [x.shape[0]!, weight.shape[1]!], (dy) => [
    product(dy, weight, x.shape, "transB"),
    product(x, dy, weight.shape, "transA"),
    sumTo(dy, bias.shape),
  ]);
}
