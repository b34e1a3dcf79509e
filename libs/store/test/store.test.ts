import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { calendarNamed, calendarNames, type Candle, type Timeframe } from "@tradewind/core";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { openCandleStore } from "../src/candle-store.ts";
import { importCsv } from "../src/import-csv.ts";
import { candlesOf, columnsFrom, crypto247, csvFile, hasShared, scratch, sharedCandles, somePath, usRegular } from "./support.ts";

const series = (timeframe: Timeframe) => ({ venue: "bybit", instrument: "BTC-USDT", timeframe });
const DAY = 86_400_000;
const T = Date.parse("2024-06-03T00:00:00Z");

function minutes(from: number, count: number, price = 100): Candle[] {
  return Array.from({ length: count }, (_, i) => ({
    instrument: "BTC-USDT",
    timeframe: "1m",
    openTime: from + i * 60_000,
    closeTime: from + (i + 1) * 60_000,
    open: price,
    high: price + 1,
    low: price - 1,
    close: price,
    volume: i,
    revision: 0,
    origin: "live",
    synthetic: false,
  }));
}

/** Every file under a folder, by its path from there. */
const filesUnder = (dir: string) =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
    .toSorted();

describe("the candle store", () => {
  const anyPath = fc
    .record({ calendar: fc.constantFrom(...calendarNames.map(calendarNamed)), timeframe: fc.constantFrom<Timeframe>("1m", "1h", "1d") })
    .chain(({ calendar, timeframe }) => fc.record({ timeframe: fc.constant(timeframe), path: somePath(calendar, timeframe, 60) }));

  it("gives back what was written, bit for bit, and any range of it", async () => {
    await fc.assert(
      fc.asyncProperty(anyPath, fc.nat(), fc.nat(), async ({ timeframe, path }, a, b) => {
        const store = openCandleStore(scratch());
        const columns = columnsFrom(path, timeframe);
        await store.write("bybit", columns);
        expect(await store.read(series(timeframe))).toEqual(columns);
        if (path.length === 0) return;
        const [from, to] = [path[a % path.length]!.openTime, path[b % path.length]!.openTime];
        expect(candlesOf(await store.read(series(timeframe), { from, to }))).toEqual(
          path.filter((candle) => candle.openTime >= from && candle.openTime < to),
        );
      }),
      { numRuns: 30 },
    );
  });

  it("comes to the same whatever pieces arrive in whatever order, the highest revision of a bar staying", async () => {
    await fc.assert(
      fc.asyncProperty(
        somePath(crypto247, "1m", 40),
        fc.array(fc.array(fc.tuple(fc.nat(), fc.nat(3)), { maxLength: 12 }), { maxLength: 6 }),
        async (path, pieces) => {
          fc.pre(path.length > 0);
          const store = openCandleStore(scratch());
          const expected = new Map<number, Candle>();
          for (const piece of pieces) {
            const candles = piece.map(([at, revision]): Candle => ({
              ...path[at % path.length]!,
              revision,
              volume: revision * 1000 + expected.size,
            }));
            await store.append("bybit", candles);
            for (const candle of candles)
              if (candle.revision >= (expected.get(candle.openTime)?.revision ?? 0)) expected.set(candle.openTime, candle);
          }
          const held = candlesOf(await store.read(series("1m")));
          expect(held).toEqual(
            [...expected.values()].toSorted((x, y) => x.openTime - y.openTime).map((candle) => ({ ...candle, revision: 0 })),
          );
        },
      ),
      { numRuns: 20 },
    );
  });

  it("keeps a file per day, per year from an hour on, that any Parquet reader understands", async () => {
    const dir = scratch();
    const store = openCandleStore(dir);
    await store.write("bybit", columnsFrom(minutes(T - 120_000, 4), "1m"));
    await store.write(
      "bybit",
      columnsFrom(
        [T - 200 * DAY, T].map((time) => ({ ...minutes(time, 1)[0]!, timeframe: "1d" as const, closeTime: time + DAY })),
        "1d",
      ),
    );
    const root = join(dir, "candles", "bybit", "BTC-USDT");
    expect([filesUnder(join(root, "1m")), filesUnder(join(root, "1d"))]).toEqual([
      ["2024-06-02.parquet", "2024-06-03.parquet"],
      ["2023.parquet", "2024.parquet"],
    ]);
    const bytes = readFileSync(join(root, "1m", "2024-06-03.parquet"));
    const rows = await parquetReadObjects({ file: new Uint8Array(bytes).buffer });
    expect(rows[0]).toEqual({
      open_time: new Date(T),
      close_time: new Date(T + 60_000),
      open: 100,
      high: 101,
      low: 99,
      close: 100,
      volume: 2,
      revision: 0,
    });
  });

  it("says how much was new, and reports progress up to the end", async () => {
    const store = openCandleStore(scratch());
    const progress: number[] = [];
    const onProgress = (done: number, total: number) => progress.push(done / total);
    expect(await store.write("bybit", columnsFrom(minutes(T, 3000), "1m"), { onProgress })).toEqual({ added: 3000, replaced: 0, files: 3 });
    expect(progress.at(-1)).toBe(1);
    expect(await store.append("bybit", minutes(T + 2999 * 60_000, 2))).toEqual({ added: 1, replaced: 1, files: 1 });
    expect(await store.append("bybit", [])).toEqual({ added: 0, replaced: 0, files: 0 });
  });

  it("takes writes begun at the same time one after the other", async () => {
    const store = openCandleStore(scratch());
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.append("bybit", minutes(T + i * 60_000, 1))));
    expect((await store.read(series("1m"))).length).toBe(20);
  });

  it("lists what is there, and nothing where nothing is", async () => {
    const dir = scratch();
    const store = openCandleStore(dir);
    expect(await store.list()).toEqual([]);
    expect((await store.read(series("1m"))).length).toBe(0);
    await store.append("bybit", [...minutes(T, 2), ...minutes(T + 3 * DAY, 2)]);
    await store.append("okx", minutes(T, 1));
    expect(await store.list()).toEqual([
      { ...series("1m"), files: 2, from: T, to: T + 3 * DAY + 120_000, damaged: [] },
      { ...series("1m"), venue: "okx", files: 1, from: T, to: T + 60_000, damaged: [] },
    ]);
  });

  it("refuses bad rows and names that leave the folder, and writes nothing", async () => {
    const dir = scratch();
    const store = openCandleStore(dir);
    const [first, second] = minutes(T, 2) as [Candle, Candle];
    const refused = (candles: Candle[]) => store.write("bybit", columnsFrom(candles, "1m"));
    await expect(refused([second, first])).rejects.toThrow(/row 2 \(2024-06-03T00:00.*before the row above/);
    await expect(refused([{ ...first, low: Number.NaN }])).rejects.toThrow(/low NaN/);
    await expect(refused([{ ...first, closeTime: first.openTime }])).rejects.toThrow(/close time/);
    await expect(store.append("../up", [first])).rejects.toThrow(/venue "..\/up"/);
    await expect(store.append("bybit", [first, { ...second, instrument: "ETH-USDT" }])).rejects.toThrow(/one series/);
    expect(existsSync(join(dir, "candles"))).toBe(false);
  });

  it("refuses candles that overlap those there, and changes nothing", async () => {
    const dir = scratch();
    const store = openCandleStore(dir);
    await store.append("bybit", minutes(T, 10));
    const shifted = minutes(T + DAY, 1)
      .concat(minutes(T + 30_000, 1))
      .toSorted((a, b) => a.openTime - b.openTime);
    await expect(store.append("bybit", shifted)).rejects.toThrow(/2024-06-03.parquet: does not fit/);
    expect((await store.read(series("1m"))).length).toBe(10);
    expect(filesUnder(dir)).toEqual(["2024-06-03.parquet"]);
  });
});

