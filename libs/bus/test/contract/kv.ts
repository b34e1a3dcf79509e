import { eventually } from "@tradewind/testkit";
import { describe, expect, test } from "vitest";
import type { KvChange } from "../../src/index.ts";
import type { MakeWorld } from "./world.ts";

export const testKv = (make: MakeWorld): void => {
  describe("key-value buckets", () => {
    test("keep what was put, each change with a greater revision", async () => {
      await using world = await make();
      const kv = world.bus.kv("variants");
      expect(await kv.get("a")).toBeUndefined();
      const first = await kv.put("a", "1");
      const second = await kv.put("a", "2");
      expect(second).toBeGreaterThan(first);
      expect(await kv.get("a")).toEqual({ key: "a", value: "2", revision: second });
      expect(await (await world.connect()).kv("variants").get("a")).toEqual({ key: "a", value: "2", revision: second });
      expect(await world.bus.kv("run").get("a")).toBeUndefined();
    });

    test("create only what is not there, again after a deletion", async () => {
      await using world = await make();
      const kv = world.bus.kv("checkpoints");
      const first = await kv.create("stage/part=1.x", "1");
      expect(first).toBeGreaterThan(0);
      expect(await kv.create("stage/part=1.x", "2")).toBeUndefined();
      expect(await kv.delete("stage/part=1.x")).toBe(true);
      expect(await kv.delete("stage/part=1.x")).toBe(false);
      expect(await kv.get("stage/part=1.x")).toBeUndefined();
      expect(await kv.create("stage/part=1.x", "3")).toBeGreaterThan(first!);
      expect((await kv.get("stage/part=1.x"))?.value).toBe("3");
    });

    test("given many who create one key, one does", async () => {
      await using world = await make();
      const buses = [world.bus, await world.connect(), await world.connect()];
      const made = await Promise.all(buses.map((bus, i) => bus.kv("leases").create("one", String(i))));
      expect(made.filter((revision) => revision !== undefined)).toHaveLength(1);
    });

    test("update and delete only at the revision given", async () => {
      await using world = await make();
      const kv = world.bus.kv("leases");
      const first = (await kv.create("a", "1"))!;
      const second = (await kv.update("a", "2", first))!;
      expect(second).toBeGreaterThan(first);
      expect(await kv.update("a", "3", first)).toBeUndefined();
      expect(await kv.update("none", "3", first)).toBeUndefined();
      expect(await kv.delete("a", first)).toBe(false);
      expect((await kv.get("a"))?.value).toBe("2");
      expect(await kv.delete("a", second)).toBe(true);
      expect(await kv.delete("none", 1)).toBe(false);
      expect(await kv.entries()).toEqual([]);
    });

    test("give all entries, the deleted left out", async () => {
      await using world = await make();
      const kv = world.bus.kv("models");
      expect(await kv.entries()).toEqual([]);
      for (let i = 0; i < 700; i++) await kv.put(`k${i}`, String(i));
      await kv.put("k0", "again");
      await kv.delete("k1");
      const entries = await kv.entries();
      expect(entries).toHaveLength(699);
      expect(new Map(entries.map(({ key, value }) => [key, value])).get("k0")).toBe("again");
    });

    test("forget a value that was not written again in time: then it can be created anew", async () => {
      await using world = await make({ ttlMs: { leases: 400 } });
      const kv = world.bus.kv("leases");
      const revision = (await kv.create("a", "mine"))!;
      await world.bus.kv("variants").put("a", "stays");
      const other = (await world.connect()).kv("leases");
      const anew = await eventually(() => other.create("a", "theirs"), { message: "the lease was not free" });
      expect(anew).toBeGreaterThan(revision);
      expect(await kv.update("a", "mine", revision)).toBeUndefined();
      await eventually(async () => (await kv.get("a")) === undefined);
      expect(await kv.entries()).toEqual([]);
      expect(await kv.update("a", "late", anew)).toBeUndefined();
      expect(await world.bus.kv("variants").get("a")).toBeDefined();
    });

    test("tell a watcher what is there, then every change, until it stops", async () => {
      await using world = await make();
      const kv = world.bus.kv("variants");
      await kv.put("a", "1");
      await kv.put("b", "1");
      await kv.put("gone", "1");
      await kv.delete("gone");
      const told: KvChange[] = [];
      const watch = await (await world.connect()).kv("variants").watch((change) => void told.push(change));
      expect(told.map(({ key, value }) => [key, value])).toEqual([
        ["a", "1"],
        ["b", "1"],
      ]);
      const revision = await kv.put("a", "2");
      await kv.delete("b");
      await eventually(() => told.length >= 4);
      expect(told[2]).toEqual({ key: "a", value: "2", revision });
      expect(told[3]).toMatchObject({ key: "b", value: undefined });
      watch.stop();
      const witness: KvChange[] = [];
      await world.bus.kv("variants").watch((change) => void witness.push(change));
      await kv.put("c", "1");
      await eventually(() => witness.some(({ key }) => key === "c"));
      expect(told).toHaveLength(4);
    });

    test("refuse a key that is none", async () => {
      await using world = await make();
      const kv = world.bus.kv("variants");
      for (const key of ["", "a b", "a.>", "*", "a.", "a\nb"]) {
        await expect(kv.put(key, "1")).rejects.toMatchObject({ code: "BAD_KEY", action: "bug" });
        await expect(kv.get(key)).rejects.toMatchObject({ code: "BAD_KEY" });
      }
    });

    test("tell a watcher of an empty bucket what comes", async () => {
      await using world = await make();
      const told: string[] = [];
      await world.bus.kv("states").watch(({ key, value }) => told.push(`${key}=${value}`));
      await world.bus.kv("states").put("a", "1");
      await eventually(() => told.length === 1);
      expect(told).toEqual(["a=1"]);
    });
  });
};
