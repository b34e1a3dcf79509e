import { cast, multiply, subtract } from "./arithmetic.ts";
import { sumTo } from "./shaping.ts";
import { apply, scalar, type Variable } from "./tape.ts";

/** max(0, x) */
export function relu(x: Variable): Variable {
  // y is never below 0, so as a truth value it says where x passed; that is twice as quick here as its sign.
  return apply("Relu", [x], x.shape, (dy, y) => [multiply(dy, cast(cast(y, "bool"), y.type))]);
}

/** 1 / (1 + exp(-x)) */
export function sigmoid(x: Variable): Variable {
  return apply("Sigmoid", [x], x.shape, (dy, y) => [multiply(dy, subtract(y, multiply(y, y)))]);
}

export function tanh(x: Variable): Variable {
  return apply("Tanh", [x], x.shape, (dy, y) => [multiply(dy, subtract(scalar(y, 1), multiply(y, y)))]);
}

/** exp(x) over its sum along the last axis. */
export function softmax(x: Variable): Variable {
  return apply(
    "Softmax",
    [x],
    x.shape,
    (dy, y) => {
      const weighted = sumTo(multiply(dy, y), x.shape.with(x.shape.length - 1, 1));
      return [multiply(subtract(dy, weighted), y)];
    },
    { axis: -1 },
  );
}

/** log(softmax(x)), exact where softmax would round to 0. */
export function logSoftmax(x: Variable): Variable {
  const { tape, shape } = x;
  const backward = (dy: Variable, y: Variable): Variable[] => {
    const probabilities = tape.emit("Exp", [y], [shape])[0]!;
    return [subtract(dy, multiply(probabilities, sumTo(dy, shape.with(shape.length - 1, 1))))];
  };
  return apply("LogSoftmax", [x], shape, backward, { axis: -1 });
}
