import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadVariant } from "@tradewind/config";
import { allocateColumns, createPrng, type Candle, type CandleColumns, type Decision } from "@tradewind/core";
import { describe, expect, it } from "vitest";
import { runBacktest } from "../src/backtest.ts";
import { closesOf } from "../src/closes.ts";
import { noise, proveNoLookahead } from "../src/prove-no-lookahead.ts";
import { loadDefinitions } from "@tradewind/config";
import { dataAvailable, firstRows, load, repo, type Loaded } from "./support.ts";

const variants = {
  momentum: "binance_futures_live",
  rsi: "binance_futures_rsi",
  macd: "bybit_futures_macd",
  mfi: "okx_futures_mfi",
  vwap: "bybit_futures_vwap",
};

function loadBtc(variant: string): Loaded {
  return load(repo(`configs/variants/${variant}.json`), "BTC-USDT-PERP_1m_2022-01");
}

async function decisionsOf({ variant }: Loaded, columns: readonly CandleColumns[]): Promise<Decision[]> {
  const decisions: Decision[] = [];
  runBacktest({
    plan: variant.plan,
    columns,
    definitionOf: await loadDefinitions(variant),
    onDecision: (decision) => void decisions.push(decision),
  });
  return decisions;
}

/** The same candles up to row `cut`, noise from there on. */
function noisyFrom(truth: CandleColumns, cut: number, seed: number): CandleColumns {
  const made = noise(truth, seed);
  for (const field of ["open", "high", "low", "close", "volume"] as const) made[field].set(truth[field].subarray(0, cut));
  return made;
}

describe.runIf(dataAvailable)("no strategy sees the future", () => {
  it.each(Object.entries(variants))("%s: the proof holds over 12,000 decisions", async (_strategy, name) => {
    const loaded = loadBtc(name);
    const columns = loaded.data.columns.map((own) => firstRows(own, 12_000));
    const { plan } = loaded.variant;
    const load = () => loadDefinitions(loaded.variant);
    const proof = await proveNoLookahead({ plan, columns, load, seed: 7 });
    expect(proof).toMatchObject({ proven: true, decisions: 12_000, changed: 0, first_change: null, outside_reads: [] });
    expect(proof.actions).toBeGreaterThan(20);
    const { ledger } = runBacktest({ plan, columns, definitionOf: await load() });
    expect(proof.ledger_hash).toBe(ledger.digest());
  });

  it.each(Object.entries(variants))("%s: another future changes decisions after the cut and none before", async (_strategy, name) => {
    const loaded = loadBtc(name);
    const truth = firstRows(loaded.data.columns[0]!, 3_000);
    const known = await decisionsOf(loaded, [truth]);
    const prng = createPrng(11);
    for (let seed = 0; seed < 4; seed++) {
      const cut = 300 + prng.below(2_000);
      const other = await decisionsOf(loaded, [noisyFrom(truth, cut, seed)]);
      expect(other.slice(0, cut)).toEqual(known.slice(0, cut));
      expect(other.slice(cut)).not.toEqual(known.slice(cut));
    }
  });

  it("decides on 5m from 1m data without a look at the bar to come", async () => {
    const loaded = load(repo("configs/variants/sma_cross_example.json"), "BTC-USDT-PERP_1m_2022-01");
    const proof = await proveNoLookahead({
      plan: loaded.variant.plan,
      columns: loaded.data.columns,
      load: () => loadDefinitions(loaded.variant),
      seed: 1,
    });
    expect(proof).toMatchObject({ proven: true, changed: 0 });
    expect(proof.decisions).toBeGreaterThan(9_000);
  });
});

