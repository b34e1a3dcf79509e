import { expect, test } from "vitest";
import { strategies, toNumber } from "@tradewind/core";
import { defaults } from "../src/defaults.ts";
import { compile, minimal, refusal } from "./variant-file.ts";

test("an absent block and an empty one give the same plan, made of the one table of defaults", () => {
  const empty = { costs: {}, account: {}, fills: {}, decision: {}, exits: {}, risk_settings: {}, broker_config: {}, strategy_config: {} };
  const { plan } = compile(minimal);
  expect(compile({ ...minimal, ...empty }).plan).toEqual(plan);
  const { risk_settings: risk, decision, costs, fills } = defaults;
  expect(plan.risk).toEqual({
    maxPositionSize: risk.max_position_size,
    maxTotalExposure: risk.max_total_exposure,
    maxConcurrentPositions: risk.max_concurrent_positions,
    maxDailyLossPct: risk.max_daily_loss_pct,
    maxDrawdownPct: risk.max_drawdown_pct,
    leverage: risk.leverage,
  });
  expect(plan.exits).toMatchObject({ stopLossPct: risk.stop_loss_pct, takeProfitPct: risk.take_profit_pct, trailingStopPct: null });
  expect(plan.decision).toMatchObject({ threshold: decision.threshold, learningRate: decision.learning_rate });
  expect(plan.costs).toEqual({ spreadBps: costs.spread_bps, slippageBps: costs.slippage_bps });
  expect(plan.fills).toEqual({ latencyMs: fills.latency_ms, maxVolumeShare: null, atEnd: fills.at_end });
  expect(toNumber(plan.account.startingBalance)).toBe(defaults.account.starting_balance);
  const presets = Object.entries(strategies["rsi"]!.parameters).map(([name, spec]) => [name, spec.default]);
  expect(plan.members[0]!.parameters).toEqual(Object.fromEntries(presets));
});

test("the plan is frozen all through", () => {
  const frozen = (value: unknown): boolean =>
    typeof value !== "object" || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen));
  expect(frozen(compile(minimal))).toBe(true);
});

test("members and models vote beside the strategy under names of their own", () => {
  const { plan } = compile({
    ...minimal,
    members: [{ strategy: "macd" }, { name: "slow", strategy: "rsi", strategy_config: { rsi_period: 50 }, weight: 2 }],
    models: [{ id: "lstm-7", weight: 0.5 }],
  });
  expect(plan.members.map(({ source, kind, name, weight }) => [source, kind, name, weight])).toEqual([
    ["rsi", "strategy", "rsi", 1],
    ["macd", "strategy", "macd", 1],
    ["slow", "strategy", "rsi", 2],
    ["lstm-7", "model", "lstm-7", 0.5],
  ]);
  expect(plan.members[2]!.parameters).toMatchObject({ rsi_period: 50, overbought: 70 });
});

test.each([
  [["5m"], "5m", "5m"],
  [["1m", "1h"], "1h", "1m"],
  [["1h", "1m"], "1h", "1m"],
  [{ decision: "4h" }, "4h", "4h"],
  [{ decision: "4h", finest: "5m" }, "4h", "5m"],
])("timeframes %o", (timeframes, decision, finest) => {
  expect(compile({ ...minimal, timeframes }).plan).toMatchObject({ timeframe: decision, finestTimeframe: finest });
});

test("the finest timeframe is not coarser than the decision's", () => {
  expect(refusal({ ...minimal, timeframes: { decision: "1m", finest: "1h" } })).toContain("timeframes.finest");
});

test("one live account per credential and network; simulated ones are the variant's own unless named", () => {
  const account = (mode: string, block: object = {}) => compile({ variants: { ...minimal.variants, mode }, ...block }).plan.account.id;
  expect(account("paper")).toBe("paper-sample");
  expect(account("backtest")).toBe("backtest-sample");
  expect(account("paper", { account: { id: "shared" } })).toBe("shared");
  expect(account("live")).toBe("bybit-BYBIT_API_KEY-test");
  expect(account("futures", { broker_config: { test_mode: false } })).toBe("bybit-BYBIT_API_KEY-real");
  const ignored = compile({ variants: { ...minimal.variants, mode: "live" }, account: { id: "shared" } });
  expect(ignored.plan.account.id).toBe(account("live"));
  expect(ignored.notices.map(({ code }) => code)).toEqual(["ACCOUNT_ID_IGNORED"]);
});

test("overrides of one run", () => {
  const { plan } = compile(minimal, { modeOverride: "paper", symbolOverride: ["SOLUSDT"], timeframeOverride: "15m" });
  expect(plan).toMatchObject({ mode: "paper", timeframe: "15m", finestTimeframe: "15m" });
  expect(plan.instruments.map(({ id }) => id)).toEqual(["SOL-USDT-PERP"]);
  expect(refusal(minimal, { symbolOverride: ["AAPL"] })).toContain('symbol "AAPL"');
});

test("sizing by other means than risk needs no stop", () => {
  const { plan } = compile({ ...minimal, sizing: { method: "notional", notional: 100 }, risk_settings: { stop_loss_pct: null } });
  expect(plan.sizing).toEqual({ method: "notional", notional: 100 });
  expect(plan.exits.stopLossPct).toBeNull();
});
