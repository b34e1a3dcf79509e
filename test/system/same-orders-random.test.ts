import { describe, expect, test } from "vitest";
import { strategies } from "@tradewind/core";
import { fillsIn } from "./support/ledger.ts";
import { quick, randomCase } from "./support/random-case.ts";
import { bothWays } from "./support/same.ts";

/** Each trades: stocks over sessions, files of seconds, coarse bars, bars off the clock, an inverse contract, a strategy by path. */
const SEEDS = [2, 14, 18, 26, 33, 35];

describe("given a variant and candles drawn at random, when they run as a backtest and on the embedded bus", () => {
  test.each(SEEDS)("seed %i: the ledgers are the same, line by line", { timeout: 60_000 }, async (seed) => {
    const given = randomCase(seed);
    expect(fillsIn(await bothWays(given)), given.name).toBeGreaterThan(0);
  });

  test("every strategy may be drawn", () => {
    expect(Object.keys(quick).sort()).toEqual(Object.keys(strategies).sort());
  });
});
