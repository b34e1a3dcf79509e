import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CardModel } from "../src/card/model.ts";
import { renderCard } from "../src/card/page.ts";
import { bareCard, demoCard } from "./card-demo.ts";

/** The page without its style sheet. */
const markup = (text: string) => text.replace(/<style>[\s\S]*?<\/style>/g, "");
const importance = [
  { feature: "log_return", share: 0.7 },
  { feature: "rsi", share: 0.3 },
];
const cards: readonly (readonly [string, CardModel])[] = [
  ["a card that says yes, of trees", { ...demoCard("yes"), family: "gbdt", importance }],
  ["a card that says no", demoCard("no")],
  ["a card that cannot tell", demoCard("not distinguishable")],
  ["a card with next to nothing in it", bareCard()],
  ["a card of one step and one fold", oneOfAll()],
];

test("given several folds, when the card says what judged, then not that the file had seen none of it: later folds learnt from earlier ones", () => {
  const [several, one] = [demoCard(), oneOfAll()].map((card) => markup(renderCard(card)));
  expect(several).toContain("each judged by weights learnt before it; the file holds those of the last");
  expect(several).not.toContain("not seen in training");
  expect(one).toContain("not seen in training");
});

test("given figures of so few rows that they have no interval, when the card is drawn, then none reads NaN", () => {
  const card = demoCard("not distinguishable");
  const none = { standardErrorPct: NaN, lowPct: NaN, highPct: NaN };
  const { comparison, against } = card.evaluation;
  const evaluation = {
    ...card.evaluation,
    comparison: comparison.map((one) => ({ ...one, net: { ...one.net, ...none } })),
    against: { ...against, difference: { ...against.difference, ...none } },
  };
  expect(markup(renderCard({ ...card, evaluation }))).not.toMatch(/NaN|undefined|Infinity/);
});

function oneOfAll(): CardModel {
  const card = demoCard();
  return { ...card, folds: card.folds.slice(0, 1), curve: { ...card.curve, training: [1.1], validation: [null], kept: 0 } };
}

describe.each(cards)("given %s", (_name, card) => {
  const page = renderCard(card);

  test("it asks for nothing outside itself, forbids the browser to, and runs no script", () => {
    expect(page).toContain("default-src 'none'");
    expect(page).toContain("script-src 'none'");
    expect(page).not.toMatch(/https?:|\/\/[a-z]+\.|@import|url\(|<link|<iframe|<img|<script/i);
  });

  test("it is the same text again, and no figure reads NaN, Infinity, undefined or null", () => {
    expect(renderCard(card)).toBe(page);
    expect(markup(page)).not.toMatch(/NaN|Infinity|undefined|\bnull\b|\[object/);
  });

  test("the verdict and its sentence come before every figure", () => {
    const text = markup(page);
    const answer = text.indexOf('class="answer');
    expect(answer).toBeGreaterThan(0);
    expect(answer).toBeLessThan(text.indexOf('aria-label="Key figures"'));
    expect(text.indexOf(card.sentence.slice(0, 30))).toBeGreaterThan(answer);
  });

  test("whoever cannot see it is told of every plot and table", () => {
    const text = markup(page);
    for (const [tag] of text.matchAll(/<svg[^>]*>/g)) expect(tag).toMatch(/aria-label="[^"]+"|aria-hidden="true"/);
    for (const [, table] of text.matchAll(/<table[^>]*>([\s\S]*?)<\/table>/g)) {
      expect(table).toMatch(/^<caption/);
      expect(table).not.toMatch(/<th(?![^>]*scope=)[ >]/);
    }
    expect(new Set([...text.matchAll(/ id="([^"]+)"/g)].map((match) => match[1])).size).toBe([...text.matchAll(/ id="/g)].length);
  });
});

describe("given figures that mean something", () => {
  test("the answer's colour is good only for yes and bad only for no", () => {
    const styleOf = (card: CardModel) => /class="answer (\w+)"/.exec(renderCard(card))![1];
    expect([demoCard("yes"), demoCard("no"), demoCard("not distinguishable")].map(styleOf)).toEqual(["up", "down", "open"]);
  });

  test("an interval is coloured only when it lies on one side of zero", () => {
    const tracks = [...renderCard(demoCard("not distinguishable")).matchAll(/<div class="track (\w+)">/g)].map((match) => match[1]);
    expect(tracks).toEqual(["open", "open", "down", "open", "open", "down", "open"]);
  });

  test("the confusion's shares are of what came", () => {
    const card = demoCard();
    const text = markup(renderCard({ ...card, evaluation: { ...card.evaluation, confusion: [[3, 1, 0], [0, 8, 2], [0, 0, 5]] } })); // prettier-ignore
    expect([...text.matchAll(/class="(?:right|wrong)"[^>]*>(\d+)<small>(\d+)/g)].map(([, count, share]) => `${count} ${share}`)).toEqual([
      "3 75",
      "1 25",
      "0 0",
      "0 0",
      "8 80",
      "2 20",
      "0 0",
      "0 0",
      "5 100",
    ]);
  });

  test("what comes from outside is escaped", () => {
    const evil = `</style><img src=x onerror="alert('1')">&`;
    const card = demoCard();
    const hostile = renderCard({
      ...card,
      name: evil,
      sentence: evil,
      venue: evil,
      instruments: [evil],
      labels: [evil, "flat", "up"],
      labelDefinition: evil,
      cautions: [{ code: "FEW_ROWS", detail: evil }],
      settings: { [evil]: evil },
      importance: [{ feature: evil, share: 1 }],
      evaluation: { ...card.evaluation, intervalMethod: evil, against: { ...card.evaluation.against, baseline: evil } },
    });
    expect(hostile).not.toContain("<img");
    expect(hostile.match(/<\/style>/g)!.length).toBe(1);
  });
});

const looks = [
  { width: 1280, colorScheme: "light", always: true },
  { width: 390, colorScheme: "dark", always: true },
  { width: 1280, colorScheme: "dark", always: false },
  { width: 390, colorScheme: "light", always: false },
] as const;
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) => existsSync(path));
if (executablePath === undefined) process.stderr.write("card: skipped, there is no Chromium here (apt-get install chromium)\n");

describe.skipIf(executablePath === undefined)("given the card in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "card-"));
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: executablePath!, args: ["--headless", "--no-sandbox", "--disable-gpu"] });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(
    // What overflows depends on the width, what cannot be read on the colours: each card is seen in both, the first in every pair.
    cards.flatMap(([name, card], i) =>
      looks.filter(({ always }) => always || i === 0).map(({ width, colorScheme }) => ({ name, card, width, colorScheme })),
    ),
  )("$name, $width wide, $colorScheme: nothing is refused, cut off or unreadable", async ({ card, width, colorScheme }) => {
    const file = join(folder, "card.html");
    writeFileSync(file, renderCard(card));
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => faults.push(message.text()));
    page.on("request", (request) => !request.url().startsWith("file:") && faults.push(`asked for ${request.url()}`));
    await page.goto(pathToFileURL(file).href);
    expect(faults).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")).toBe(0);
    expect(await page.evaluate(LEAST_CONTRAST)).toBeGreaterThan(4.5);
    await page.close();
  });
});

/** Of the words that carry the verdict and its notes against their card, by WCAG 2. */
const LEAST_CONTRAST = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = (colour) => rgb(colour).slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const card = getComputedStyle(document.querySelector(".answer")).backgroundColor;
  return Math.min(...[...document.querySelectorAll(".word, .asked, .card dd, .card dt, td, caption")].map((one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(card)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
})()`;
