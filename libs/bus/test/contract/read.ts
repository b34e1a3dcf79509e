import { describe, expect, test } from "vitest";
import { eventually } from "@tradewind/testkit";
import { appendAll, candle, dataOf, LEDGER, numbers, readAll, type MakeWorld } from "./world.ts";

export const testRead = (make: MakeWorld): void => {
  describe("read and last", () => {
    test("gives what a pattern fits, in order, and nothing else", async () => {
      await using world = await make();
      for (let i = 0; i < 30; i++) await world.bus.append(`tw.candle.${i % 2 ? "sim" : "real"}.I${i % 3}.1m`, String(i));
      const kept = (fits: (i: number) => boolean) => numbers(30).filter((text) => fits(Number(text)));
      expect(dataOf(await readAll(world.bus, "tw.candle.sim.I1.1m"))).toEqual(kept((i) => i % 2 === 1 && i % 3 === 1));
      expect(dataOf(await readAll(world.bus, "tw.candle.*.I1.*"))).toEqual(kept((i) => i % 3 === 1));
      expect(dataOf(await readAll(world.bus, "tw.candle.sim.>"))).toEqual(kept((i) => i % 2 === 1));
      expect(dataOf(await readAll(world.bus, "tw.candle.>"))).toEqual(numbers(30));
      expect(await readAll(world.bus, "tw.feature.>")).toEqual([]);
      expect(await readAll(world.bus, "tw.candle.none.I1.1m")).toEqual([]);
    });

    test("given a sequence, begins after it; given the last one, gives nothing", async () => {
      await using world = await make();
      const seqs = await appendAll(world.bus, LEDGER, numbers(5));
      expect(dataOf(await readAll(world.bus, LEDGER, { after: seqs[2]! }))).toEqual(["3", "4"]);
      expect(await readAll(world.bus, LEDGER, { after: seqs[4]! })).toEqual([]);
      expect(await readAll(world.bus, LEDGER, "new")).toEqual([]);
    });

    test("given a time, begins at the first message appended then or later", async () => {
      await using world = await make();
      for (let i = 0; i < 5; i++) {
        const before = (await world.bus.last(LEDGER))?.time ?? 0;
        // Times are whole milliseconds: each message waits for the next one.
        await eventually(() => Date.now() > before + 1);
        await world.bus.append(LEDGER, String(i));
      }
      const all = await readAll(world.bus, LEDGER);
      for (const [i, { time }] of all.entries())
        expect(dataOf(await readAll(world.bus, LEDGER, { since: time }))).toEqual(numbers(5).slice(i));
      expect(await readAll(world.bus, LEDGER, { since: all[4]!.time + 60_000 })).toEqual([]);
      expect(await readAll(world.bus, LEDGER, { since: 1 })).toHaveLength(5);
    });

    test("given more than one batch, gives all of it, and not what came after the call", async () => {
      await using world = await make();
      await Promise.all(numbers(3000).map((text) => world.bus.append(candle("A"), text)));
      const reading = world.bus.read("tw.candle.>", { after: 0 });
      const got: string[] = [];
      for await (const { data } of reading) {
        got.push(data);
        if (got.length === 1) await appendAll(world.bus, candle("A"), ["late"]);
      }
      expect(got).toEqual(numbers(3000));
    });

    test("gives the last message of one subject, and undefined without one", async () => {
      await using world = await make();
      expect(await world.bus.last(LEDGER)).toBeUndefined();
      await appendAll(world.bus, LEDGER, ["1", "2"]);
      await world.bus.append("tw.ledger.other", "3");
      expect(await world.bus.last(LEDGER)).toMatchObject({ subject: LEDGER, seq: 2, data: "2" });
      await expect(world.bus.last("tw.ledger.*")).rejects.toMatchObject({ code: "BAD_SUBJECT" });
    });
  });
};
