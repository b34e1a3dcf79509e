import { expect, test } from "vitest";
import { askedSeeds, liveSeeds } from "../libs/core/test/faults/seeds.ts";

/** Further seeds than the everyday run's; FROM shifts them, SEED lives one alone. */
const SEEDS = 15_000;
const FROM = Number(process.env["FROM"] ?? 10_000);

test("an account keeps its promises over many lives", () => {
  const { failed, coverage } = liveSeeds(askedSeeds(FROM, SEEDS));
  console.log(coverage);
  expect(failed?.story).toBeUndefined();
});
