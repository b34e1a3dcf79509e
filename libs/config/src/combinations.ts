import { assetClasses, strategies, type AssetClass } from "@tradewind/core";
import { brokers } from "./instruments/registry.ts";

/** How a variant runs. `futures` is `live` on asset class futures. */
export const modes = ["live", "paper", "backtest", "futures"] as const;
export type Mode = (typeof modes)[number];

/** One point of the matrix broker x strategy x mode x asset class. Every strategy goes with every rest. */
export interface Combination {
  readonly broker: string;
  readonly strategy: string;
  readonly mode: Mode;
  readonly asset_class: AssetClass;
}

export type CombinationCheck = { readonly runs: true } | { readonly runs: false; readonly reason: string; readonly nearest: Combination };

/**
 * What giving up a choice costs when looking for the nearest valid one. The market a person asked for and
 * the way to trade it weigh more than where; two cheap changes never beat one that keeps the rest.
 */
const changeCost = { broker: 2, asset_class: 3, mode: 4 } as const;

/** The asset classes a broker offers. */
export function assetClassesOf(broker: string): readonly AssetClass[] {
  return assetClasses.filter((assetClass) => brokers[broker]?.markets[assetClass] !== undefined);
}

function refusal({ broker, mode, asset_class }: Combination): string | undefined {
  const offered = assetClassesOf(broker);
  if (!offered.includes(asset_class)) return `${broker} has no ${asset_class}; it has ${offered.join(", ")}`;
  if (mode === "futures" && asset_class !== "futures") return `mode futures trades asset class futures, not ${asset_class}`;
  return undefined;
}

/** Whether a combination can run; if not, why, and the valid one nearest to it. */
export function checkCombination(wanted: Combination): CombinationCheck {
  const reason = refusal(wanted);
  if (reason === undefined) return { runs: true };
  const candidates = Object.keys(brokers).flatMap((broker) =>
    modes.flatMap((mode) => assetClasses.map((asset_class) => ({ broker, strategy: wanted.strategy, mode, asset_class }))),
  );
  const cost = (c: Combination): number =>
    (c.broker === wanted.broker ? 0 : changeCost.broker) +
    (c.asset_class === wanted.asset_class ? 0 : changeCost.asset_class) +
    (c.mode === wanted.mode ? 0 : changeCost.mode);
  const valid = candidates.filter((candidate) => refusal(candidate) === undefined);
  const nearest = valid.reduce((best, candidate) => (cost(candidate) < cost(best) ? candidate : best));
  return { runs: false, reason, nearest };
}

/** Every combination of the registries, in their order. */
export function allCombinations(): readonly Combination[] {
  return Object.keys(brokers).flatMap((broker) =>
    Object.keys(strategies).flatMap((strategy) =>
      modes.flatMap((mode) => assetClasses.map((asset_class) => ({ broker, strategy, mode, asset_class }))),
    ),
  );
}
