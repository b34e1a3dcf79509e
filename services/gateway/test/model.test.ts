import { describe, expect, test } from "vitest";
import type { ServiceReply } from "@tradewind/contracts";
import { decodeMessage } from "@tradewind/contracts";
import { encodeEntry, type LedgerEntry } from "@tradewind/core";
import { eventually } from "@tradewind/testkit";
import { createSeries } from "../src/model/series.ts";
import { MINUTE, PERP, START, decisionOf, equityOf, publisher, startSystem, variantOf, type System } from "./support.ts";
import { orderId, tellTrade } from "./trade.ts";

const first = async (system: System, id: string): Promise<any> =>
  (await system.call("/api/status")).body.variants.find((variant: { id: string }) => variant.id === id);

describe("given what services say", () => {
  test("fills come from the ledger, newest first, also those of before the gateway's start", async () => {
    const before = await startSystem({ variants: { sim: variantOf() } });
    await tellTrade(publisher(before.bus), "sim");
    await before[Symbol.asyncDispose]();
    await using system = await startSystem({ of: before });
    const fills = await eventually(async () => {
      const { body } = await system.call("/api/fills");
      return body.length === 2 ? body : undefined;
    });
    expect(fills[0]).toMatchObject({
      leg: "stop",
      side: "SELL",
      price: "58805",
      quantity: "0.05",
      realized: "-30",
      clientId: orderId("stop"),
    });
    expect(fills[1]).toMatchObject({ leg: "entry", fee: "1.65", feeCurrency: "USDT", account: "paper-sim" });
    expect((await system.call("/api/fills?variant=other")).body).toEqual([]);
    expect((await system.call("/api/fills?limit=1")).body).toHaveLength(1);
  });

  test("the ledger is handed out as it was written, line by line", async () => {
    await using system = await startSystem();
    const event = { type: "notice", code: "X", detail: 'a "quoted", "data":{ text' } as const;
    const entries = [1, 2, 3].map((n): LedgerEntry => ({
      n,
      ownerEpoch: 1,
      time: START + n,
      watermark: START,
      input: "timer",
      events: [event],
    }));
    for (const entry of entries) await publisher(system.bus).entry("paper-x", entry, "d/x/y/1");
    const response = await fetch(`${system.gateway.url}/api/ledger?account=paper-x`, {
      headers: { authorization: `Bearer ${system.gateway.token}` },
    });
    expect(await response.text()).toBe(entries.map((entry) => `${encodeEntry(entry)}\n`).join(""));
  });

  test("a HOLD that goes on is one row; a repeated or older decision changes nothing", async () => {
    await using system = await startSystem({ variants: { sim: variantOf() } });
    const to = publisher(system.bus);
    for (let minute = 1; minute <= 5; minute++) await to.decision(decisionOf("sim", minute));
    await to.decision(decisionOf("sim", 6, { action: "SELL", score: -0.5, reason: "down" }));
    await to.decision(decisionOf("sim", 7));
    await to.decision(decisionOf("sim", 3, { instrument: PERP, reason: "late" }));
    const rows = await eventually(async () => {
      const { body } = await system.call("/api/decisions?variant=sim");
      return body.length === 3 ? body : undefined;
    });
    expect(rows.map(({ action, count }: { action: string; count: number }) => `${action} ${count}`)).toEqual([
      "HOLD 1",
      "SELL 1",
      "HOLD 5",
    ]);
    expect(rows[2]).toMatchObject({ since: START + MINUTE, closeTime: START + 5 * MINUTE });
  });

  test("equity, profit and state of a variant; its line outlives the gateway", async () => {
    const before = await startSystem({ variants: { sim: variantOf({ account: { starting_balance: 10_000 } }) } });
    await eventually(() => before.desired("sim"));
    const to = publisher(before.bus);
    for (let minute = 1; minute <= 4; minute++) to.equity(equityOf("sim", minute, 10_000 + 50 * minute));
    await eventually(async () => (await first(before, "sim")).equity === 10_200);
    expect(await first(before, "sim")).toMatchObject({ label: "simulated", profitPct: expect.closeTo(2, 9), state: "ACTIVE" });
    const halted = { type: "state", scope: "variant:sim", state: "HALTED", reason: "halted by Ann" } as const;
    await to.entry("paper-sim", { n: 1, ownerEpoch: 1, time: START, watermark: START, input: "command", events: [halted] });
    await eventually(async () => (await first(before, "sim")).state === "HALTED");
    await before[Symbol.asyncDispose]();
    await using system = await startSystem({ of: before });
    const { points, currency } = (await system.call("/api/equity?variant=sim")).body;
    expect(currency).toBe("USDT");
    expect(points).toEqual([1, 2, 3, 4].map((minute) => [START + minute * MINUTE, 10_000 + 50 * minute]));
  });

  test("garbage on a subject is left out, and the rest goes on", async () => {
    await using system = await startSystem({ variants: { sim: variantOf() } });
    await system.bus.append("tw.ledger.paper-sim", '{"type":"fill" garbage');
    await system.bus.append(`tw.decision.sim.${PERP}`, '{"v":99}');
    system.bus.publish("tw.equity.sim", "\u0000");
    await system.bus.kv("variants").put("strange", "not JSON");
    await system.bus.kv("states").put("execution.x", "not JSON");
    await tellTrade(publisher(system.bus), "sim");
    await eventually(async () => (await system.call("/api/fills")).body.length === 2);
    await eventually(async () => (await system.call("/api/decisions")).body.length > 0);
  });

  test("a label says whose money and whose prices: simulated, paper, live", async () => {
    const variants = { sim: variantOf(), real: variantOf({}, { mode: "futures" }) };
    await using simulated = await startSystem({ variants });
    expect(await eventually(() => first(simulated, "sim"))).toMatchObject({ label: "simulated" });
    expect(await first(simulated, "real")).toMatchObject({ label: "live", enabled: false });
    await using replayed = await startSystem({ variants, settings: { market: { feed: "replay" } } });
    expect(await eventually(() => first(replayed, "sim"))).toMatchObject({ label: "paper" });
    expect((await replayed.call("/api/status")).body.simulated).toBe(false);
  });

  test("what is missing is said: services, and instances that fell silent", async () => {
    await using system = await startSystem();
    const state = {
      service: "execution",
      instance: "execution-1",
      state: "running",
      since: 1,
      at: Date.now() - 60_000,
      partitions: [],
      notes: [],
      pid: 1,
      memoryMb: 1,
    };
    await system.bus.kv("states").put("execution.execution-1", JSON.stringify(state));
    const problems = await eventually(async () => {
      const { body } = await system.call("/api/status");
      return body.problems.some((line: string) => line.includes("silent")) ? (body.problems as string[]) : undefined;
    });
    expect(problems).toContain("no market-data service is running");
    expect(problems).toContain("no execution service is running");
  });
});

