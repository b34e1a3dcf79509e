import { expect, test } from "vitest";
import { fillsIn } from "./support/ledger.ts";
import { randomCase } from "./support/random-case.ts";
import { bothWays } from "./support/same.ts";

/** Further seeds than the everyday run's; FROM shifts them, SEED runs one alone. */
const from = Number(process.env["FROM"] ?? 1_000);
const one = process.env["SEED"];
const seeds = one === undefined ? Array.from({ length: 300 }, (_, i) => from + i) : [Number(one)];

test.each(seeds)("seed %i: a backtest and the services on the embedded bus make the same ledger", async (seed) => {
  const given = randomCase(seed);
  expect(fillsIn(await bothWays(given)), given.name).toBeGreaterThanOrEqual(0);
});
