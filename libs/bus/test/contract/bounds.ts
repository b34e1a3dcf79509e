import { eventually } from "@tradewind/testkit";
import { describe, expect, test } from "vitest";
import type { Bus, Stored } from "../../src/index.ts";
import { appendAll, candle, LEDGER, readAll, type MakeWorld } from "./world.ts";

const TEXT_BYTES = 1_000;
const MAX_BYTES = 100_000;
const COUNT = 400;

const text = (i: number): string => String(i).padEnd(TEXT_BYTES, ".");
const numberOf = ({ data }: Stored): number => Number.parseInt(data, 10);

/** Appends beside each other: the adapters are no faster in a row. */
const fill = (bus: Bus, subject: string, from: number, to: number): Promise<unknown> =>
  Promise.all(Array.from({ length: to - from }, (_, i) => bus.append(subject, text(from + i), { id: `${from + i}` })));

export const testBounds = (make: MakeWorld): void => {
  describe("given a stream is kept up to so many bytes", () => {
    const bounded: MakeWorld = () => make({ maxBytes: { MARKET: MAX_BYTES } });
    const pruned = (bus: Bus): Promise<number> =>
      eventually(async () => {
        const first = await bus.first("tw.candle.>");
        return (COUNT - first) * TEXT_BYTES < MAX_BYTES && first;
      });

    test("drops the oldest of it, and nothing else; what is kept is the newest, without a hole", async () => {
      await using world = await bounded();
      await appendAll(world.bus, LEDGER, ["first", text(0), text(1)]);
      await fill(world.bus, candle("A"), 0, COUNT);
      const first = await pruned(world.bus);
      const kept = await readAll(world.bus, "tw.candle.>");
      expect(kept.map(({ seq }) => seq)).toEqual(Array.from({ length: COUNT - first + 1 }, (_, i) => first + i));
      expect(kept.map(numberOf)).toEqual(kept.map(({ seq }) => seq - 1));
      expect(kept.length * TEXT_BYTES).toBeGreaterThan(MAX_BYTES / 2);
      expect((await world.bus.append(candle("A"), "next")).seq).toBe(COUNT + 1);
      expect(await readAll(world.bus, LEDGER)).toHaveLength(3);
      expect(await world.bus.first(LEDGER)).toBe(1);
    });

    test("when a reader comes back to a place that is gone, then it goes on at the first message kept", async () => {
      await using world = await bounded();
      await fill(world.bus, candle("A"), 0, COUNT);
      const first = await pruned(world.bus);
      for (const after of [0, 1, first - 2]) expect((await readAll(world.bus, candle("A"), { after }))[0]!.seq).toBe(first);
      const got: number[] = [];
      await world.bus.consume({ filter: candle("A"), from: { after: 7 }, take: ({ seq }) => void got.push(seq) });
      await eventually(() => got.at(-1) === COUNT);
      expect(got).toEqual(Array.from({ length: COUNT - first + 1 }, (_, i) => first + i));
    });

    test("when a consumer is slower than that, then it misses what is gone, and keeps the order of the rest", async () => {
      await using world = await bounded();
      const got: number[] = [];
      const hold = Promise.withResolvers<void>();
      const consumer = await world.bus.consume({
        filter: candle("A"),
        from: { after: 0 },
        take: ({ seq }) => {
          got.push(seq);
          return hold.promise;
        },
      });
      await fill(world.bus, candle("A"), 0, 20 * COUNT);
      await eventually(async () => (await world.bus.first("tw.candle.>")) > 19 * COUNT);
      hold.resolve();
      await eventually(() => got.at(-1) === 20 * COUNT);
      expect(got.toSorted((a, b) => a - b)).toEqual(got);
      await consumer.stop();
      await consumer.failed;
    });

    test("when an id comes again whose message is gone, then it is still a duplicate", async () => {
      await using world = await bounded();
      await fill(world.bus, candle("A"), 0, COUNT);
      await pruned(world.bus);
      expect((await world.bus.append(candle("A"), text(0), { id: "0" })).duplicate).toBe(true);
    });

    test("when everything is to be kept, then it is", async () => {
      await using world = await make({ maxBytes: { MARKET: Infinity } });
      await fill(world.bus, candle("A"), 0, COUNT);
      expect(await readAll(world.bus, "tw.candle.>")).toHaveLength(COUNT);
      expect(await world.bus.first("tw.candle.>")).toBe(1);
    });
  });
};
