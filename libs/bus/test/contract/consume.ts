import { eventually } from "@tradewind/testkit";
import { describe, expect, test } from "vitest";
import type { Stored } from "../../src/index.ts";
import { appendAll, candle, dataOf, LEDGER, numbers, type MakeWorld } from "./world.ts";

export const testConsume = (make: MakeWorld): void => {
  describe("consume", () => {
    test("given a checkpoint, goes on after it, over what is kept and what comes", async () => {
      await using world = await make();
      const seqs = await appendAll(world.bus, LEDGER, numbers(600));
      const got: Stored[] = [];
      await world.bus.consume({ filter: LEDGER, from: { after: seqs[9]! }, take: (message) => void got.push(message) });
      await Promise.all(numbers(600, 600).map((text) => world.bus.append(LEDGER, text)));
      await eventually(() => got.length >= 1190);
      expect(dataOf(got)).toEqual(numbers(1190, 10));
      expect(got.map(({ seq }) => seq)).toEqual(numbers(1190, 11).map(Number));
    });

    test("given a wildcard, delivers what fits of all subjects in the order of the stream", async () => {
      await using world = await make();
      const got: Stored[] = [];
      await world.bus.consume({ filter: "tw.candle.*.*.1m", from: { after: 0 }, take: (message) => void got.push(message) });
      for (let i = 0; i < 20; i++) {
        await world.bus.append(candle(`I${i % 4}`), String(i));
        await world.bus.append(`tw.candle.sim.I${i % 4}.1h`, "other");
      }
      await eventually(() => got.length >= 20);
      expect(dataOf(got)).toEqual(numbers(20));
      expect(got[5]!.subject).toBe(candle("I1"));
    });

    test("given new, delivers only what comes after the call; given a time, what came since", async () => {
      await using world = await make();
      await appendAll(world.bus, LEDGER, ["old"]);
      const { time } = (await world.bus.last(LEDGER))!;
      await eventually(() => Date.now() > time + 1);
      await appendAll(world.bus, LEDGER, ["middle"]);
      const fresh: string[] = [];
      const since: string[] = [];
      await world.bus.consume({ filter: LEDGER, from: "new", take: ({ data }) => void fresh.push(data) });
      await world.bus.consume({ filter: LEDGER, from: { since: time + 1 }, take: ({ data }) => void since.push(data) });
      await appendAll(world.bus, LEDGER, ["new"]);
      await eventually(() => fresh.length > 0 && since.length > 1);
      expect(fresh).toEqual(["new"]);
      expect(since).toEqual(["middle", "new"]);
    });

    test("waits for each message before the next one, and never runs inside an append", async () => {
      await using world = await make();
      const waiting: (() => void)[] = [];
      const got: string[] = [];
      let appending = false;
      let inside = false;
      await world.bus.consume({
        filter: LEDGER,
        from: "new",
        take: ({ data }) => {
          inside ||= appending;
          got.push(data);
          return new Promise<void>((resolve) => waiting.push(resolve));
        },
      });
      appending = true;
      const appended = numbers(5).map((text) => world.bus.append(LEDGER, text));
      appending = false;
      await Promise.all(appended);
      for (let i = 0; i < 5; i++) {
        await eventually(() => waiting.length > i);
        expect(got).toHaveLength(i + 1);
        waiting[i]!();
      }
      expect(got).toEqual(numbers(5));
      expect(inside).toBe(false);
    });

    test("when take throws, stops at that message and says why", async () => {
      await using world = await make();
      const got: string[] = [];
      const consumer = await world.bus.consume({
        filter: LEDGER,
        from: { after: 0 },
        take: async ({ data }) => {
          got.push(data);
          if (data === "2") throw new Error("no more");
        },
      });
      await appendAll(world.bus, LEDGER, numbers(5));
      await expect(consumer.failed).rejects.toThrow("no more");
      await consumer.stop();
      expect(got).toEqual(numbers(3));
    });

    test("stop waits for the message in hand, delivers none after it, and resolves failed", async () => {
      await using world = await make();
      const waiting: (() => void)[] = [];
      const done: string[] = [];
      let doneAtStop = 0;
      const consumer = await world.bus.consume({
        filter: LEDGER,
        from: { after: 0 },
        take: async ({ data }) => {
          await new Promise<void>((resolve) => waiting.push(resolve));
          done.push(data);
        },
      });
      await appendAll(world.bus, LEDGER, numbers(3));
      await eventually(() => waiting.length > 0);
      const stopping = consumer.stop().then(() => (doneAtStop = done.length));
      waiting[0]!();
      await stopping;
      await consumer.failed;
      expect(doneAtStop).toBe(1);
      expect(done).toEqual(["0"]);
    });

    test("given two consumers, each gets every message", async () => {
      await using world = await make();
      const other = await world.connect();
      const mine: string[] = [];
      const theirs: string[] = [];
      await world.bus.consume({ filter: LEDGER, from: { after: 0 }, take: ({ data }) => void mine.push(data) });
      await other.consume({ filter: LEDGER, from: { after: 0 }, take: ({ data }) => void theirs.push(data) });
      await appendAll(world.bus, LEDGER, numbers(50));
      await eventually(() => mine.length === 50 && theirs.length === 50);
      expect(mine).toEqual(theirs);
    });

    test("given a checkpoint beyond the end, refuses: it belongs to another log", async () => {
      await using world = await make();
      await appendAll(world.bus, LEDGER, numbers(3));
      const consuming = world.bus.consume({ filter: LEDGER, from: { after: 4 }, take: () => undefined });
      await expect(consuming).rejects.toMatchObject({ code: "LOG_LOST", action: "service" });
      const atEnd = await world.bus.consume({ filter: LEDGER, from: { after: 3 }, take: () => undefined });
      await atEnd.stop();
    });

    test("given what is not within one stream, or the work queue, refuses", async () => {
      await using world = await make();
      for (const filter of ["tw.>", "tw.fill.>"])
        await expect(world.bus.consume({ filter, from: "new", take: () => undefined })).rejects.toMatchObject({ code: "NO_STREAM" });
      await expect(world.bus.consume({ filter: "tw.job.>", from: "new", take: () => undefined })).rejects.toMatchObject({
        code: "WORK_QUEUE",
      });
    });
  });
};
