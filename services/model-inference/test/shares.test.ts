import { describe, expect, test, vi } from "vitest";
import { createPrng } from "@tradewind/core";
import { createShares, type Shares } from "../src/budget/shares.ts";
import { eachTestHasABus } from "./support/bus.ts";

const scene = eachTestHasABus();
const LIMIT = 1_000;

describe("one limit shared by several instances", () => {
  test("given claims of all of them at once, when they are made, then their sum never passes the limit, and what is given back can be had", async () => {
    const kv = scene.bus().kv("leases");
    const seed = 3;
    const prng = createPrng(seed);
    const held = [0, 0, 0, 0];
    const instances = held.map((_, i) => createShares(kv, "shares", `instance-${i}`, LIMIT));
    let refused = 0;
    async function work(shares: Shares, i: number): Promise<void> {
      for (let step = 0; step < 40; step++) {
        const bytes = prng.below(500);
        const before = held[i]!;
        // What it may be granted counts from the asking on; less counts from the answer on.
        if (await shares.claim(bytes)) held[i] = bytes;
        else refused += 1;
        const stated = Object.values(shares.others()).reduce((sum, one) => sum + one.bytes, 0) + held[i]!;
        expect(stated, `seed ${seed}, step ${step}, ${before} before`).toBeLessThanOrEqual(LIMIT);
      }
    }
    await Promise.all(instances.map(work));
    expect(refused).toBeGreaterThan(0);
    const table = JSON.parse((await kv.get("shares"))!.value) as Record<string, { bytes: number }>;
    expect(Object.values(table).reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(LIMIT);
    for (const shares of instances.slice(1)) await shares.leave();
    expect(await instances[0]!.claim(LIMIT)).toBe(true);
  });

  test("given an instance that says nothing any more, when its time is over, then the others have its share", async () => {
    const kv = scene.bus().kv("leases");
    let now = 0;
    const [one, other] = ["one", "other"].map((name) => createShares(kv, "shares", name, LIMIT, () => now));
    expect(await one!.claim(800)).toBe(true);
    expect(await other!.claim(400)).toBe(false);
    expect(other!.leftBytes()).toBe(200);
    now = 10_000;
    expect(await other!.claim(1_000)).toBe(true);
    // It comes back with more than is left: it says so, is granted nothing, and has to make room.
    await one!.beat(800, {});
    expect(one!.leftBytes()).toBe(0);
    expect(await one!.claim(800)).toBe(false);
  });

  test("given clocks that differ by hours, when each claims all of it, then one of them has it", async () => {
    const kv = scene.bus().kv("leases");
    const wall = vi.spyOn(Date, "now");
    try {
      const [one, other] = ["one", "other"].map((name) => createShares(kv, "shares", name, LIMIT));
      wall.mockReturnValue(0);
      expect(await one!.claim(LIMIT)).toBe(true);
      wall.mockReturnValue(8 * 3_600_000);
      expect(await other!.claim(LIMIT)).toBe(false);
      wall.mockReturnValue(-8 * 3_600_000);
      expect(await other!.claim(1)).toBe(false);
    } finally {
      wall.mockRestore();
    }
  });

  test("given one that has more than an even part, when another waits for room, then it is left no more than that, for as long as somebody waits", async () => {
    const kv = scene.bus().kv("leases");
    const [one, other] = ["one", "other"].map((name) => createShares(kv, "shares", name, LIMIT));
    expect(await one!.claim(800)).toBe(true);
    await other!.beat(100, {}, true);
    await one!.beat(800, {});
    expect(one!.leftBytes()).toBe(LIMIT / 2);
    expect(other!.leftBytes()).toBe(200);
    await other!.beat(100, {});
    await one!.beat(500, {});
    expect(one!.leftBytes()).toBe(900);
  });
});
