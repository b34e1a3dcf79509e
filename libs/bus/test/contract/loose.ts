import { eventually } from "@tradewind/testkit";
import { describe, expect, test } from "vitest";
import { numbers, type MakeWorld } from "./world.ts";

const ASK = "tw.command.execution.pause";
/** Longer than any test may take: what answers within the test did not wait for it. */
const NEVER_MS = 600_000;

export const testLoose = (make: MakeWorld): void => {
  describe("messages that are not kept", () => {
    test("reach every listener of a fitting pattern, in order, until it stops", async () => {
      await using world = await make();
      const other = await world.connect();
      const all: string[] = [];
      const some: string[] = [];
      other.subscribe("tw.fill.>", ({ subject, data }) => all.push(`${subject}=${data}`));
      const subscription = world.bus.subscribe("tw.fill.*.ETH", ({ data }) => some.push(data));
      await eventually(() => {
        world.bus.publish("tw.fill.probe.X", "?");
        return all.length > 0;
      });
      for (const text of numbers(10)) world.bus.publish(`tw.fill.v.${Number(text) % 2 === 0 ? "ETH" : "BTC"}`, text);
      world.bus.publish("tw.order.v.ETH", "other");
      await eventually(() => some.length === 5 && all.at(-1) === "tw.fill.v.BTC=9");
      expect(some).toEqual(["0", "2", "4", "6", "8"]);
      expect(all.filter((text) => !text.includes("probe")).map((text) => text.split("=")[1])).toEqual(numbers(10));
      subscription.stop();
      world.bus.publish("tw.fill.v.ETH", "after");
      await eventually(() => all.at(-1) === "tw.fill.v.ETH=after");
      expect(some).toHaveLength(5);
    });

    test("are not delivered inside publish, and a listener that throws leaves the others", async () => {
      const thrown: unknown[] = [];
      await using world = await make({ onError: (error) => thrown.push(error) });
      const got: string[] = [];
      world.bus.subscribe("tw.equity.*", () => {
        throw new Error("mine");
      });
      world.bus.subscribe("tw.equity.*", ({ data }) => got.push(data));
      world.bus.publish("tw.equity.v", "1");
      expect(got).toEqual([]);
      await eventually(() => got.length === 1 && thrown.length === 1);
    });
  });

  describe("request and reply", () => {
    test("asks every responder and takes the first answer; undefined leaves it to others", async () => {
      await using world = await make();
      const other = await world.connect();
      const asked: string[] = [];
      other.respond("tw.command.execution.*", async ({ data }) => {
        asked.push("first");
        return data === "for nobody" ? undefined : `done ${data}`;
      });
      world.bus.respond(ASK, async () => {
        asked.push("second");
        return undefined;
      });
      // The first requests may be there before the other one has begun to listen.
      const answer = await eventually(() => world.bus.request(ASK, "x", 200));
      expect(answer).toBe("done x");
      await eventually(() => asked.includes("first") && asked.includes("second"));
      await expect(world.bus.request(ASK, "for nobody", 50)).rejects.toMatchObject({ code: "NO_REPLY", action: "retry" });
    });

    test("when nobody listens, says so at once", async () => {
      await using world = await make();
      await expect(world.bus.request(ASK, "x", NEVER_MS)).rejects.toMatchObject({ code: "NO_REPLY", action: "retry" });
    });

    test("a responder that fails answers nothing and tells", async () => {
      const thrown: unknown[] = [];
      await using world = await make({ onError: (error) => thrown.push(error) });
      world.bus.respond(ASK, async () => {
        throw new Error("mine");
      });
      await expect(world.bus.request(ASK, "x", 50)).rejects.toMatchObject({ code: "NO_REPLY" });
      await eventually(() => thrown.length > 0);
      world.bus.respond(ASK, async () => "other");
      expect(await world.bus.request(ASK, "x", NEVER_MS)).toBe("other");
    });
  });
};
