import { Failure } from "@tradewind/core";

export type Shape = readonly number[];

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, length) => product * length, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** The shape of an elementwise result: axes are lined up from the last, and a length of 1 stretches. Throws `TENSOR_SHAPE`. */
export function broadcastShape(a: Shape, b: Shape, operation: string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[a.length - rank + axis] ?? 1;
    const right = b[b.length - rank + axis] ?? 1;
    if (left !== right && left !== 1 && right !== 1) throw shapeFailure(operation, a, b);
    return Math.max(left, right);
  });
}

/** The axis counted from the front; a negative one counts from the last. */
export function axisOf(shape: Shape, axis: number): number {
  return axis < 0 ? shape.length + axis : axis;
}

export function shapeFailure(operation: string, ...shapes: readonly Shape[]): Failure {
  const listed = shapes.map((shape) => `[${shape.join(", ")}]`).join(" and ");
  return new Failure("bug", "TENSOR_SHAPE", `${operation} does not take ${listed}`);
}
