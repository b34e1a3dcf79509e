import { cast, clip, meanOfAll, multiply, negate, scale, subtract } from "./arithmetic.ts";
import { logSoftmax } from "./activation.ts";
import { oneHot } from "./indices.ts";
import { shapeFailure } from "./shapes.ts";
import { reshape, sumTo } from "./shaping.ts";
import type { Variable } from "./tape.ts";

/** Mean of -log softmax(scores)[label]: scores [rows, classes], labels [rows] of int64, to a scalar. */
export function softmaxCrossEntropy(scores: Variable, labels: Variable): Variable {
  return negate(meanOfAll(selected(logSoftmax(scores), labels)));
}

/** Mean Huber loss of errors: e*e/2 within -1..1, |e| - 1/2 outside. */
export function huber(errors: Variable): Variable {
  const near = clip(errors, -1, 1);
  return meanOfAll(multiply(near, subtract(errors, scale(near, 0.5))));
}

/** The number of each row that its index names: values [rows, classes], index [rows] of int64, to [rows]. */
export function selected(values: Variable, index: Variable): Variable {
  const [rows, classes] = values.shape;
  if (values.shape.length !== 2 || index.shape[0] !== rows) throw shapeFailure("selected", values.shape, index.shape);
  return reshape(sumTo(multiply(values, cast(oneHot(index, classes!), values.type)), [rows!, 1]), [rows!]);
}
