import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Candle } from "../src/domain/candle.ts";
import { exactToNumber, formatExact, formatFixed, fromNumber, type Exact, type Price, type Rate } from "../src/domain/fixed.ts";
import type { FundingPayment } from "../src/engine/dealing.ts";
import { bar, d, flat, instrument, MINUTE, plan, T0 } from "./support/builders.ts";
import { buy, hold, rig, says, sell, type Rig, type Script } from "./support/rig.ts";

const linear = instrument("linear", { step: d("1") });
const inverse = instrument("inverse", { multiplier: d("100"), step: d("1") });

function charged(contract: typeof linear, letters: string, rate: string, mark: string): Rig {
  const on = { instrument: contract.id };
  const own = plan([contract], { sizing: { method: "quantity", quantity: 10 } });
  const done = rig(own, says(letters)).run([flat(0, 100, on), flat(1, 100, on)]);
  done.engine.fund({ instrument: contract.id, time: T0 + 2 * MINUTE, rate: d(rate), mark: d(mark) });
  return done;
}

describe("funding, by hand", () => {
  it.each([
    ["a linear long pays a positive rate", linear, "B", "0.0001", "105", "9999.895", "10 x 105 x .0001 = .105"],
    ["a linear short receives it", linear, "S", "0.0001", "105", "10000.105", "10 x 105 x .0001 = .105"],
    ["a linear long receives a negative rate", linear, "B", "-0.0002", "100", "10000.2", "10 x 100 x .0002 = .2"],
    ["a linear short pays a negative rate", linear, "S", "-0.0002", "100", "9999.8", "10 x 100 x .0002 = .2"],
    ["an inverse long pays in coin", inverse, "B", "0.0001", "80", "9999.99875", "10 x 100 / 80 x .0001 = .00125"],
    ["an inverse short receives coin", inverse, "S", "0.0001", "80", "10000.00125", "10 x 100 / 80 x .0001 = .00125"],
    ["below 1e-12 it is rounded half-even", inverse, "B", "0.0001", "30000", "9999.999996666667", "1000 / 30000 x .0001 = .00000333.."],
    ["a rate of nought moves nothing", linear, "B", "0", "100", "10000", "0"],
    ["nothing is held, nothing is due", linear, "H", "0.01", "100", "10000", "0"],
  ] as const)("%s", (_name, contract, letters, rate, mark, cash, _working) => {
    expect(charged(contract, letters, rate, mark).cash()).toBe(cash);
  });

  it("is booked against its own account, in balance, at the time it was due", () => {
    const done = charged(linear, "B", "0.0001", "105");
    const entry = done.entries.at(-1)!;
    expect([entry.time, entry.input]).toEqual([T0 + 2 * MINUTE, "report funding"]);
    expect(entry.events).toMatchObject([{ type: "funding", rate: d("0.0001"), amount: d("-0.105"), currency: "USD" }]);
    expect(done.events("funding")[0]!.postings.map(({ account, unit, amount }) => `${account} ${unit} ${formatExact(amount)}`)).toEqual([
      "cash USD -0.105",
      "funding USD 0.105",
    ]);
  });

  it("counts in the trade's profit", () => {
    const on = { instrument: linear.id };
    const done = charged(linear, "BHS", "0.0001", "105");
    done.run([flat(2, 110, on), bar(3, [110, 110, 110, 110], on)]);
    // 10 x (110 - 100) - .105
    expect(done.state.closedTrades.map(({ pnl }) => pnl)).toEqual([99.895]);
  });
});

const folder = new URL("../../../../shared/data/candles/", import.meta.url);
const file = (name: string) => new URL(name, folder);
const candleFile = file("gate_XRP-USDT-PERP_5m_2021-11.csv");
const fundingFile = file("gate_XRP-USDT-PERP_8h_funding.csv");
const markFile = file("gate_XRP-USDT-PERP_8h_mark.csv");
const HOURS_8 = 28_800_000;

