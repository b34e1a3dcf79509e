import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { m4Indices, mergeIndices } from "../src/downsample.ts";
import { duration, fixed, money, quantity, signedPercent } from "../src/format.ts";
import { escapeHtml, html, scriptJson } from "../src/html.ts";
import { compact, layerPath, panelView, timeTicks, valueTicks, type Panel } from "../src/geometry.ts";
import { binsOf } from "../src/histogram.ts";
import { generator } from "./random.ts";

const DAY = 86_400_000;
const noise = (n: number, seed: number) => {
  const random = generator(seed);
  return Float64Array.from({ length: n }, () => random() * 100);
};

describe("downsampling", () => {
  it("keeps the first, lowest, highest and last point of every pixel", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 200 }), fc.nat(), (n, buckets, seed) => {
        const values = noise(n, seed);
        const kept = m4Indices(values, buckets);
        expect(kept.length).toBeLessThanOrEqual(buckets * 4);
        expect(kept.every((index, i) => i === 0 || index > kept[i - 1]!)).toBe(true);
        const chosen = new Set(kept);
        for (let bucket = 0; bucket < (n > 0 ? buckets : 0); bucket++) {
          const from = Math.floor((bucket * n) / buckets);
          const to = Math.floor(((bucket + 1) * n) / buckets);
          if (from === to) continue;
          const all = values.subarray(from, to);
          const some = all.filter((_, i) => chosen.has(from + i));
          expect(Math.max(...some)).toBe(Math.max(...all));
          expect(Math.min(...some)).toBe(Math.min(...all));
          expect(chosen.has(from) && chosen.has(to - 1)).toBe(true);
        }
      }),
    );
  });

  it("finds one spike in a million points", () => {
    const values = new Float64Array(1_000_000);
    values[654_321] = -1;
    expect(m4Indices(values, 500)).toContain(654_321);
  });

  it("merges index lists without repeating any", () => {
    expect([...mergeIndices(Uint32Array.of(0, 2, 9), Uint32Array.of(1, 2), Uint32Array.of(9))]).toEqual([0, 1, 2, 9]);
  });
});

describe("axes", () => {
  it("has few, round, ascending value ticks inside the range", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 1, max: 1e9 }), (lowMillis, spanMillis) => {
        const [low, span] = [lowMillis / 1000, spanMillis / 1000];
        const ticks = valueTicks(low, low + span, 5);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(10);
        for (const tick of ticks) expect(tick >= low - 1e-6 * span && tick <= low + span * (1 + 1e-6)).toBe(true);
      }),
    );
    expect(valueTicks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
  });

  it("puts time ticks on the boundaries that their labels name", () => {
    const labels = (from: string, to: string, count: number) =>
      timeTicks(Date.parse(from), Date.parse(to), count).map((tick) => tick.label);
    expect(labels("2019-03-02T00:00Z", "2024-02-01T00:00Z", 6)).toEqual(["2020", "2021", "2022", "2023", "2024"]);
    expect(labels("2023-11-20T00:00Z", "2024-04-02T00:00Z", 6)).toEqual(["Dec 23", "2024", "Feb 24", "Mar 24", "Apr 24"]);
    expect(labels("2024-02-28T20:00Z", "2024-02-29T05:00Z", 4)).toEqual(["21:00", "29 Feb", "03:00"]);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2e12 }),
        fc.integer({ min: 60_000, max: 40 * 365 * DAY }),
        fc.integer({ min: 2, max: 9 }),
        (from, span, count) => {
          const ticks = timeTicks(from, from + span, count);
          expect(ticks.length).toBeLessThanOrEqual(count + 2);
          for (const { at } of ticks) expect(at >= from && at <= from + span && at % 60_000 === 0).toBe(true);
        },
      ),
    );
  });

  it("shortens labels", () => {
    expect([51_423, 1_234_567, -25_000, 0.00012, 999].map(compact)).toEqual(["51.42k", "1.235M", "\u221225k", "0.00012", "999"]);
  });
});

