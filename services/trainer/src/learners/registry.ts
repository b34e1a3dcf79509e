import { inputFailure } from "@tradewind/core";
import { nearest } from "@tradewind/config";
import { dqn } from "../rl/learner.ts";
import { ensembleOf } from "./ensemble.ts";
import { gbdt } from "./gbdt.ts";
import type { LearnerFamily } from "./learner.ts";
import { metaOf } from "./meta.ts";
import { nets } from "./net.ts";

const all: readonly LearnerFamily[] = [...nets, gbdt, dqn, ensembleOf(findFamily), metaOf(findFamily)];

/** Every family that can be trained, by name. */
export const families: Readonly<Record<string, LearnerFamily>> = Object.fromEntries(all.map((family) => [family.name, family]));

/** The family called `name`. Throws `UNKNOWN_FAMILY`. */
export function findFamily(name: string): LearnerFamily {
  const found = Object.hasOwn(families, name) ? families[name] : undefined;
  if (found !== undefined) return found;
  const near = nearest(name, Object.keys(families));
  const hint = near === undefined ? "" : `; did you mean ${near}?`;
  throw inputFailure("UNKNOWN_FAMILY", `there is no family "${name}"${hint || `; there are ${Object.keys(families).join(", ")}`}`);
}
