import { inputFailure } from "@tradewind/core";
import { nearest } from "@tradewind/config";
import type { LearnerFamily, Settings } from "./learner.ts";

/** The settings of a family with its defaults filled in. Throws `UNKNOWN_SETTING` and `BAD_SETTING`. */
export function completeSettings(family: Pick<LearnerFamily, "name" | "settings">, given: Readonly<Record<string, unknown>>): Settings {
  const known = Object.keys(family.settings);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const hint = near === undefined ? `it has ${known.join(", ") || "none"}` : `did you mean ${near}?`;
    throw inputFailure("UNKNOWN_SETTING", `family ${family.name} has no setting "${name}"; ${hint}`);
  }
  return Object.fromEntries(
    Object.entries(family.settings).map(([name, { default: usual, min, max, whole }]) => {
      const value = given[name] ?? usual;
      if (typeof value !== "number" || !(value >= min && value <= max) || (whole === true && !Number.isInteger(value)))
        throw inputFailure(
          "BAD_SETTING",
          `setting ${name} of family ${family.name} is ${JSON.stringify(value)}; it must be a ${whole === true ? "whole " : ""}number from ${min} to ${max}`,
        );
      return [name, value];
    }),
  );
}

/** What `--epochs` says, as the family calls it. */
export function lengthOf({ lengthSetting }: LearnerFamily, length: number | undefined): Readonly<Record<string, number>> {
  return length === undefined || lengthSetting === undefined ? {} : { [lengthSetting]: length };
}
