import { eventually } from "@tradewind/testkit";
import { describe, expect, test } from "vitest";
import { candle, dataOf, LEDGER, readAll, type MakeWorld } from "./world.ts";

export const testAppend = (make: MakeWorld): void => {
  describe("append", () => {
    test("numbers a stream's messages from 1, whatever their subjects", async () => {
      await using world = await make();
      const seqs = [];
      for (const instrument of ["A", "B", "A"]) seqs.push((await world.bus.append(candle(instrument), "x")).seq);
      expect(seqs).toEqual([1, 2, 3]);
      expect((await world.bus.append(LEDGER, "x")).seq).toBe(1);
    });

    test("given the sequence the subject ends at, adds; given another one, adds nothing and says so", async () => {
      await using world = await make();
      const first = await world.bus.append(LEDGER, "1", { expectLast: 0 });
      await world.bus.append("tw.ledger.other", "x");
      const second = await world.bus.append(LEDGER, "2", { expectLast: first.seq });
      for (const expectLast of [0, first.seq, second.seq + 1])
        await expect(world.bus.append(LEDGER, "3", { expectLast })).rejects.toMatchObject({ code: "APPEND_CONFLICT", action: "service" });
      expect(dataOf(await readAll(world.bus, LEDGER))).toEqual(["1", "2"]);
    });

    test("given two that expect the same end at the same time, adds one", async () => {
      await using world = await make();
      const other = await world.connect();
      const results = await Promise.allSettled([
        world.bus.append(LEDGER, "mine", { expectLast: 0 }),
        other.append(LEDGER, "theirs", { expectLast: 0 }),
      ]);
      expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      expect(await readAll(world.bus, LEDGER)).toHaveLength(1);
    });

    test("given an id twice, keeps the first and gives its sequence", async () => {
      await using world = await make();
      const [first, again] = await Promise.all([
        world.bus.append(candle("A"), "first", { id: "a/1" }),
        world.bus.append(candle("A"), "again", { id: "a/1" }),
      ]);
      expect(first.duplicate).toBe(false);
      expect(again).toEqual({ seq: first.seq, duplicate: true });
      const later = await (await world.connect()).append(candle("A"), "later", { id: "a/1" });
      expect(later).toEqual({ seq: first.seq, duplicate: true });
      expect(dataOf(await readAll(world.bus, candle("A")))).toEqual(["first"]);
    });

    test("given an id after its window is over, adds it anew", async () => {
      await using world = await make({ duplicateWindowMs: 150 });
      const first = await world.bus.append(candle("A"), "1", { id: "a" });
      const anew = await eventually(async () => {
        const added = await world.bus.append(candle("A"), "2", { id: "a" });
        return added.duplicate ? undefined : added;
      });
      expect(anew.seq).toBe(first.seq + 1);
    });

    test("given many at once from several publishers, keeps the order of each", async () => {
      await using world = await make();
      const buses = [world.bus, await world.connect(), await world.connect()];
      await Promise.all(
        buses.flatMap((bus, publisher) =>
          Array.from({ length: 400 }, (_, i) => bus.append(candle(`P${publisher}`), String(i), { id: `${publisher}/${i}` })),
        ),
      );
      for (const publisher of buses.keys())
        expect(dataOf(await readAll(world.bus, candle(`P${publisher}`)))).toEqual(Array.from({ length: 400 }, (_, i) => String(i)));
    });

    test("carries any text unharmed", async () => {
      await using world = await make();
      const texts = [
        "",
        " ",
        "no json {{{",
        "\uFEFFmark",
        "nul \u0000 inside",
        "🚀 Ωμέγα \r\n\t",
        "'; DROP TABLE x; --",
        "x".repeat(300_000),
      ];
      for (const text of texts) await world.bus.append(candle("A"), text);
      expect(dataOf(await readAll(world.bus, candle("A")))).toEqual(texts);
      const got: string[] = [];
      await world.bus.consume({ filter: candle("A"), from: { after: 0 }, take: ({ data }) => void got.push(data) });
      await eventually(() => got.length === texts.length);
      expect(got).toEqual(texts);
      expect((await world.bus.last(candle("A")))?.data).toBe(texts.at(-1));
    });

    test("given a subject no stream keeps, no subject at all, or both an id and a sequence, fails as our mistake", async () => {
      await using world = await make();
      for (const subject of ["tw.fill.v.BTC", "other"])
        await expect(world.bus.append(subject, "x")).rejects.toMatchObject({ code: "NO_STREAM", action: "bug" });
      for (const subject of ["tw.candle.*.A.1m", "tw.ledger.a b", "tw.ledger.a\r\nPUB x 0", "tw.ledger.", ""])
        await expect(world.bus.append(subject, "x")).rejects.toMatchObject({ code: "BAD_SUBJECT", action: "bug" });
      await expect(world.bus.append(LEDGER, "x", { id: "a", expectLast: 0 })).rejects.toMatchObject({
        code: "APPEND_OPTIONS",
        action: "bug",
      });
      expect(await readAll(world.bus, LEDGER)).toEqual([]);
    });
  });
};
