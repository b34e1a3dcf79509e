import type { IndicatorDefinition } from "../indicators/indicator.ts";
import type { ParameterValues } from "../indicators/parameters.ts";
import { indicators } from "../indicators/registry.ts";
import { inputFailure } from "../errors.ts";
import { defineStrategy, statefulStrategy, type StrategyTemplate } from "./define.ts";
import type { StrategyDefinition } from "./strategy.ts";
import { buy, HOLD, sell } from "./views.ts";

type Registry = typeof indicators;
type Factories = {
  readonly [K in keyof Registry]: (parameters?: ParameterValues) => Registry[K] extends IndicatorDefinition<infer I> ? I : never;
};

const factories = Object.fromEntries(
  Object.entries<IndicatorDefinition>(indicators).map(([name, definition]) => [
    name,
    (given?: ParameterValues) => definition.create(given),
  ]),
) as unknown as Factories;

/**
 * What a strategy file outside the repository receives: such a file imports nothing. It exports a function of the kit
 * that returns the strategy. All that changes between candles goes into the state given to `kit.strategy`; snapshots
 * and restarts are then taken care of. Indicators take the parameters of their registry entry by name.
 *
 * A crossing of two simple averages:
 *
 *     export default (kit) => ({
 *       name: "sma_cross",
 *       doc: "BUY when the fast average crosses above the slow one, SELL when it crosses below.",
 *       parameters: {
 *         fast: { type: "integer", default: 10, min: 1, max: 1000, doc: "Candles of the fast average." },
 *         slow: { type: "integer", default: 30, min: 2, max: 1000, doc: "Candles of the slow average." },
 *       },
 *       warmup: ({ slow }) => slow,
 *       create: ({ fast, slow }) =>
 *         kit.strategy(
 *           { fast: kit.indicators.sma({ period: fast }), slow: kit.indicators.sma({ period: slow }), gap: NaN },
 *           (state, candle) => {
 *             const before = state.gap;
 *             state.gap = state.fast.update(candle.close) - state.slow.update(candle.close);
 *             if (Number.isNaN(state.gap)) return undefined;
 *             if (before <= 0 && state.gap > 0) return kit.views.buy(`gap ${state.gap.toFixed(2)}`, { stop: candle.close * 0.98 });
 *             if (before >= 0 && state.gap < 0) return kit.views.sell(`gap ${state.gap.toFixed(2)}`);
 *             return kit.views.hold;
 *           },
 *         ),
 *     });
 */
export const strategyKit = Object.freeze({
  /** New indicators: `kit.indicators.rsi({ period: 14 })`. */
  indicators: Object.freeze(factories),
  views: Object.freeze({ hold: HOLD, buy, sell }),
  /** A strategy from its state and `onCandle(state, candle)`. */
  strategy: statefulStrategy,
});

export type StrategyKit = typeof strategyKit;

/** What a user's strategy file exports as its default. */
export type StrategyFile = (kit: StrategyKit) => StrategyTemplate;

function isTemplate(value: unknown): value is StrategyTemplate {
  if (typeof value !== "object" || value === null) return false;
  const { name, doc, parameters, warmup, create } = value as Readonly<Record<string, unknown>>;
  const texts = typeof name === "string" && typeof doc === "string";
  return texts && typeof parameters === "object" && parameters !== null && typeof warmup === "function" && typeof create === "function";
}

/** The strategy that a user's file exports, given its default export. Throws `BAD_STRATEGY_FILE`; `path` is for the message. */
export function loadStrategy(exported: unknown, path: string): StrategyDefinition {
  const template: unknown = typeof exported === "function" ? exported(strategyKit) : undefined;
  if (!isTemplate(template))
    throw inputFailure("BAD_STRATEGY_FILE", `${path} must export default (kit) => ({ name, doc, parameters, warmup, create })`);
  return defineStrategy(template);
}
