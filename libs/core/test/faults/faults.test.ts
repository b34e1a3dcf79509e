import { expect, test } from "vitest";
import { askedSeeds, liveSeeds } from "./seeds.ts";

const SEEDS = 1_200;

test("an account keeps its promises through a bad road, a silent venue and kill -9", () => {
  const { failed, coverage } = liveSeeds(askedSeeds(1, SEEDS));
  expect(failed?.story).toBeUndefined();
  if (process.env["SEED"] !== undefined) return;
  const phenomena = [
    "spot lives",
    "linear lives",
    "inverse lives",
    "shared lives",
    "crashes",
    "fill",
    "order_unknown",
    "order_known",
    "not_placed",
    "rejected",
    "cancelled",
    "filled",
    "cancelling",
    "amending",
    "stop",
    "target",
    "close",
    "HALTED",
    "REDUCING",
    "decision_expired",
    "ORDER_UNKNOWN",
    "MAX_TOTAL_EXPOSURE",
    "MAX_CONCURRENT_POSITIONS",
    "NO_PRICE",
  ];
  expect(phenomena.filter((what) => !((coverage[what] ?? 0) > 0))).toEqual([]);
});
