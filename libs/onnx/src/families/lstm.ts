import { dense, memory } from "./blocks.ts";
import type { NetFamily } from "./family.ts";

/** Reads the window step by step, the oldest first, and judges by what it remembers at its end. */
export const lstm: NetFamily<"hidden"> = {
  name: "lstm",
  doc: "reads the window step by step and judges by what it remembers; for patterns that unfold in order",
  objective: "classes",
  settings: { hidden: { default: 64, min: 1, max: 512, doc: "numbers it remembers from step to step" } },
  forward(source, x, outputs, { hidden }) {
    return dense(source, "head", memory(source, "memory", x, hidden), outputs);
  },
};
