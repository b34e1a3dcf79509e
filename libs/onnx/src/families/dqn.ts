import { relu } from "../autodiff/activation.ts";
import { reshape } from "../autodiff/shaping.ts";
import { dense } from "./blocks.ts";
import type { NetFamily } from "./family.ts";

/** Values of actions in a state, for reinforcement learning: dense layers over the whole window at once. */
export const dqn: NetFamily<"first_width" | "second_width"> = {
  name: "dqn",
  doc: "values of actions from the whole window at once, learned from rewards (double DQN)",
  objective: "q_values",
  settings: {
    first_width: { default: 128, min: 1, max: 2048, doc: "numbers in the first dense layer" },
    second_width: { default: 64, min: 1, max: 2048, doc: "numbers in the second dense layer" },
  },
  forward(source, x, outputs, { first_width, second_width }) {
    const [batch, window, width] = x.shape;
    const flat = reshape(x, [batch!, window! * width!]);
    const first = relu(dense(source, "first", flat, first_width));
    return dense(source, "values", relu(dense(source, "second", first, second_width)), outputs);
  },
};