function rows(url: URL): string[][] {
  return readFileSync(url, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
}

/** A decimal text as an integer of 24 decimals, by cutting the text: the test's own arithmetic. */
function scaled(text: string): bigint {
  const [whole, fraction = ""] = text.split(".") as [string, string?];
  return BigInt(whole + fraction.padEnd(24, "0"));
}

describe.skipIf(!existsSync(candleFile))("funding on a week of a real XRP perpetual (needs ../shared/data)", () => {
  const xrp = instrument("linear", {
    id: "XRP-USDT-PERP",
    base: "XRP",
    quote: "USDT",
    settle: "USDT",
    tick: d("0.0001"),
    step: d("1"),
    multiplier: d("10"),
    takerFee: d("0.0005"),
  });

  function load(): { candles: Candle[]; payments: (FundingPayment & { text: { rate: string; mark: string } })[] } {
    const candles = rows(candleFile).map(([time, open, high, low, close, volume]): Candle => {
      const openTime = Number(time);
      const shape = { openTime, closeTime: openTime + 300_000, timeframe: "5m" as const, instrument: xrp.id, volume: Number(volume) };
      return bar(0, [Number(open), Number(high), Number(low), Number(close)], shape);
    });
    const marks = new Map(rows(markFile).map(([time, open]) => [Number(time), open!]));
    const payments = rows(fundingFile).map(([time, rate]) => {
      // A payment carries some milliseconds of delay; its mark is that of the eight hours it opens.
      const mark = marks.get(Math.floor(Number(time) / HOURS_8) * HOURS_8)!;
      const text = { rate: rate!, mark };
      return { instrument: xrp.id, time: Number(time), rate: fromNumber<Rate>(Number(rate)), mark: fromNumber<Price>(Number(mark)), text };
    });
    return { candles, payments };
  }

  /** Runs the week with `script`; also the sum of rate x mark x held x 10 by the test's own arithmetic. */
  function runWeek(script: Script): { done: Rig; byHand: bigint; count: number } {
    const { candles, payments } = load();
    const own = plan([xrp], {
      timeframe: "5m",
      finestTimeframe: "5m",
      sizing: { method: "quantity", quantity: 100 },
      risk: { leverage: 5 },
    });
    const done = rig(own, script);
    let byHand = 0n;
    let count = 0;
    for (const candle of candles) {
      done.run([candle]);
      while (payments[0] !== undefined && payments[0].time <= candle.closeTime) {
        const { text, ...payment } = payments.shift()!;
        const due = (scaled(text.rate) * scaled(text.mark) * BigInt(Math.round(done.held()) * 10)) / 10n ** 24n;
        byHand -= due;
        if (due !== 0n) count += 1;
        done.engine.fund(payment);
      }
    }
    return { done, byHand, count };
  }

  function totals(done: Rig): { booked: bigint; fees: bigint; realized: bigint } {
    const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n) * 10n ** 12n;
    return {
      booked: sum(done.events("funding").map(({ amount }) => amount)),
      fees: sum(done.events("fill").map(({ fee }) => fee)),
      realized: done.events("fill").reduce((total, { realized }) => total + realized, 0n),
    };
  }

  it("a long held over twelve payments pays what the files say, in the ledger and at the venue", () => {
    const { done, byHand, count } = runWeek((candle) => (candle.openTime === 1_636_934_400_000 ? buy() : hold));
    const { booked, fees } = totals(done);
    expect(count).toBe(12);
    expect(done.events("funding")).toHaveLength(12);
    // Marks and rates of 4 and 8 decimals: no product reaches the 13th.
    expect(formatExact(booked as Exact)).toBe(formatExact(byHand as Exact));
    expect(exactToNumber(booked as Exact)).toBeLessThan(0);
    expect(done.cash()).toBe(formatExact((10_000n * 10n ** 24n + booked - fees) as Exact));
    expect(formatFixed(done.events("funding")[0]!.amount)).toBe("-0.10959"); // 1000 XRP x 1.0959 x .0001
  });

  it("a position turned every ten hours pays as a long and receives as a short", () => {
    const { done, byHand, count } = runWeek((candle) => {
      const turn = (candle.openTime - 1_636_934_400_000) / 36_000_000;
      if (turn % 1 !== 0) return hold;
      return turn % 2 === 0 ? buy() : sell();
    });
    const { booked, fees, realized } = totals(done);
    const signs = done.events("funding").map(({ amount }) => (amount > 0n ? "+" : "-"));
    expect([count, new Set(signs).size]).toEqual([12, 2]);
    expect(booked).toBe(byHand);
    expect(done.cash()).toBe(formatExact((10_000n * 10n ** 24n + booked + realized - fees) as Exact));
  });
});
