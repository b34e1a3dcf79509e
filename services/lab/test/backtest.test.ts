import {
  allocateColumns,
  fromNumber,
  statefulStrategy,
  toNumber,
  buy,
  sell,
  type CandleColumns,
  type FundingPayment,
  type LedgerEvent,
  type StrategyDefinition,
} from "@tradewind/core";
import { loadVariant } from "@tradewind/config";
import { describe, expect, it } from "vitest";
import { runBacktest } from "../src/backtest.ts";
import { verifyLedger } from "../src/verify-ledger.ts";
import { repo } from "./support.ts";

const MINUTE = 60_000;
const start = Date.UTC(2024, 0, 1);

function rows(instrument: string, prices: readonly number[]): CandleColumns {
  const columns = allocateColumns(instrument, "1m", prices.length);
  prices.forEach((price, i) => {
    columns.openTime[i] = start + i * MINUTE;
    columns.closeTime[i] = start + (i + 1) * MINUTE;
    columns.volume[i] = 1_000;
    for (const field of ["open", "high", "low", "close"] as const) columns[field][i] = price;
  });
  return columns;
}

/** BUY on odd candles, SELL on even ones: a fill at every open. */
const turns: StrategyDefinition = {
  name: "turns",
  doc: "",
  parameters: {},
  warmup: () => 1,
  create: () => statefulStrategy({ n: 0 }, (state) => (state.n++ % 2 === 0 ? buy("odd") : sell("even"))),
};

const { plan: template } = loadVariant(repo("configs/variants/template.json"), { modeOverride: "backtest" });
const plan = {
  ...template,
  members: [{ ...template.members[0]!, name: "turns", parameters: {} }],
  risk: { ...template.risk, maxDailyLossPct: null, maxDrawdownPct: null },
};

const events = <T extends LedgerEvent["type"]>(run: ReturnType<typeof runBacktest>, type: T) =>
  run.ledger.entries.flatMap((entry) =>
    entry.events.flatMap((event) => (event.type === type ? [{ ...(event as Extract<LedgerEvent, { type: T }>), time: entry.time }] : [])),
  );

describe("a backtest", () => {
  it("charges funding due at an open to who held before it, though stamped some ms later, and inside a candle to who holds then", () => {
    const instruments = template.instruments.slice(0, 1);
    const { id } = instruments[0]!;
    const payment = (time: number): FundingPayment => ({ instrument: id, time, rate: fromNumber(0.001), mark: fromNumber(40_000) });
    // Before the first candle, some ms after opens, within a candle, at a close, after the end.
    const funding = [start - 1, start + 3 * MINUTE + 17, start + 6 * MINUTE + 30_000, start + 9 * MINUTE, start + 99 * MINUTE].map(payment);
    const run = runBacktest({
      plan: { ...plan, instruments },
      columns: [
        rows(
          id,
          Array.from({ length: 12 }, () => 40_000),
        ),
      ],
      definitionOf: () => turns,
      funding,
    });
    const charged = events(run, "funding");
    expect(charged.map(({ time }) => (time - start) / MINUTE)).toEqual([3, 6.5, 9]);
    for (const { time, amount } of charged) {
      const held = events(run, "fill")
        .filter((fill) => fill.time < time)
        .at(-1)!;
      expect(toNumber(amount)).toBeCloseTo(-toNumber(held.positionAfter) * 40_000 * 0.001, 9);
    }
    expect(verifyLedger(run.ledger.entries).problems).toEqual([]);
  });

  it("closes what is open at the end at each instrument's own last price", () => {
    const [a, b] = template.instruments;
    const columns = [rows(a!.id, [100, 100, 100, 100]), rows(b!.id, [50, 50])];
    const run = runBacktest({ plan: { ...plan, fills: { ...plan.fills, atEnd: "close_at_close" } }, columns, definitionOf: () => turns });
    const fills = events(run, "fill");
    for (const { id } of [a!, b!]) expect(fills.filter((fill) => fill.instrument === id).at(-1)!.positionAfter).toBe(0n);
    expect(toNumber(fills.filter((fill) => fill.instrument === b!.id).at(-1)!.price)).toBeCloseTo(50, 0);
    expect(verifyLedger(run.ledger.entries)).toMatchObject({ problems: [], positions: {} });
    expect(run.curve.time).toHaveLength(4);
    expect([...run.curve.time]).toEqual([...columns[0]!.closeTime]);
  });

  it("does nothing over no candles at all", () => {
    const run = runBacktest({ plan, columns: [rows(template.instruments[0]!.id, [])], definitionOf: () => turns });
    expect(run.candles).toBe(0);
    expect(run.curve.equity).toHaveLength(0);
  });
});