describe("the rows of a run", () => {
  const start = Date.UTC(2024, 0, 1);
  const rows = (instrument: string, every: readonly number[]): CandleColumns => {
    const column = (of: (i: number) => number) => Float64Array.from(every, of);
    const price = column((i) => 100 + i);
    const openTime = column((i) => start + i * 60_000);
    return {
      instrument,
      timeframe: "1m",
      length: every.length,
      openTime,
      closeTime: openTime.map((time) => time + 60_000),
      open: price,
      high: price,
      low: price,
      close: price,
      volume: price,
    };
  };

  it("come one close at a time, in config order, each shown only right before it is read", () => {
    const columns = [rows("B", [0, 1, 3]), rows("A", [1, 2, 3, 4])];
    const seen: string[] = [];
    closesOf(columns, (k, row) => void seen.push(`show ${columns[k]!.instrument}${row}`)).forEach((time, candles) => {
      seen.push(`${(time - start) / 60_000}: ${candles.map((candle) => candle.instrument).join("")}`);
    });
    expect(seen).toEqual([
      "show B0",
      "1: B",
      "show B1",
      "show A0",
      "2: BA",
      "show A1",
      "3: A",
      "show B2",
      "show A2",
      "4: BA",
      "show A3",
      "5: A",
    ]);
  });

  it("are the same for one instrument, watched or not", () => {
    const columns = [rows("A", [0, 1, 2, 5])];
    const walk = (beforeRead?: () => void) => {
      const all: [number, Candle[], number][] = [];
      closesOf(columns, beforeRead).forEach((time, candles, done) => void all.push([time, [...candles], done]));
      return all;
    };
    expect(walk()).toEqual(walk(() => undefined));
  });
});

describe("what a strategy is given", () => {
  /** Every number that can be reached from `roots` by properties, prototypes, accessors' functions and elements. */
  function numbersFrom(roots: readonly unknown[]): Set<number> {
    const numbers = new Set<number>();
    const seen = new Set<object>();
    const queue: unknown[] = [...roots];
    while (queue.length > 0) {
      const value = queue.pop();
      if (typeof value === "number") numbers.add(value);
      if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) continue;
      seen.add(value);
      if (value instanceof Map || value instanceof Set) queue.push(...value);
      for (const { value: inner, get, set } of Object.values(Object.getOwnPropertyDescriptors(value))) queue.push(inner, get, set);
      queue.push(Object.getPrototypeOf(value));
    }
    return numbers;
  }

  it("leads to the prices of candles that have closed and to no other", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "tradewind-")), "given.js");
    writeFileSync(
      path,
      `export default (kit) => ({
        name: "given", doc: "", parameters: {}, warmup: () => 1,
        create(parameters, context) {
          const state = { sma: kit.indicators.sma({ period: 5 }) };
          return kit.strategy(state, (own, candle) => { own.sma.update(candle.close); globalThis.givenToStrategy([kit, parameters, context, own, candle, this]); return kit.views.hold; });
        },
      });`,
    );
    const prng = createPrng(5);
    const columns = allocateColumns("BTC-USDT-PERP", "1m", 40);
    for (let i = 0; i < columns.length; i++) {
      columns.openTime[i] = 1_704_067_200_000 + i * 60_000;
      columns.closeTime[i] = columns.openTime[i]! + 60_000;
      const price = 1_000 + prng.next();
      for (const field of ["open", "high", "low", "close"] as const) columns[field][i] = price;
    }
    let row = 0;
    const ahead: number[] = [];
    Object.assign(globalThis, {
      givenToStrategy: (given: unknown[]) => {
        const numbers = numbersFrom(given);
        expect(numbers.has(columns.close[row]!)).toBe(true);
        for (let i = row + 1; i < columns.length; i++) if (numbers.has(columns.close[i]!)) ahead.push(i);
        row += 1;
      },
    });
    const example = loadVariant(repo("configs/variants/sma_cross_example.json"), { modeOverride: "backtest", timeframeOverride: "1m" });
    const variant = {
      ...example,
      plan: { ...example.plan, members: [{ ...example.plan.members[0]!, name: path, parameters: {} }] },
      strategyFile: { path, sha256: "" },
    };
    runBacktest({ plan: variant.plan, columns: [columns], definitionOf: await loadDefinitions(variant) });
    expect(row).toBe(columns.length);
    expect(ahead).toEqual([]);
    rmSync(dirname(path), { recursive: true });
  });
});
