import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, tempDir } from "@tradewind/testkit";
import { describe, expect, test } from "vitest";
import { openCore } from "../src/embedded/core.ts";
import { openEmbeddedBus, type Bus } from "../src/index.ts";
import { testBus } from "./contract.ts";
import { appendAll, candle, dataOf, LEDGER, numbers, readAll, type MakeWorld } from "./contract/world.ts";

const DAY_MS = 86_400_000;

const make: MakeWorld = async (options) => {
  const file = join(tempDir(), "bus.db");
  const opened: Bus[] = [];
  const connect = async (): Promise<Bus> => {
    const bus = await openEmbeddedBus(file, options);
    opened.push(bus);
    return bus;
  };
  const bus = await connect();
  await bus.ensure();
  return {
    bus,
    connect,
    address: ["embedded", file],
    async [Symbol.asyncDispose]() {
      for (const each of opened) await each.close();
    },
  };
};

describe("embedded bus", () => {
  testBus(make);
});

describe("the file of an embedded bus", () => {
  test("given another process has it, is refused by name; given that one is killed, is free", async () => {
    const file = join(tempDir(), "bus.db");
    const holder = spawn(process.execPath, [join(import.meta.dirname, "support/holder.ts"), file], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    await expect(openEmbeddedBus(file)).rejects.toMatchObject({
      code: "BUS_LOCKED",
      action: "input",
      message: expect.stringContaining(file),
    });
    holder.kill("SIGKILL");
    await once(holder, "exit");
    const bus = await openEmbeddedBus(file);
    expect((await bus.append(LEDGER, "x")).seq).toBe(1);
    await bus.close();
  });

  test("given it is closed, what is written after that is refused and upsets nobody", async () => {
    const file = join(tempDir(), "bus.db");
    const core = openCore(file, {});
    core.close();
    await expect(core.writer.write(() => undefined)).rejects.toMatchObject({ action: expect.any(String) });
  });

  test("given one handle is closed, the others of the process go on; a closed one refuses", async () => {
    const file = join(tempDir(), "bus.db");
    const one = await openEmbeddedBus(file);
    const two = await openEmbeddedBus(file);
    const got: string[] = [];
    const closedGot: string[] = [];
    await two.consume({ filter: LEDGER, from: "new", take: ({ data }) => void got.push(data) });
    await one.consume({ filter: LEDGER, from: "new", take: ({ data }) => void closedGot.push(data) });
    two.respond("tw.command.x.y", async () => "two");
    one.respond("tw.command.x.y", async () => "one");
    await one.close();
    await expect(one.append(LEDGER, "x")).rejects.toMatchObject({ code: "BUS_CLOSED" });
    await appendAll(two, LEDGER, ["after"]);
    await eventually(() => got.length === 1);
    expect(closedGot).toEqual([]);
    expect(await two.request("tw.command.x.y", "", 1000)).toBe("two");
    await two.close();
  });

  test("given what is no bus file, or no place for one, is refused in one line", async () => {
    const dir = tempDir();
    const file = join(dir, "text.db");
    writeFileSync(file, "this is no database, however long it may be ".repeat(100));
    await expect(openEmbeddedBus(file)).rejects.toMatchObject({ code: "BUS_CORRUPT", action: "input" });
    await expect(openEmbeddedBus(join(file, "below", "bus.db"))).rejects.toMatchObject({ code: "BUS_NOT_WRITABLE", action: "input" });
    await expect(openEmbeddedBus(dir)).rejects.toMatchObject({ code: "BUS_NOT_WRITABLE", action: "input" });
  });

  test("given it cannot grow, fails the append alone: what was promised is there", () => {
    const file = join(tempDir(), "bus.db");
    const limited = `ulimit -f 2048; exec "${process.execPath}" "${join(import.meta.dirname, "support/small-disk.ts")}" "${file}"`;
    const said = JSON.parse(execFileSync("bash", ["-c", limited], { encoding: "utf8" })) as { added: number; code: string; last: number };
    expect(["BUS_FULL", "BUS_NOT_WRITABLE"]).toContain(said.code);
    expect(said.added).toBeGreaterThan(10);
    expect(said.last).toBe(said.added);
  });

  test("drops what is older than its stream keeps, and goes on numbering even when nothing is left", async () => {
    const file = join(tempDir(), "bus.db");
    let now = 1_000 * DAY_MS;
    const first = await openEmbeddedBus(file, { now: () => now });
    await appendAll(first, candle("A"), numbers(10));
    await appendAll(first, LEDGER, numbers(3));
    now += 15 * DAY_MS;
    await first.close();
    const second = await openEmbeddedBus(file, { now: () => now });
    expect(await readAll(second, "tw.candle.>")).toEqual([]);
    expect(await second.last(candle("A"))).toBeUndefined();
    await second.close();
    const third = await openEmbeddedBus(file, { now: () => now });
    expect(await appendAll(third, candle("A"), ["later"])).toEqual([11]);
    expect(dataOf(await readAll(third, candle("A"), { after: 4 }))).toEqual(["later"]);
    expect(await readAll(third, LEDGER)).toHaveLength(3);
    await third.close();
  });

  test("keeps a lease as long as its bucket says, by the clock it was given", async () => {
    let now = 5_000;
    const bus = await openEmbeddedBus(":memory:", { now: () => now });
    const kv = bus.kv("leases");
    const revision = (await kv.create("a", "1"))!;
    now += 3_999;
    expect(await kv.create("a", "2")).toBeUndefined();
    const renewed = (await kv.update("a", "1", revision))!;
    now += 3_999;
    expect((await kv.get("a"))?.revision).toBe(renewed);
    now += 1;
    expect(await kv.get("a")).toBeUndefined();
    expect(await kv.update("a", "1", renewed)).toBeUndefined();
    expect(await kv.create("a", "2")).toBeGreaterThan(renewed);
    await bus.close();
  });
});
