import { describe, expect, test } from "vitest";
import { production, type Code, type ShellOrder } from "./life.ts";
import { mutate, type Patch } from "./mutants.ts";
import { liveSeeds } from "./seeds.ts";

/** The sound code lives through these seeds; each mutant fails within them. */
const SEEDS = Array.from({ length: 200 }, (_, i) => i + 1);

interface Mutant {
  readonly name: string;
  readonly patches?: readonly Patch[];
  readonly shell?: ShellOrder;
  readonly breaks: readonly string[];
}

const mutants: readonly Mutant[] = [
  {
    name: "unknown treated as rejected",
    patches: [
      {
        file: "trade/on-report.ts",
        from: `case "unanswered":\n      return doubt(desk, order, report.reason);`,
        to: `case "unanswered":\n      return closeOrder(desk, slot, order, "rejected", 0n, report.reason);`,
      },
    ],
    breaks: ["no end without evidence"],
  },
  {
    name: "resend without look-up",
    patches: [
      {
        file: "trade/on-report.ts",
        from: `case "unanswered":\n      return doubt(desk, order, report.reason);`,
        to: `case "unanswered":\n      if (order.request === "placing") desk.intents.push({ type: "place", order: order.spec as never, sendBy: desk.time + 5_000 });\n      return;`,
      },
    ],
    breaks: ["sent once", "placed once"],
  },
  {
    name: "intent sent before its entry is in the ledger",
    shell: "sends_first",
    breaks: ["sent once", "placed once", "nothing unexplained"],
  },
  {
    name: "fills not deduplicated",
    patches: [{ file: "trade/book.ts", from: `if (order.tradeIds.includes(execution.tradeId)) return false;`, to: `` }],
    breaks: ["fills are counted once"],
  },
  {
    name: "exposure not held while unknown",
    patches: [
      {
        file: "risk/exposure.ts",
        from: `order.spec.leg !== "entry" || !isLive(order)`,
        to: `order.spec.leg !== "entry" || !isLive(order) || order.certainty === "unknown"`,
      },
      { file: "risk/exposure.ts", from: `slot.live.some((order) => order.certainty === "unknown")`, to: `false` },
    ],
    breaks: ["max_total_exposure", "unknown blocks entries"],
  },
  {
    name: "not placed as soon as a look-up is silent",
    patches: [{ file: "trade/doubt.ts", from: `if (desk.time <= order.sendBy + VENUE_WINDOW_MS + SETTLING_MS) return;`, to: `` }],
    breaks: ["no end without evidence", "not_placed is true"],
  },
];

describe("planted faults", () => {
  test("the sound code lives", () => {
    expect(liveSeeds(SEEDS).failed?.story).toBeUndefined();
  });

  test.each(mutants)("$name is caught", async ({ name, patches, shell, breaks }) => {
    const code: Code = patches ? await mutate(patches) : production;
    const { failed } = liveSeeds(SEEDS, code, shell);
    expect(failed, `${name} survives ${SEEDS.length} seeds`).toBeDefined();
    console.log(`${name}: seed ${failed!.seed}, "${failed!.invariant}"`);
    expect(breaks).toContain(failed!.invariant);
  });
});