describe("a damaged file of the store", () => {
  async function threeDays() {
    const dir = scratch();
    const store = openCandleStore(dir);
    await store.append("bybit", [...minutes(T, 50), ...minutes(T + DAY, 50), ...minutes(T + 2 * DAY, 50)]);
    return { store, dir, path: join(dir, "candles", "bybit", "BTC-USDT", "1m", "2024-06-04.parquet") };
  }

  it("is found in whatever byte, named, and costs nothing else", async () => {
    const { store, path } = await threeDays();
    const whole = readFileSync(path);
    const before = await store.read(series("1m"));
    for (let at = 0; at < whole.length; at += 31) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x10;
      writeFileSync(path, damaged);
      const outcome = await store.read(series("1m")).then(
        (columns) => columns,
        (error: Error) => error.message,
      );
      // A flipped bit in what only describes the data (a statistic, the writer's name) may leave it as it was.
      if (typeof outcome === "string") expect(outcome).toMatch(/2024-06-04.parquet: not a whole candle file .*remove/);
      else expect(outcome).toEqual(before);
    }
    expect((await store.read(series("1m"), { to: T + DAY })).length).toBe(50);
    expect((await store.read(series("1m"), { from: T + 2 * DAY })).length).toBe(50);
  });

  it("is found when a price in it changed to another valid one", async () => {
    const { store, path } = await threeDays();
    const bytes = readFileSync(path);
    const price = Buffer.alloc(8);
    price.writeDoubleLE(100);
    const at = bytes.indexOf(price);
    bytes.writeDoubleLE(100.5, at);
    writeFileSync(path, bytes);
    await expect(store.read(series("1m"))).rejects.toThrow(/2024-06-04.parquet: .*checksum/);
  });

  it.each([0, 3, 100])("is found when cut off after %i bytes, and nothing is written over it", async (length) => {
    const { store, dir, path } = await threeDays();
    writeFileSync(path, readFileSync(path).subarray(0, length));
    await expect(store.read(series("1m"))).rejects.toThrow(/2024-06-04.parquet: not a whole candle file/);
    await expect(store.append("bybit", minutes(T, 60 * 30, 200))).rejects.toThrow(/2024-06-04.parquet/);
    expect((await store.read(series("1m"), { to: T + DAY })).open[0]).toBe(100);
    expect(filesUnder(dir)).toHaveLength(3);
    expect(await store.list()).toEqual([{ ...series("1m"), files: 3, from: T, to: T + 2 * DAY + 3_000_000, damaged: [] }]);
  });

  it("is found under another name or in another series' folder", async () => {
    const { store, dir, path } = await threeDays();
    writeFileSync(path, readFileSync(path.replace("06-04", "06-03")));
    await expect(store.read(series("1m"))).rejects.toThrow(/2024-06-04.parquet: .*another time than its name/);
    await store.append("okx", minutes(T, 1));
    writeFileSync(join(dir, "candles", "okx", "BTC-USDT", "1m", "2024-06-03.parquet"), readFileSync(path));
    await expect(store.read({ ...series("1m"), venue: "okx" })).rejects.toThrow(/holds bybit.BTC-USDT.1m, not okx/);
    expect((await store.list()).map((item) => item.damaged.length)).toEqual([0, 1]);
  });

  it("is not what a write broken off leaves behind", async () => {
    const { store, path } = await threeDays();
    writeFileSync(`${path}.4711-0.tmp`, "half a file");
    expect((await store.read(series("1m"))).length).toBe(150);
    expect((await store.list())[0]!.files).toBe(3);
  });
});

