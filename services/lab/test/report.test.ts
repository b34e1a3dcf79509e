import { createHash } from "node:crypto";
import { Script } from "node:vm";
import { describe, expect, it } from "vitest";
import type { ReportModel } from "../src/report/model.ts";
import { renderReport } from "../src/report/page.ts";
import { carriedTrades } from "../src/report/trades.ts";
import { demoModel } from "./report-demo.ts";

const HOUR = 3_600_000;
const model = demoModel({ instruments: ["BTC-USDT-PERP", "ETH-USDT-PERP"], candles: 3000, timeframe: "1h", stepMs: HOUR, seed: 5 });
const page = renderReport(model);
/** The page without its style sheet and scripts. */
const markup = (text: string) => text.replace(/<style>[\s\S]*?<\/style>|<script[\s\S]*?<\/script>/g, "");

function emptyModel(): ReportModel {
  const nothing = demoModel({ instruments: ["A"], candles: 1, timeframe: "1h", stepMs: HOUR, seed: 1 });
  const none = new Float64Array(0);
  const analysis = { ...nothing.analysis, benchmark: none, underwaterPct: none, monthly: [], instruments: [] };
  return { ...nothing, curve: { time: none, equity: none, exposure: none }, candles: new Map(), fills: [], analysis };
}

describe("report page", () => {
  it("asks for nothing outside itself and forbids the browser to", () => {
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/https?:|\/\/[a-z]+\.|@import|url\(|<link|<iframe|<img/i);
    for (const [, target] of page.matchAll(/(?:href|src)="([^"]*)"/g)) expect(target).toMatch(/^#/);
  });

  it("allows exactly the script that it carries, and that script parses", () => {
    const scripts = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);
    expect(scripts.length).toBe(1);
    const hash = createHash("sha256").update(scripts[0]!).digest("base64");
    expect(page).toContain(`script-src 'sha256-${hash}'`);
    expect(() => new Script(scripts[0]!)).not.toThrow();
  });

  it("is the same text for the same model", () => {
    expect(renderReport(model)).toBe(page);
  });

  it("shows no undefined figure as NaN, Infinity, undefined or null", () => {
    for (const text of [
      page,
      renderReport(emptyModel()),
      renderReport(demoModel({ instruments: ["A"], candles: 2, timeframe: "1d", stepMs: 24 * HOUR, seed: 2 })),
    ])
      expect(markup(text)).not.toMatch(/NaN|Infinity|undefined|\bnull\b|\[object/);
  });

  it("escapes every text that comes from outside", () => {
    const evil = `</script><img src=x onerror="alert('1')">&`;
    const trips = { closed: model.analysis.trips.closed.map((trip) => ({ ...trip, instrument: evil })), open: [] };
    const hostile = renderReport({
      ...model,
      variant: evil,
      strategy: evil,
      broker: evil,
      currency: evil,
      configHash: evil,
      ledgerHash: evil,
      candles: new Map([[evil, { ...[...model.candles.values()][0]!, instrument: evil }]]),
      analysis: {
        ...model.analysis,
        trips,
        cautions: [{ code: "DATA_GAPS", detail: evil }],
        instruments: model.analysis.instruments.map((one) => ({ ...one, instrument: evil })),
      },
    });
    expect(hostile).not.toContain("<img");
    expect(hostile.match(/<\/script>/g)!.length).toBe(2);
    expect(hostile).toContain("&#60;img");
  });

  it("is complete without scripts: plots, tables and the first trades are in the markup", () => {
    const text = markup(page);
    expect([...text.matchAll(/<path class="(?:line|area|band) [a-z]+" d="M/g)].length).toBeGreaterThanOrEqual(7);
    expect(text).toContain('<use href="#mark');
    const listed = text.slice(text.indexOf('id="trades"')).match(/<tr><th scope="row">/g)!.length;
    expect(listed).toBe(Math.min(50, model.analysis.trips.closed.length));
  });

  it("names every plot, table and button for who cannot see it", () => {
    const text = markup(page);
    for (const [tag] of text.matchAll(/<svg[^>]*>/g)) expect(tag).toMatch(/aria-label="[^"]+"|aria-hidden="true"|class="marks"/);
    for (const [, table] of text.matchAll(/<table[^>]*>([\s\S]*?)<\/table>/g)) {
      expect(table).toMatch(/^<caption/);
      expect(table).not.toMatch(/<th(?![^>]*scope=)[ >]/);
    }
    for (const [, label] of text.matchAll(/<button[^>]*>([^<]*)</g)) expect(label).not.toBe("");
    expect(new Set([...text.matchAll(/ id="([^"]+)"/g)].map((match) => match[1])).size).toBe([...text.matchAll(/ id="/g)].length);
  });

  it.each([
    ["a million candles", { instruments: ["A"], candles: 1_000_000, timeframe: "1m", stepMs: 60_000, seed: 7 }],
    ["ten instruments of 45,000 candles", { instruments: [..."ABCDEFGHIJ"], candles: 45_000, timeframe: "15m", stepMs: 900_000, seed: 8 }],
  ] as const)("stays below 1.5 MB for %s", (_name, options) => {
    expect(renderReport(demoModel(options)).length).toBeLessThan(1_500_000);
  });

  it("keeps the trades with the largest results when there are too many", () => {
    const one = model.analysis.trips.closed[0]!;
    const many = Array.from({ length: 9000 }, (_, i) => ({ ...one, exitTime: i, pnl: ((i * 7919) % 9000) - 4500 }));
    const carried = carriedTrades(many);
    expect(carried.length).toBe(4000);
    const least = Math.min(...carried.map((trip) => Math.abs(trip.pnl)));
    expect(many.filter((trip) => Math.abs(trip.pnl) > least).every((trip) => carried.includes(trip))).toBe(true);
    expect(carried.every((trip, i) => i === 0 || trip.exitTime > carried[i - 1]!.exitTime)).toBe(true);
  });
});
