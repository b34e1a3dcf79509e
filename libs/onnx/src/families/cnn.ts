import { relu } from "../autodiff/activation.ts";
import { mean } from "../autodiff/arithmetic.ts";
import { convolution, dense } from "./blocks.ts";
import type { NetFamily } from "./family.ts";

/** Finds short patterns wherever in the window they stand: two convolutions over time, their mean, one dense layer. */
export const cnn: NetFamily<"first_filters" | "second_filters" | "half_width"> = {
  name: "cnn",
  doc: "two convolutions over time and their mean; for short patterns anywhere in the window",
  objective: "classes",
  settings: {
    first_filters: { default: 32, min: 1, max: 512, doc: "filters of the first convolution" },
    second_filters: { default: 64, min: 1, max: 512, doc: "filters of the second convolution" },
    half_width: { default: 1, min: 0, max: 8, doc: "steps that a filter sees to each side: 1 sees three at once" },
  },
  forward(source, x, outputs, { first_filters, second_filters, half_width }) {
    const width = 2 * half_width + 1;
    const near = relu(convolution(source, "first", x, first_filters, width));
    const wider = relu(convolution(source, "second", near, second_filters, width));
    return dense(source, "head", mean(wider, 1), outputs);
  },
};