describe("paths", () => {
  const time = Float64Array.from({ length: 11 }, (_, i) => i * 100);
  const series = { a: time.map((at) => at / 10), b: time.map((at) => at / 10 - 5) };
  const panel = (kind: "line" | "area" | "band"): Panel => ({
    layers: [{ kind, keys: ["a", "b"], style: "" }],
    unit: "amount",
    height: 100,
    base: null,
  });
  const path = (kind: "line" | "area" | "band", from: number, to: number) => {
    const view = panelView(panel(kind), time, series, from, to, false);
    return { view, d: layerPath(view, panel(kind), panel(kind).layers[0]!, time, series) };
  };

  it("fits the value scale to what is in view", () => {
    const { view } = path("line", 400, 600);
    expect(view.low).toBeLessThan(35);
    expect(view.high).toBeGreaterThan(60);
    expect(view.high - view.low).toBeLessThan(30);
  });

  it("draws one point beyond each edge, so that lines reach it", () => {
    expect(path("line", 400, 600).d.match(/[ML]/g)!.length).toBe(5);
    expect(path("line", 0, 1000).d.match(/[ML]/g)!.length).toBe(11);
  });

  it.each(["line", "area", "band"] as const)("makes a %s of finite numbers, also of one point or a flat line", (kind) => {
    expect(path(kind, 0, 1000).d).toMatch(/^M[-\d. L]+Z?$/);
    const flat = { a: Float64Array.of(5), b: Float64Array.of(5) };
    const view = panelView(panel(kind), Float64Array.of(7), flat, 7, 7, true);
    expect(layerPath(view, panel(kind), panel(kind).layers[0]!, Float64Array.of(7), flat)).toMatch(/^M[-\d. L]+Z?$/);
  });
});

describe("histogram", () => {
  it("counts every trade once and has an edge at zero", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -9000, max: 90_000 }), { minLength: 1, maxLength: 200 }), (hundredths) => {
        const values = hundredths.map((value) => value / 100);
        const bins = binsOf(values, 20);
        expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(values.length);
        expect(bins.length).toBeLessThanOrEqual(60);
        expect(bins.some((bin) => bin.from < 0 && bin.to > 0)).toBe(false);
      }),
    );
  });
});

describe("numbers as text", () => {
  it("are the same everywhere, with a real minus and no negative zero", () => {
    expect([fixed(-1_234_567.891, 2), fixed(-0.001, 2), fixed(999.999, 2)]).toEqual(["\u22121,234,567.89", "0.00", "1,000.00"]);
    expect([money(0.000012345), money(-12), money(null)]).toEqual(["0.0000123450", "\u221212.00", "\u2013"]);
    expect([quantity(43_251.25), quantity(0.001), quantity(1200)]).toEqual(["43,251.25", "0.001", "1,200"]);
    expect([signedPercent(0.001), signedPercent(-3.456), signedPercent(12, 0)]).toEqual(["0.00\u00a0%", "\u22123.46\u00a0%", "+12\u00a0%"]);
    expect([duration(90_000), duration(5 * 3_600_000), duration(40 * DAY), duration(584 * DAY)]).toEqual([
      "2 min",
      "5 h",
      "40 d",
      "1 y 7 mo",
    ]);
  });
});

describe("markup", () => {
  it("escapes text, keeps markup and leaves nothing of a script's end in JSON", () => {
    expect(escapeHtml(`<a href='x' title="y">&`)).toBe("&#60;a href=&#39;x&#39; title=&#34;y&#34;&#62;&#38;");
    expect(html`<p title="${'"'}">${html`<b>${"<"}</b>`}${null}${3}</p>`.markup).toBe('<p title="&#34;"><b>&#60;</b>3</p>');
    const text = scriptJson({ a: "</script>\u2028" }).markup;
    expect(text).not.toMatch(/[<\u2028]/);
    expect(JSON.parse(text)).toEqual({ a: "</script>\u2028" });
  });
});
