import { lookUp } from "../../indicators/parameters.ts";
import type { LabelDefinition } from "../label.ts";
import { forwardReturn } from "./forward-return.ts";
import { tripleBarrier } from "./triple-barrier.ts";

const all = [forwardReturn, tripleBarrier];

/** Every label rule by name. */
export const labelRules: Readonly<Record<string, LabelDefinition>> = Object.fromEntries(all.map((rule) => [rule.name, rule]));

/** The label rule called `name`. Throws `UNKNOWN_LABEL`. */
export function findLabelRule(name: string): LabelDefinition {
  return lookUp(labelRules, name, "label rule", "UNKNOWN_LABEL");
}
