import { expect, it } from "vitest";
import { tapLine } from "../src/tap-line.ts";

const line = (subject: string, data: unknown): string =>
  tapLine(JSON.stringify({ subject, message: { time: Date.parse("2026-01-05T14:31:00Z"), data } }));

const fill = { side: "SELL", quantity: "0.5", price: "101.25", leg: "close", clientId: "ab".repeat(16) };

it("given an exact profit of many digits, when a fill is shown, then it is in cents; an entry has none", () => {
  expect(line("tw.fill.sim.BTC-USDT", { ...fill, realized: "-13.398087030122577206360865" })).toMatch(/ at 101\.25, P\/L -13\.40 \[/);
  expect(line("tw.fill.sim.BTC-USDT", { ...fill, leg: "entry", realized: "0" })).toMatch(/ at 101\.25 \[/);
});

it("given what float64 leaves, when a candle is shown, then its volume is readable", () => {
  const candle = { open: "1", high: "2", low: "1", close: "2", volume: 58.15379999999999, origin: "live" };
  expect(line("tw.candle.bybit.BTC-USDT.1m", { type: "candle", candle })).toMatch(/ v 58\.1538$/);
});
