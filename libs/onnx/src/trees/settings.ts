import { inputFailure } from "@tradewind/core";

/** Bounds of a setting of boosted trees. */
interface Bounds {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Whole numbers only. */
  readonly whole?: true;
  readonly doc: string;
}

/** What can be set of boosted trees. */
export const gbdtSettings = {
  rounds: { default: 100, min: 1, max: 5000, whole: true, doc: "trees per class" },
  leaves: { default: 31, min: 2, max: 1024, whole: true, doc: "leaves of a tree at most" },
  learning_rate: { default: 0.1, min: 0.001, max: 1, doc: "share of each leaf's best value that is taken" },
  l2: { default: 1, min: 0, max: 10_000, doc: "weight added to each leaf, which pulls its value to 0" },
  min_leaf_weight: { default: 5, min: 0.001, max: 1e6, doc: "least sum of p (1 - p) over the rows of a leaf" },
  min_gain: { default: 0, min: 0, max: 1e6, doc: "least gain of a split" },
  bins: { default: 64, min: 2, max: 256, whole: true, doc: "bins per number of the matrix, by quantile of the training rows" },
  row_share: { default: 1, min: 0.05, max: 1, doc: "share of rows drawn for each round" },
  feature_share: { default: 1, min: 0.01, max: 1, doc: "share of the matrix's numbers drawn for each tree" },
  patience: { default: 20, min: 1, max: 5000, whole: true, doc: "rounds without a better validation loss before it stops" },
} as const satisfies Readonly<Record<string, Bounds>>;

export type GbdtSettingName = keyof typeof gbdtSettings;
export type GbdtSettings = Readonly<Record<GbdtSettingName, number>>;

/** Defaults filled in. Throws `GBDT_SETTING` for a name or value that is not in `gbdtSettings`. */
export function completeGbdtSettings(given: Readonly<Record<string, number>> = {}): GbdtSettings {
  const names = Object.keys(gbdtSettings) as GbdtSettingName[];
  const stranger = Object.keys(given).find((name) => !Object.hasOwn(gbdtSettings, name));
  if (stranger !== undefined)
    throw inputFailure("GBDT_SETTING", `boosted trees have no setting "${stranger}"; they have ${names.join(", ")}`);
  const complete = names.map((name): [GbdtSettingName, number] => {
    const { default: usual, min, max, whole }: Bounds = gbdtSettings[name];
    const value = given[name] ?? usual;
    if (!(value >= min && value <= max) || (whole && !Number.isInteger(value)))
      throw inputFailure("GBDT_SETTING", `${name} is ${value}; it must be a ${whole ? "whole " : ""}number from ${min} to ${max}`);
    return [name, value];
  });
  return Object.fromEntries(complete) as GbdtSettings;
}
