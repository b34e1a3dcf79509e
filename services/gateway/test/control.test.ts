import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DesiredVariant } from "@tradewind/contracts";
import { setMarketClock } from "@tradewind/kit";
import { eventually } from "@tradewind/testkit";
import { MINUTE, START, decisionOf, entryOf, publisher, startSystem, variantOf, type System } from "./support.ts";

const risk = (pct: number): string => variantOf({ risk_settings: { stop_loss_pct: pct } });
const running = (system: System, id: string, revision = 1): Promise<DesiredVariant> =>
  eventually(async () => {
    const desired = await system.desired(id);
    return desired?.enabled === true && desired.revision === revision ? desired : undefined;
  });
const problems = async (system: System): Promise<string> => ((await system.call("/api/status")).body.problems as string[]).join("\n");
/** The folder has been read since this was asked: a file dropped last is there. */
async function settled(system: System, name: string): Promise<void> {
  system.put(name, variantOf());
  await running(system, name);
}

describe("given a folder of variants", () => {
  test("paper variants that the settings name run; live, backtest and others do not", async () => {
    await using system = await startSystem({
      variants: { sim_a: risk(1), sim_b: risk(2), other: risk(3), sim_live: variantOf({}, { mode: "live", asset_class: "crypto" }) },
      settings: { start: { variants: ["sim_*"] } },
    });
    const desired = await running(system, "sim_a");
    expect(desired.by).toBe("file");
    expect(desired.effectiveFrom).toBeGreaterThanOrEqual(START);
    expect(desired.effectiveFrom).toBeLessThan(START + MINUTE);
    await running(system, "sim_b");
    await settled(system, "sim_last");
    expect(await system.desired("other")).toBeUndefined();
    expect(await system.desired("sim_live")).toBeUndefined();
    const { body } = await system.call("/api/variants/sim_live/start", {});
    expect(body.error).toEqual({ code: "MODE_NOT_STARTED", message: expect.stringContaining("venues.bybit.url") });
    expect(await system.desired("sim_live")).toBeUndefined();
  });

  test("nothing starts before a simulated market has its clock: a time of the wall would lie far beyond it", async () => {
    await using system = await startSystem({ variants: { sim: variantOf() }, clock: false });
    expect((await system.call("/api/variants/sim/start", {})).body.error.code).toBe("NO_MARKET_CLOCK");
    expect((await system.call("/api/status")).body.marketTime).toBeNull();
    await setMarketClock(system.bus, { wallMs: Date.now(), marketMs: START, speed: 10 });
    const { effectiveFrom } = await running(system, "sim");
    expect(effectiveFrom - START).toBeLessThan(10 * MINUTE);
    expect((await system.call("/api/status")).body).toMatchObject({ speed: 10, simulated: true });
  });

  test("a changed file is a new revision from now on; a comment is none", async () => {
    await using system = await startSystem({ variants: { sim: risk(1) } });
    const first = await running(system, "sim");
    system.put("sim", `// only said otherwise\n${risk(1)}`);
    await settled(system, "after_comment");
    expect((await system.desired("sim"))!.revision).toBe(1);
    system.put("sim", risk(2));
    const second = await running(system, "sim", 2);
    expect(second.text).toBe(risk(2));
    expect(second.configHash).not.toBe(first.configHash);
    expect(second.effectiveFrom).toBeGreaterThanOrEqual(first.effectiveFrom);
  });

  test("a changed strategy file of a user is a new revision too", async () => {
    await using system = await startSystem();
    const strategy = (threshold: number): string =>
      `export default (kit) => ({ name: "own", doc: "d", parameters: {}, warmup: () => ${threshold}, create: () => kit.strategy({}, () => kit.hold("x")) });\n`;
    const path = join(dirname(system.file("x")), "..", "own.js");
    writeFileSync(path, strategy(1));
    system.put("own", variantOf({ strategy_file: "../own.js" }, { strategy: "custom" }));
    await running(system, "own");
    writeFileSync(path, strategy(2));
    system.put("again", variantOf());
    await running(system, "own", 2);
  });

  test("a broken file is told once and leaves the rest alone; mended, it is a revision", async () => {
    await using system = await startSystem({ variants: { sim: risk(1), good: risk(3) } });
    await running(system, "sim");
    system.put("sim", "{ broken");
    system.put("new", variantOf({ risk_setings: {} }));
    await eventually(async () => (await problems(system)).includes("sim"));
    expect(await problems(system)).toMatch(/variant sim: .*not valid JSON/);
    expect(await problems(system)).toMatch(/variant new: .*did you mean "risk_settings"/);
    expect((await system.desired("sim"))!.revision).toBe(1);
    expect(await system.desired("new")).toBeUndefined();
    const said = system.service.context.state.current().notes.filter(({ text }) => text.startsWith("variant sim:"));
    expect(said).toHaveLength(1);
    const { body } = await system.call("/api/variants");
    expect(body.find(({ id }: { id: string }) => id === "new")).toMatchObject({ enabled: false, problem: expect.any(String) });
    system.put("sim", risk(2));
    await running(system, "sim", 2);
    await eventually(async () => !(await problems(system)).includes("variant sim"));
  });

  test("a secret in a file is refused, and shown nowhere", async () => {
    const secret = "sk_live_51HxQ2eZvKYlo2C";
    await using system = await startSystem({ variants: { sim: variantOf({ broker_config: { credentials: { api_key: secret } } }) } });
    await eventually(async () => (await problems(system)).includes("sim"));
    const { body } = await system.call("/api/status");
    for (const shown of [JSON.stringify(body), system.log.join("")]) expect(shown).not.toContain(secret);
    expect(await system.desired("sim")).toBeUndefined();
  });

  test("a deleted file stops what it started, and starts it again when it is back; one put in its place at once is a change", async () => {
    await using system = await startSystem({ variants: { sim: risk(1), replaced: risk(1) } });
    await running(system, "sim");
    await running(system, "replaced");
    system.remove("replaced");
    system.put("replaced", risk(2));
    system.remove("sim");
    await eventually(async () => (await system.desired("sim"))?.enabled === false);
    const replaced = await running(system, "replaced", 2);
    expect(replaced.enabled).toBe(true);
    system.put("sim", risk(1));
    await running(system, "sim", 3);
  });

  test("a folder that goes away stops nothing", async () => {
    await using system = await startSystem({ variants: { sim: risk(1) } });
    await running(system, "sim");
    const folder = dirname(system.file("sim"));
    rmSync(folder, { recursive: true });
    await eventually(async () => (await problems(system)).includes("cannot be read"));
    expect((await system.desired("sim"))!.enabled).toBe(true);
    mkdirSync(folder);
    system.put("sim", risk(2));
    await running(system, "sim", 2);
  });

  test("what was stopped by command stays stopped over changes and restarts, until it is started by command", async () => {
    const first = await startSystem({ variants: { sim: risk(1) } });
    await running(first, "sim");
    const { status, body } = await first.call("/api/variants/sim/stop", {});
    expect([status, body.variant.enabled]).toEqual([200, false]);
    first.put("sim", risk(2));
    await settled(first, "other");
    await first[Symbol.asyncDispose]();
    await using second = await startSystem({ of: first });
    await settled(second, "another");
    expect(await second.desired("sim")).toMatchObject({ enabled: false, by: "operator", revision: 2 });
    expect((await second.call("/api/variants/sim/start", {})).status).toBe(200);
    expect((await running(second, "sim", 3)).text).toBe(risk(2));
    second.remove("sim");
    await eventually(async () => (await problems(second)).includes("started by command and goes on"));
    expect((await second.desired("sim"))!.enabled).toBe(true);
  });

  test("a file that turns a running variant live is not followed", async () => {
    await using system = await startSystem({ variants: { sim: variantOf({}, { asset_class: "crypto" }) } });
    await running(system, "sim");
    system.put("sim", variantOf({}, { asset_class: "crypto", mode: "live" }));
    await eventually(async () => (await problems(system)).includes("no file starts by itself"));
    expect(await system.desired("sim")).toMatchObject({ revision: 1, enabled: true });
  });

  test("a revision without a symbol that its ledger names is not followed, by file or by command", async () => {
    const two = (symbols: readonly string[], account: object = {}): string => variantOf({ trading_symbols: { futures: symbols }, account });
    const both = ["BTC/USDT:USDT", "ETH/USDT:USDT"];
    await using system = await startSystem({ variants: { sim: two(both) } });
    await running(system, "sim");
    await publisher(system.bus).entry("paper-sim", entryOf("sim", "ETH-USDT-PERP"));
    system.put("sim", two(["BTC/USDT:USDT"]));
    await eventually(async () => (await problems(system)).includes("leaves out ETH-USDT-PERP"));
    expect(await system.desired("sim")).toMatchObject({ revision: 1, enabled: true, text: two(both) });
    await system.call("/api/variants/sim/stop", {});
    const { status, body } = await system.call("/api/variants/sim/start", {});
    expect([status, body.error.code]).toEqual([409, "LEDGER_NEEDS"]);
    system.put("sim", two(["BTC/USDT:USDT"], { id: "anew" }));
    expect((await system.call("/api/variants/sim/start", {})).status).toBe(200);
    expect((await running(system, "sim", 3)).text).toContain("anew");
    system.put("thief", two(both, { id: "paper-sim" }));
    await eventually(async () => (await problems(system)).includes("that of variant sim"));
    expect(await system.desired("thief")).toBeUndefined();
  });

  test("on the events clock the first revision begins with the data, a change where the variant has got to", async () => {
    await using system = await startSystem({ variants: { sim: risk(1) }, settings: { run: { clock: "events" } }, clock: false });
    expect((await running(system, "sim")).effectiveFrom).toBe(0);
    await publisher(system.bus).decision(decisionOf("sim", 7));
    system.put("sim", risk(2));
    expect((await running(system, "sim", 2)).effectiveFrom).toBe(START + 7 * MINUTE);
  });

  test("many at once: every change of every variant is written, nobody's over another's", async () => {
    await using system = await startSystem();
    const ids = Array.from({ length: 30 }, (_, i) => `v${i}`);
    for (const id of ids) system.put(id, risk(1));
    await Promise.all(ids.map((id) => running(system, id)));
    await Promise.all(
      ids.flatMap((id) => [system.call(`/api/variants/${id}/stop`, { by: "a" }), system.call(`/api/variants/${id}/start`, { by: "b" })]),
    );
    for (const id of ids) {
      const { revision, enabled, by } = (await system.desired(id))!;
      expect([2, 3]).toContain(revision);
      expect(enabled).toBe(by === "b");
    }
  });
});
