import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "@tradewind/testkit";
import { hashOf, jobOf, modelOf, putJob, putModel, putScores, startInference, versionOf } from "./models-support.ts";
import { START, startSystem, type System } from "./support.ts";

const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
if (executablePath === undefined) process.stderr.write("models page: skipped, there is no Chromium here (apt-get install chromium)\n");
const DAY = 86_400_000;
const NOTHING_LANES = { lanes: [], abstentions: 0 };

let browser: Browser;

async function open({ gateway }: System, faults: string[], viewport = { width: 1440, height: 1000 }): Promise<Page> {
  const page = await browser.newPage({ viewport });
  watch(page, gateway.url, faults);
  page.context().on("page", (other) => watch(other, gateway.url, faults));
  await page.goto(`${gateway.url}/#token=${gateway.token}`);
  return page;
}

function watch(page: Page, home: string, faults: string[]): void {
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("request", (request) => !request.url().startsWith(home) && faults.push(`asked for ${request.url()}`));
}

describe.skipIf(executablePath === undefined)("given models and the page in a browser", () => {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ["--headless", "--no-sandbox", "--disable-gpu"] });
  });
  afterAll(() => browser.close());

  test("without a model it says how to come by one, and complains of nothing", async () => {
    await using system = await startSystem();
    const faults: string[] = [];
    const page = await open(system, faults);
    await page.locator("#models-none").getByText("No model is registered").waitFor();
    expect(faults).toEqual([]);
  });

  test("it shows what each version is worth, what memory is taken, what has expired and what is being trained", async () => {
    await using system = await startSystem();
    const { bus } = system;
    using _inference = await startInference(bus, {
      btc: { memory_mb: 186, device: "cpu" },
      "btc--b2b2b2b2": { memory_mb: 184, device: "cpu" },
      old: { memory_mb: 0, device: "none", quarantine: { reason: "it ends too often", until: "2026-01-05T15:00:00Z" } },
    });
    await putModel(bus, modelOf("btc", [versionOf("b2b2b2b2", "shadow"), versionOf("a1a1a1a1", "champion")], { device: "cuda:0" }));
    await putModel(bus, modelOf("old", [versionOf("c3c3c3c3", "champion", { expiresAt: START - DAY }), versionOf("d4d4d4d4", "retired")]));
    await putScores(
      bus,
      "btc",
      [
        { sha256: hashOf("a1a1a1a1"), state: "champion", closes: 412, mean: -0.012, standardError: 0.031, ...NOTHING_LANES },
        { sha256: hashOf("b2b2b2b2"), state: "shadow", closes: 408, mean: 0.084, standardError: 0.033, ...NOTHING_LANES },
      ],
      [{ sha256: hashOf("b2b2b2b2"), action: "keep", reason: "2.1 standard errors better, 3 are asked for", closes: 408 }],
    );
    await putJob(bus, jobOf("train-1"));
    await putJob(bus, jobOf("train-2", { state: "done" }));
    const faults: string[] = [];
    const page = await open(system, faults);
    const row = (id: string) => page.locator("#model-rows > li").filter({ has: page.locator("strong", { hasText: id }) });
    await row("btc").getByText("on cpu instead of cuda:0").waitFor();
    await page.locator("#models-figures").getByText("370 of 1,024 MiB").waitFor();
    const versions = row("btc").locator(".versions:not(details *) > li");
    expect(await versions.allInnerTexts()).toEqual([
      expect.stringMatching(/^champion\s+a1a1a1a1[\s\S]*−0\.012 ± 0\.031 over 412 closes/),
      expect.stringMatching(/^shadow\s+b2b2b2b2[\s\S]*\+0\.084 ± 0\.033 over 408 closes[\s\S]*3 are asked for/),
    ]);
    await row("old").locator("[data-state=expired]").first().waitFor();
    await row("old").getByText("Retired (1)").waitFor();
    await row("old").getByText("left alone until 2026-01-05 15:00:00: it ends too often").waitFor();
    expect(await page.locator("#job-rows li").allInnerTexts()).toEqual([expect.stringMatching(/running\s+train eth-next\s+fold 2 of 3/)]);
    expect(faults).toEqual([]);
  });

  test("a person promotes, retires and pins once they have confirmed it, and nothing happens otherwise", async () => {
    await using system = await startSystem();
    using inference = await startInference(system.bus, {});
    await putModel(system.bus, modelOf("btc", [versionOf("b2b2b2b2", "shadow"), versionOf("a1a1a1a1", "champion")]));
    const faults: string[] = [];
    const page = await open(system, faults);
    const press = async (name: string, answer: string): Promise<void> => {
      await page.getByRole("button", { name, exact: true }).click();
      await page.locator("#confirm").getByRole("button", { name: answer, exact: true }).click();
    };
    await press("Promote btc b2b2b2b2", "Cancel");
    await press("Promote btc b2b2b2b2", "Promote");
    await page.getByRole("button", { name: "Promote btc a1a1a1a1" }).waitFor();
    await press("Retire btc a1a1a1a1", "Retire");
    await page.getByText("Retired (1)").waitFor();
    await press("Pin btc", "Pin");
    await page.getByRole("button", { name: "Unpin btc" }).waitFor();
    expect(inference.commands.map(({ verb, data: { by, parameters } }) => ({ verb, by, ...parameters }))).toEqual([
      { verb: "state", by: "dashboard", version: hashOf("b2b2b2b2"), state: "champion" },
      { verb: "state", by: "dashboard", version: hashOf("a1a1a1a1"), state: "retired" },
      { verb: "pin", by: "dashboard" },
    ]);
    expect(faults).toEqual([]);
  });

  test("the card opens in a tab of its own, with its own style, without the token in its address", async () => {
    await using system = await startSystem();
    const { bus, gateway } = system;
    await putModel(bus, modelOf("btc", [versionOf("a1a1a1a1", "champion"), versionOf("b2b2b2b2", "shadow")]));
    const card = `<!doctype html><html><head><title>btc card</title><style>h1{color:rgb(1, 2, 3)}</style></head>
      <body><h1>Not distinguishable</h1><i style="width:37px;display:block">.</i><script>document.title = "ran"</script></body></html>`;
    await bus.blobs("model-cards").put(hashOf("a1a1a1a1"), new TextEncoder().encode(card));
    const faults: string[] = [];
    const page = await open(system, faults);
    await eventually(async () => (await page.getByRole("link", { name: "Card of btc a1a1a1a1" }).count()) === 1);
    expect(await page.getByRole("link", { name: "Card of btc b2b2b2b2" }).isVisible()).toBe(false);
    const opened = page.waitForEvent("popup");
    await page.getByRole("link", { name: "Card of btc a1a1a1a1" }).click();
    const tab = await opened;
    await tab.getByRole("heading", { name: "Not distinguishable" }).waitFor();
    expect(await tab.evaluate("getComputedStyle(document.querySelector('h1')).color")).toBe("rgb(1, 2, 3)");
    expect(await tab.evaluate("document.querySelector('i').offsetWidth")).toBe(37);
    expect(await tab.title()).toBe("btc card");
    expect(tab.url()).not.toContain(gateway.token);
    expect(faults.filter((fault) => !fault.includes("script"))).toEqual([]);
  });

  test("given a card of a stranger, nothing of it runs, and it leads nowhere by itself", async () => {
    await using system = await startSystem();
    const { bus, gateway } = system;
    await putModel(bus, modelOf("btc", [versionOf("a1a1a1a1", "champion")]));
    const inner = "<script src='/page/app.js' type='module'></script>";
    const card = `<html><head><title>a card</title><meta http-equiv="refresh" content="0;url=${gateway.url}/health"></head>
      <body onload="document.title='ran'"><h1>A card</h1><iframe srcdoc="${inner}"></iframe><img src="x" onerror="document.title='ran'">
      <object data="/health"></object><form action="/health"><button>go</button></form></body></html>`;
    await bus.blobs("model-cards").put(hashOf("a1a1a1a1"), new TextEncoder().encode(card));
    const page = await open(system, []);
    const opened = page.waitForEvent("popup");
    await page.getByRole("link", { name: "Card of btc a1a1a1a1" }).click();
    const tab = await opened;
    await tab.getByRole("heading", { name: "A card" }).waitFor();
    expect(tab.url()).toContain("/page/card.html");
    expect(tab.frames()).toHaveLength(1);
    expect(await tab.title()).toBe("a card");
    expect(await tab.locator("iframe, object, form, meta[http-equiv]").count()).toBe(0);
  });

  test.each([360, 1440])("nothing is cut off at a width of %i", async (width) => {
    await using system = await startSystem();
    using _inference = await startInference(system.bus, { btc: { memory_mb: 186, device: "cpu" } });
    await putModel(system.bus, modelOf("btc", [versionOf("b2b2b2b2", "shadow"), versionOf("a1a1a1a1", "champion")], { pinned: true }));
    await putJob(system.bus, jobOf("train-1"));
    const page = await open(system, [], { width, height: 800 });
    await page.locator("#model-rows").getByText("186 MiB").waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")).toBe(0);
  });
});
