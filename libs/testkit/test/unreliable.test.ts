import { openEmbeddedBus, type Bus, type Stored } from "@tradewind/bus";
import { describe, expect, test } from "vitest";
import { eventually, seeds, unreliable } from "../src/index.ts";

const subjectOf = (i: number): string => `tw.candle.sim.I${i}.1m`;
const COUNT = 400;

/** What two consumers of a bad road got of four subjects, in the order they got it. */
async function travel(seed: number, options: { duplicates?: number; maxDelayMs?: number } = {}): Promise<readonly Stored[][]> {
  const bus = await openEmbeddedBus(":memory:");
  for (let i = 0; i < COUNT; i++) await bus.append(subjectOf(i % 4), String(i));
  const bad = unreliable(bus, { seed, ...options });
  const got: Stored[][] = [[], []];
  for (const list of got) await bad.consume({ filter: "tw.candle.>", from: { after: 0 }, take: (message) => void list.push(message) });
  await eventually(() => got.every((list) => new Set(list.map(({ seq }) => seq)).size === COUNT));
  await bad.close();
  return got;
}

/** Each message where it came first. */
const firsts = (list: readonly Stored[]): Stored[] => list.filter(({ seq }, i) => list.findIndex((other) => other.seq === seq) === i);
const ascends = (list: readonly Stored[]): boolean => list.every(({ seq }, i) => i === 0 || seq > list[i - 1]!.seq);

describe("an unreliable bus", () => {
  test("delivers everything, some twice, each subject's first deliveries in order, subjects mixed", async () => {
    await seeds(3, async (seed) => {
      for (const list of await travel(seed)) {
        for (let i = 0; i < 4; i++) expect(ascends(firsts(list).filter(({ subject }) => subject === subjectOf(i)))).toBe(true);
        expect(ascends(firsts(list))).toBe(false);
        expect(list.length).toBeGreaterThan(COUNT * 1.05);
        // A second delivery comes after newer ones.
        expect(list.some(({ seq }, i) => list[i - 1] !== undefined && list.slice(0, i - 1).some((other) => other.seq === seq))).toBe(true);
      }
    });
  });

  test("given no delay and no duplicates, is as reliable as the bus", async () => {
    for (const list of await travel(1, { duplicates: 0, maxDelayMs: 0 }))
      expect(list.map(({ seq }) => seq)).toEqual(Array.from({ length: COUNT }, (_, i) => i + 1));
  });

  test("given another seed, mixes otherwise", async () => {
    const [one, other] = [await travel(1), await travel(2)].map(([list]) => list!.map(({ seq }) => seq));
    expect(one).not.toEqual(other);
  });

  test("waits for a consumer before it gives it the next one, and stops with it when it throws", async () => {
    const bus = await openEmbeddedBus(":memory:");
    for (let i = 0; i < 50; i++) await bus.append(subjectOf(0), String(i));
    let inHand = 0;
    let most = 0;
    const consumer = await unreliable(bus, { seed: 1 }).consume({
      filter: subjectOf(0),
      from: { after: 0 },
      take: async ({ data }) => {
        most = Math.max(most, ++inHand);
        await new Promise((resolve) => setImmediate(resolve));
        inHand--;
        if (data === "30") throw new Error("enough");
      },
    });
    await expect(consumer.failed).rejects.toThrow("enough");
    expect(most).toBe(1);
    await bus.close();
  });

  test("appends some twice: with ids nothing comes of it, without them it shows", async () => {
    const appended = async (stripIds: boolean): Promise<number> => {
      const bus: Bus = await openEmbeddedBus(":memory:");
      const bad = unreliable(bus, { seed: 7, stripIds });
      for (let i = 0; i < 100; i++) await bad.append(subjectOf(0), String(i), { id: String(i) });
      const last = await eventually(async () => {
        const { seq } = await bus.append(subjectOf(1), "end");
        return seq;
      });
      await bad.close();
      return last - 1;
    };
    expect(await appended(false)).toBe(100);
    expect(await appended(true)).toBeGreaterThan(105);
  });
});
