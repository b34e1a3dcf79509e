import type { Variable } from "./tape.ts";

/** Rows with a 1 at the place that each index names: [rows] of int64 to [rows, classes]. Without a gradient. */
export function oneHot(index: Variable, classes: number): Variable {
  const { tape } = index;
  const depth = tape.constant([1], BigInt64Array.of(BigInt(classes)), "int64");
  const offAndOn = tape.constant([2], Float32Array.of(0, 1));
  return tape.emit("OneHot", [index, depth, offAndOn], [[...index.shape, classes]], { type: "float" })[0]!;
}

/** Place of the largest number of each row: [rows, classes] to [rows] of int64. Without a gradient. */
export function argMax(x: Variable): Variable {
  return x.tape.emit("ArgMax", [x], [x.shape.slice(0, -1)], { type: "int64", attributes: { axis: -1, keepdims: 0 } })[0]!;
}