describe("importing a CSV", () => {
  const csv = (...rows: string[]) => csvFile(["time_ms,open,high,low,close,volume", ...rows, ""].join("\n"));
  const target = (dir: string) => ({ venue: "bybit", instrument: "BTC-USDT", calendar: crypto247, store: openCandleStore(dir) });

  it("brings every row into the store and tells what it did", async () => {
    const options = target(scratch());
    const steps: string[] = [];
    const result = await importCsv(csv(`${T},1,2,1,2,5`, `${T + 60_000},1,2,1,2,6`, `${T + 180_000},1,2,1,2,7`), {
      ...options,
      onProgress: ({ step, done, total }) => steps.push(`${step} ${done / total}`),
    });
    expect(result).toEqual({
      ...series("1m"),
      rows: 3,
      added: 3,
      replaced: 0,
      from: T,
      to: T + 240_000,
      warnings: [],
      gaps: { missingBars: 1, largestGapMs: 60_000 },
    });
    expect(steps).toEqual(["read 1", "write 1"]);
    expect([...(await options.store.read(series("1m"))).volume]).toEqual([5, 6, 7]);
  });

  it("writes nothing of a file whose last row is bad", async () => {
    const dir = scratch();
    await expect(importCsv(csv(`${T},1,2,1,2,5`, `${T + 60_000},1,2,1,2,5`, `${T + 120_000},9,2,1,2,5`), target(dir))).rejects.toThrow(
      /csv:4: open 9/,
    );
    await expect(importCsv(csv(`${T},1,2,1,2,5`, `${T + 60_000},1,2,1,2,5`), { ...target(dir), instrument: "BTC/USDT" })).rejects.toThrow(
      /instrument "BTC\/USDT"/,
    );
    expect(readdirSync(dir)).toEqual([]);
  });

  it.skipIf(!hasShared)("takes twenty years of US hours and gives them back (needs ../shared/data)", async () => {
    const options = { ...target(scratch()), venue: "alpaca", instrument: "AAPL", calendar: usRegular };
    const result = await importCsv(join(sharedCandles, "usa_AAPL_1h.csv"), options);
    const columns = await options.store.read(
      { venue: "alpaca", instrument: "AAPL", timeframe: "1h" },
      { from: Date.parse("2020-01-01"), to: Date.parse("2021-01-01") },
    );
    expect([result.rows, result.added]).toEqual([40_831, 40_831]);
    // 253 sessions, two of them short.
    expect(columns.length).toBe(251 * 7 + 2 * 4);
  });
});
