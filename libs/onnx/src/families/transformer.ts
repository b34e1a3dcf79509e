import { Failure, inputFailure } from "@tradewind/core";
import { relu, softmax } from "../autodiff/activation.ts";
import { add, mean, scale } from "../autodiff/arithmetic.ts";
import { matmul } from "../autodiff/linear.ts";
import { reshape, transpose } from "../autodiff/shaping.ts";
import type { Variable } from "../autodiff/tape.ts";
import { dense, normed } from "./blocks.ts";
import type { NetFamily, ParameterSource } from "./family.ts";
import { normal } from "./initial.ts";

const POSITION_DEVIATION = 0.1;

/** Lets every step of the window look at every other: pre-norm encoder blocks, then the mean over time. */
export const transformer: NetFamily<"width" | "heads" | "blocks" | "feed_forward"> = {
  name: "transformer",
  doc: "lets every step of the window look at every other; for patterns whose parts stand far apart",
  objective: "classes",
  settings: {
    width: { default: 32, min: 1, max: 512, doc: "numbers per step; a multiple of heads" },
    heads: { default: 4, min: 1, max: 16, doc: "ways in which steps look at each other" },
    blocks: { default: 2, min: 1, max: 12, doc: "encoder blocks, one after the other" },
    feed_forward: { default: 64, min: 1, max: 2048, doc: "inner numbers of each block's dense part" },
  },
  forward(source, x, outputs, { width, heads, blocks, feed_forward }) {
    if (width % heads !== 0) throw inputFailure("NET_SETTING", `transformer.width is ${width}; it must be a multiple of heads, ${heads}`);
    const time = x.shape[1]!;
    const embedded = dense(source, "embed", x, width);
    let h = add(embedded, source.parameter("position", [1, time, width], normal(POSITION_DEVIATION)));
    for (let block = 0; block < blocks; block++) {
      const name = `block${block}`;
      h = add(h, attention(source, `${name}.attention`, normed(source, `${name}.attention_norm`, h), heads));
      const inner = relu(dense(source, `${name}.inner`, normed(source, `${name}.inner_norm`, h), feed_forward));
      h = add(h, dense(source, `${name}.outer`, inner, width));
    }
    return dense(source, "head", mean(normed(source, "final_norm", h), 1), outputs);
  },
};

/** Multi-head scaled dot-product self-attention over [batch, time, width]. */
function attention(source: ParameterSource, name: string, x: Variable, heads: number): Variable {
  const [batch, time, width] = x.shape;
  if (batch === undefined || time === undefined || width === undefined)
    throw new Failure("bug", "TENSOR_SHAPE", "attention needs three axes");
  const headWidth = width / heads;
  const perHead = (part: string, order: readonly number[]): Variable =>
    transpose(reshape(dense(source, `${name}.${part}`, x, width), [batch, time, heads, headWidth]), order);
  const query = perHead("query", [0, 2, 1, 3]);
  const key = perHead("key", [0, 2, 3, 1]);
  const value = perHead("value", [0, 2, 1, 3]);
  const weights = softmax(scale(matmul(query, key), 1 / Math.sqrt(headWidth)));
  const mixed = transpose(matmul(weights, value), [0, 2, 1, 3]);
  return dense(source, `${name}.mix`, reshape(mixed, [batch, time, width]), width);
}
