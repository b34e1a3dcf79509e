import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "@tradewind/testkit";
import { MINUTE, PERP, START, decisionOf, equityOf, publisher, startSystem, variantOf, type System } from "./support.ts";
import { fillOf, orderId, tellTrade } from "./trade.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
if (executablePath === undefined) process.stderr.write("page: skipped, there is no Chromium here (apt-get install chromium)\n");

let browser: Browser;

interface Opened {
  readonly page: Page;
  /** What the browser complained of, and addresses asked for elsewhere. */
  readonly faults: string[];
}

async function open({ gateway }: System, hash = `#token=${gateway.token}`): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1000 } });
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("request", (request) => !request.url().startsWith(gateway.url) && faults.push(`asked for ${request.url()}`));
  await page.goto(`${gateway.url}/${hash}`);
  return { page, faults };
}

describe.skipIf(executablePath === undefined)("given the page in a browser", () => {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args });
  });
  afterAll(() => browser.close());

  test("it says SIMULATED, shows variants, and fills and decisions as they come", async () => {
    await using system = await startSystem({ variants: { sim: variantOf(), broken: "{" } });
    await eventually(() => system.desired("sim"));
    const { page, faults } = await open(system);
    await page.locator("#banner").getByText("SIMULATED MARKET").waitFor();
    expect(await page.title()).toContain("SIMULATED");
    await page.locator("#problems").getByText("variant broken").waitFor();
    const row = page.locator("#variant-rows tr").filter({ hasText: "sim" });
    await row.getByText("SIMULATED · PAPER").waitFor();
    const to = publisher(system.bus);
    await tellTrade(to, "sim");
    await page.locator("#fill-rows").getByText("58,805").waitFor();
    await page.locator("#decision-rows").getByText("change 0.61 % over 20").waitFor();
    expect(await page.locator("#decision-rows li").count()).toBe(2);
    await page.locator("#with-holds").uncheck();
    await eventually(async () => (await page.locator("#decision-rows li").count()) === 1);
    const position = { instrument: PERP, quantity: "-0.05", entryPrice: 60_000, mark: 60_010, profit: -0.5 };
    to.equity(equityOf("sim", 11, 9_990));
    to.equity(equityOf("sim", 12, 9_950, { positions: [position], drawdown: 0.005 }));
    await row.getByText("9,950.00").waitFor();
    await row.getByText("▼ −0.50 %").waitFor();
    await row.getByText("short 0.05 BTC-USDT-PERP −0.50").waitFor();
    await page.locator("#plot canvas").waitFor();
    expect(page.url()).not.toContain(system.gateway.token);
    expect(faults).toEqual([]);
  });

  test("a fill's row tells why, from the candle on", async () => {
    await using system = await startSystem({ variants: { sim: variantOf() } });
    await eventually(() => system.desired("sim"));
    await tellTrade(publisher(system.bus), "sim");
    const { page } = await open(system);
    await page.locator("#fill-rows tr").last().getByRole("button").focus();
    await page.keyboard.press("Enter");
    await page.locator("#why-steps").getByText("momentum says BUY").waitFor();
    expect(await page.locator("#why-title").textContent()).toContain(orderId("entry"));
    await page.keyboard.press("Escape");
    await page.locator("#why").waitFor({ state: "hidden" });
  });

  test("a command goes out only when it is confirmed, and its answer is shown", async () => {
    await using system = await startSystem({ variants: { sim: variantOf() } });
    await eventually(() => system.desired("sim"));
    const heard: string[] = [];
    system.bus.respond("tw.command.execution.*", ({ subject }) => {
      heard.push(subject);
      return Promise.resolve(JSON.stringify({ ok: true, message: "sim is HALTED" }));
    });
    const { page } = await open(system);
    const pause = page.getByRole("button", { name: "Pause sim" });
    await pause.click();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(heard).toEqual([]);
    await pause.click();
    await page.locator("#confirm-yes").click();
    await page.locator("#toasts").getByText("sim is HALTED").waitFor();
    expect(heard).toEqual(["tw.command.execution.halt"]);
    const scope = { type: "state", scope: "variant:sim", state: "HALTED", reason: "halted by dashboard" } as const;
    await publisher(system.bus).entry("paper-sim", {
      n: 1,
      ownerEpoch: 1,
      time: START,
      watermark: START,
      input: "command",
      events: [scope],
    });
    await page.getByRole("button", { name: "Resume sim" }).waitFor();
  });

  test("a live variant makes the whole page LIVE", async () => {
    const system = await startSystem({
      variants: { real: variantOf({}, { mode: "futures" }) },
      settings: { venues: { bybit: { url: "http://127.0.0.1:9" } } },
    });
    await using _ = system;
    expect((await system.call("/api/variants/real/start", {})).status).toBe(200);
    const { page } = await open(system);
    await page.locator("#banner[data-world=live]").getByText("LIVE: real sends real orders").waitFor();
    expect(await page.title()).toContain("LIVE");
    await page.locator("#variant-rows").getByText("LIVE", { exact: true }).waitFor();
  });

  test("without a token it asks for one; a wrong one is told", async () => {
    await using system = await startSystem({ variants: { sim: variantOf() } });
    const { page } = await open(system, "");
    await page.getByLabel("Token").fill("not-the-token-of-this");
    await page.keyboard.press("Enter");
    await page.locator("#login-problem").getByText("does not take this token").waitFor();
    expect(await page.locator("#main").isVisible()).toBe(false);
    await page.getByLabel("Token").fill(system.gateway.token);
    await page.keyboard.press("Enter");
    await page.locator("#variant-rows").getByText("sim", { exact: true }).waitFor();
  });

  test("thousands of messages leave it usable and its lists short; a lost gateway is told, and found again", async () => {
    const before = await startSystem({ variants: { sim: variantOf() } });
    await eventually(() => before.desired("sim"));
    const { page, faults } = await open(before);
    await page.locator("#connection").getByText("live").waitFor();
    const to = publisher(before.bus);
    await tellTrade(to, "sim");
    for (let i = 0; i < 3_000; i++) to.equity(equityOf("sim", 20 + i, 10_000 + Math.sin(i / 50) * 30));
    for (let i = 0; i < 600; i++) {
      const time = START + (20 + i) * MINUTE;
      await to.decision(decisionOf("sim", 20 + i, { action: i % 2 === 0 ? "BUY" : "SELL", score: 0.5, reason: `turn ${i}` }));
      const event = { ...fillOf("sim", "entry", 60_000 + i), tradeId: `many-${i}` } as ReturnType<typeof fillOf>;
      await to.entry("paper-sim", { n: 10 + i, ownerEpoch: 1, time, watermark: time, input: "report fill", events: [event] });
    }
    await page.locator("#decision-rows").getByText("turn 599").waitFor();
    await page.locator("#fill-rows").getByText("60,599").waitFor();
    expect(await page.locator("#decision-rows li").count()).toBeLessThanOrEqual(60);
    expect(await page.locator("#fill-rows tr").count()).toBeLessThanOrEqual(60);
    expect(faults).toEqual([]);
    const port = Number(new URL(before.gateway.url).port);
    await before[Symbol.asyncDispose]();
    await page.locator("#connection").getByText("lost").waitFor();
    await using again = await startSystem({ of: before, settings: { gateway: { port, token_file: `${before.dir}/token` } } });
    await page.locator("#connection").getByText("live").waitFor();
    await publisher(again.bus).decision(decisionOf("sim", 900, { action: "SELL", score: -0.4, reason: "after the restart" }));
    await page.locator("#decision-rows").getByText("after the restart").waitFor();
  });
});
