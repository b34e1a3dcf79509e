import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { candleAt, sliceColumns, timeframeMs, type CandleColumns, type DatasetPlan } from "@tradewind/core";
import { resolveInstrument } from "@tradewind/config";
import { openCandleStore } from "@tradewind/store";
import { tempDir } from "@tradewind/testkit";
import { describe, expect, test } from "vitest";
import { dataHash } from "../src/candles/data-hash.ts";
import { openCandles } from "../src/candles/open-candles.ts";
import { planted, volumes } from "./rl-support.ts";

const instrument = resolveInstrument("bybit", "crypto", "BTC/USDT");
const HOUR = timeframeMs("1h");
const from = Date.UTC(2026, 2, 1, 5, 30);

/** Candles of the instrument, to the cent, as files have them. */
function columns(): CandleColumns {
  const made = { ...planted(300, 61), instrument: instrument.id };
  for (const field of ["open", "high", "low", "close"] as const)
    made[field].forEach((value, row) => void (made[field][row] = Math.round(value * 100_000) / 100));
  return made;
}

describe("candles of a training", () => {
  test("given a stretch of the simulated market, when it is opened twice, then the candles are the same, whole, and said to be made up", async () => {
    const source = { kind: "simulated", seed: 4, from, to: from + 30 * HOUR } as const;
    const first = await openCandles(source, instrument, "5m");
    expect(await openCandles(source, instrument, "5m")).toEqual(first);
    expect(first.columns.length).toBe(360);
    expect([...first.columns.openTime]).toEqual(Array.from({ length: 360 }, (_, i) => from + i * 300_000));
    expect(first.cautions).toMatchObject([
      { code: "SIMULATED_DATA", detail: expect.stringMatching(/360 candles of BTC\/USDT.*simulated \(seed 4\)/) as string },
    ]);
    const other = await openCandles({ ...source, seed: 5 }, instrument, "5m");
    expect(other.columns.close).not.toEqual(first.columns.close);
    // A longer stretch over several chunks begins with the same candles.
    const longer = await openCandles({ ...source, to: from + 9 * 24 * HOUR }, instrument, "1h");
    const short = await openCandles({ ...source, to: from + 3 * 24 * HOUR }, instrument, "1h");
    expect(sliceColumns(longer.columns, 0, short.columns.length)).toEqual(short.columns);
    expect(longer.columns.length).toBe(9 * 24 - 1);
  });

  test("given a stretch that is empty or upside down, when it is opened, then one line says so", async () => {
    for (const [to, code] of [
      [from, "BAD_RANGE"],
      [from + 60_000, "TOO_FEW_CANDLES"],
    ] as const)
      await expect(openCandles({ kind: "simulated", seed: 1, from, to }, instrument, "1m")).rejects.toMatchObject({
        code,
        action: "input",
      });
    await expect(openCandles({ kind: "store", dir: tempDir(), from, to: from }, instrument, "1m")).rejects.toMatchObject({
      code: "BAD_RANGE",
    });
  });

  test("given the same candles in a file and in the store, when they are opened, then they are the same, and so is the hash", async () => {
    const given = columns();
    const dir = tempDir();
    const file = join(dir, "btc.csv");
    const rows = Array.from({ length: given.length }, (_, row) => candleAt(given, row));
    const lines = rows.map(({ openTime, open, high, low, close, volume }) => [openTime, open, high, low, close, volume].join());
    writeFileSync(file, `time_ms,open,high,low,close,volume\n${lines.join("\n")}\n`);
    await openCandleStore(dir).write("bybit", given);
    const [csv, store] = [
      await openCandles({ kind: "csv", file }, instrument, undefined),
      await openCandles({ kind: "store", dir }, instrument, "1m"),
    ];
    expect(csv.columns).toEqual(given);
    expect(store.columns).toEqual(given);
    expect([csv.cautions, store.cautions]).toEqual([[], []]);
  });
});

describe("the hash of a data set", () => {
  const plan: DatasetPlan = { instrument, matrix: volumes, label: { name: "forward_return" }, costs: { spreadBps: 1, slippageBps: 1 } };

  test("given what rows, labels and returns are made of, when any of it changes, then the hash does; a default that is written out changes nothing", () => {
    const given = columns();
    const hash = dataHash(plan, given);
    expect(dataHash({ ...plan, label: { name: "forward_return", parameters: { horizon: 5 } } }, columns())).toBe(hash);
    const changed = columns();
    changed.close[299]! += 1e-9 * changed.close[299]!;
    const others = [
      dataHash(plan, changed),
      dataHash(plan, sliceColumns(given, 1, 300)),
      dataHash({ ...plan, label: { name: "forward_return", parameters: { horizon: 6 } } }, given),
      dataHash({ ...plan, label: { name: "triple_barrier" } }, given),
      dataHash({ ...plan, costs: { spreadBps: 2, slippageBps: 1 } }, given),
      dataHash({ ...plan, matrix: { ...volumes, window: 4 } }, given),
      dataHash({ ...plan, instrument: { ...instrument, takerFee: (instrument.takerFee + 1n) as typeof instrument.takerFee } }, given),
    ];
    expect(new Set([hash, ...others]).size).toBe(others.length + 1);
  });
});