describe("given a command", () => {
  const answer =
    (reply: ServiceReply): (() => Promise<string>) =>
    () =>
      Promise.resolve(JSON.stringify(reply));

  test("it reaches the account's owner, and its answer comes back; a pause is a halt of the variant", async () => {
    await using system = await startSystem({ variants: { sim: variantOf() } });
    await eventually(() => system.desired("sim"));
    const heard: unknown[] = [];
    system.bus.respond("tw.command.execution.*", ({ subject, data }) => {
      const decoded = decodeMessage("command", data);
      heard.push([subject, decoded.ok && decoded.envelope.data]);
      return answer({ ok: true, message: "sim is HALTED" })();
    });
    const { status, body } = await system.call("/api/commands", { verb: "pause", variant: "sim", by: "Ann" });
    expect([status, body.ok, body.message]).toEqual([200, true, "sim is HALTED"]);
    expect(heard).toEqual([["tw.command.execution.halt", { verb: "halt", by: "Ann", account: "paper-sim", variant: "sim" }]]);
    expect((await system.call("/api/commands", { verb: "pause", account: "paper-sim" })).status).toBe(400);
  });

  test("a variant resumed while its account is halted is told so", async () => {
    await using system = await startSystem({ variants: { sim: variantOf() } });
    await eventually(() => system.desired("sim"));
    system.bus.respond("tw.command.execution.*", answer({ ok: true, message: "resume recorded" }));
    const halted = { type: "state", scope: "account", state: "HALTED", reason: "halted by Ann" } as const;
    await publisher(system.bus).entry("paper-sim", {
      n: 1,
      ownerEpoch: 1,
      time: START,
      watermark: START,
      input: "command",
      events: [halted],
    });
    await eventually(async () => (await first(system, "sim")).stateScope === "account");
    const { body } = await system.call("/api/commands", { verb: "resume", variant: "sim" });
    expect(body.message).toBe("resume recorded; account paper-sim itself is HALTED (halted by Ann); resume the account too");
  });

  test("without an owner it fails clearly; for all accounts it tells of each", async () => {
    await using system = await startSystem({ variants: { a: variantOf(), b: variantOf() } });
    await eventually(() => system.desired("a"));
    await eventually(() => system.desired("b"));
    const alone = await system.call("/api/commands", { verb: "halt", variant: "a" });
    expect([alone.status, alone.body.error.code]).toEqual([503, "NO_OWNER"]);
    system.bus.respond("tw.command.execution.*", ({ data }) =>
      data.includes("paper-a") ? answer({ ok: true, message: "done" })() : answer({ ok: false, message: "it is being recovered" })(),
    );
    const { body } = await system.call("/api/commands", { verb: "halt" });
    expect(body.ok).toBe(false);
    expect(body.results).toEqual([
      { account: "paper-a", ok: true, message: "done" },
      { account: "paper-b", ok: false, message: "it is being recovered" },
    ]);
    expect((await system.call("/api/commands", { verb: "halt", account: "elsewhere" })).body.error.code).toBe("UNKNOWN_ACCOUNT");
    expect((await system.call("/api/commands", { verb: "close", variant: "nobody" })).status).toBe(404);
  });
});

describe("given a line of many points", () => {
  test("it stays bounded, in order, from the first point to the newest, whatever comes", () => {
    const series = createSeries();
    for (let i = 0; i < 50_000; i++) series.add(i * 1_000, i);
    series.add(10, -1);
    const points = series.points();
    expect(points.length).toBeLessThanOrEqual(2_000);
    expect(points.length).toBeGreaterThan(900);
    expect([points[0], points.at(-1)]).toEqual([
      [0, 0],
      [49_999_000, 49_999],
    ]);
    expect(points.every(([time], i) => i === 0 || time > points[i - 1]![0])).toBe(true);
    const few = series.sparse(60);
    expect([few.length, few[0], few.at(-1)]).toEqual([60, points[0], points.at(-1)]);
  });
});
