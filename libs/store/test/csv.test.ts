import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCandleCsv } from "../src/csv.ts";
import { readFunding, readMarkPrices } from "../src/funding.ts";
import { candlesOf, crypto247, csvFile, hasShared, scratch, sharedCandles, somePath, usExtended, usRegular } from "./support.ts";

const HEADER = "time_ms,open,high,low,close,volume";
const T = Date.parse("2024-06-03T00:00:00Z");
const minute = (n: number, rest = "10,12,9,11,5") => `${T + n * 60_000},${rest}`;
const file = (...lines: string[]) => csvFile(`${lines.join("\n")}\n`);
const read = (path: string, more: Partial<Parameters<typeof readCandleCsv>[1]> = {}) =>
  readCandleCsv(path, { instrument: "BTC-USDT", calendar: crypto247, ...more });
const spans = (path: string, more: Partial<Parameters<typeof readCandleCsv>[1]> = {}) =>
  candlesOf(read(path, more).columns).map((candle) =>
    [candle.openTime, candle.closeTime].map((time) => new Date(time).toISOString().slice(0, 16)),
  );

describe("reading a candle CSV", () => {
  it("gives back exactly the numbers that were written, whatever their digits", () => {
    fc.assert(
      fc.property(
        somePath(crypto247, "1m", 30).filter((path) => path.length > 0),
        (path) => {
          const rows = path.map(({ openTime, open, high, low, close, volume }) => [openTime, open, high, low, close, volume].join(","));
          expect(candlesOf(read(file(HEADER, ...rows), { timeframe: "1m" }).columns)).toEqual(path);
        },
      ),
    );
  });

  it.each([
    "0.09946999000000001",
    "123456789012345678901234567890",
    "0.000000000000000000000000123",
    "1e3",
    "1.5E-7",
    "12.",
    ".5",
    "+7",
    "007.50",
    " 8 ",
    '"9"',
  ])("reads the number %s as the platform does", (text) => {
    const { columns } = read(file(HEADER, `${T},${text},${text},${text},${text},${text}`), { timeframe: "1m" });
    expect([columns.open[0], columns.volume[0]]).toEqual(Array(2).fill(Number(text.replaceAll('"', ""))));
  });

  it.each([
    ["ms", "time_ms", String(T), String(T + 60_000)],
    ["ms under another name", "timestamp", String(T), String(T + 60_000)],
    ["seconds", "time", String(T / 1000), String(T / 1000 + 60)],
    ["decimal seconds", "time", `${T / 1000}.0`, `${T / 1000 + 60}.0`],
    ["ISO", "date", "2024-06-03T00:00:00Z", "2024-06-03T00:01:00Z"],
    ["ISO with a space and no zone", "Date", "2024-06-03 00:00", "2024-06-03 00:01:00.000"],
    ["ISO with an offset", "timestamp", '"2024-06-03T02:00:00+02:00"', '"2024-06-02T20:01:00-0400"'],
  ])("takes times in %s", (_, name, first, second) => {
    const { columns } = read(file(`${name},open,high,low,close,volume`, `${first},1,1,1,1,1`, `${second},1,1,1,1,1`));
    expect([...columns.openTime]).toEqual([T, T + 60_000]);
  });

  it("takes columns in any order, others beside them, quotes, CRLF, a byte order mark, empty lines at the end or none", () => {
    const text = `\uFEFF"Volume",note,low,HIGH,close,open,time_ms\r\n5,a b,9,12,11,10,${T}\r\n6,,9,12,11,10,${T + 60_000}`;
    for (const end of ["", "\r\n", "\r\n\r\n\r\n"])
      expect(
        candlesOf(read(csvFile(text + end)).columns).map(({ open, high, low, close, volume }) => [open, high, low, close, volume]),
      ).toEqual([
        [10, 12, 9, 11, 5],
        [10, 12, 9, 11, 6],
      ]);
  });

  it("reads a file larger than one chunk as it reads a small one", () => {
    const rows = Array.from({ length: 120_000 }, (_, i) => minute(i, `10.${i},12,9,11,${i}`));
    const { columns } = read(file(HEADER, ...rows));
    expect(columns.length).toBe(120_000);
    expect([...columns.volume].every((volume, i) => volume === i)).toBe(true);
    expect(columns.openTime[119_999]).toBe(T + 119_999 * 60_000);
  });

  it.each([
    ["missing column", [`time_ms,open,high,low,close`, `${T},1,1,1,1`], "CSV_COLUMN_MISSING", /csv:1: no column "volume"/],
    ["missing time", [`when,open,high,low,close,volume`, `${T},1,1,1,1,1`], "CSV_COLUMN_MISSING", /csv:1: no column "time_ms"/],
    ["column twice", [`time_ms,open,high,low,close,volume,close`, `${T},1,1,1,1,1,1`], "CSV_COLUMN_TWICE", /csv:1: .*"close"/],
    ["no header", [minute(0), minute(1)], "CSV_NO_HEADER", /csv:1: .*put "time_ms/],
    ["text for a number", [HEADER, minute(0), minute(1, "10,abc,9,11,5")], "CSV_NOT_A_NUMBER", /csv:3: high "abc"/],
    ["NaN", [HEADER, minute(0, "NaN,12,9,11,5")], "CSV_NOT_A_NUMBER", /csv:2: open "NaN"/],
    ["empty field", [HEADER, minute(0, "10,12,9,11,")], "CSV_NOT_A_NUMBER", /csv:2: volume ""/],
    ["infinite price", [HEADER, minute(0, "10,1e999,9,11,5")], "CSV_PRICES", /csv:2: high Infinity/],
    ["zero price", [HEADER, minute(0, "10,12,0,11,5")], "CSV_PRICES", /csv:2: low 0 is not above zero/],
    ["negative price", [HEADER, minute(0, "-10,12,-10,11,5")], "CSV_PRICES", /csv:2: open -10/],
    ["negative volume", [HEADER, minute(0, "10,12,9,11,-5")], "CSV_PRICES", /csv:2: volume -5/],
    ["high below low", [HEADER, minute(0, "10,9,12,11,5")], "CSV_PRICES", /csv:2: high 9 is below low 12/],
    ["open outside", [HEADER, minute(0, "13,12,9,11,5")], "CSV_PRICES", /csv:2: open 13 is outside/],
    ["close outside", [HEADER, minute(0, "10,12,9,8.99999,5")], "CSV_PRICES", /csv:2: close 8.99999 is outside/],
    ["repeated time", [HEADER, minute(0), minute(1), minute(1)], "CSV_TIME_REPEATED", /csv:4: time 1717372860000 .*2024-06-03T00:01/],
    ["backward time", [HEADER, minute(1), minute(0)], "CSV_TIME_BACKWARD", /csv:3: time .*sort/],
    ["text for a time", [HEADER, "soon,10,12,9,11,5"], "CSV_NOT_A_NUMBER", /csv:2: time "soon"/],
    ["a date that is none", ["date,open,high,low,close,volume", "2023-02-29,10,12,9,11,5"], "CSV_NOT_A_NUMBER", /csv:2: time "2023-02-29"/],
    ["microseconds", [HEADER, `${T}000,10,12,9,11,5`], "CSV_TIME_UNIT", /csv:2: time 1717372800000000/],
    ["half a millisecond", [HEADER, `${T}.5,10,12,9,11,5`], "CSV_TIME_UNIT", /csv:2/],
    ["too few fields", [HEADER, minute(0), `${T + 60_000},10,12`], "CSV_RAGGED", /csv:3: 3 fields .*header has 6/],
    ["too many fields", [HEADER, minute(0), `${minute(1)},7`], "CSV_RAGGED", /csv:3: 7 fields/],
    ["empty line between", [HEADER, minute(0), "", minute(1)], "CSV_RAGGED", /csv:3: an empty line/],
    ["no rows", [HEADER], "CSV_NO_ROWS", /no rows/],
    ["one candle", [HEADER, minute(0)], "CSV_TIMEFRAME_UNKNOWN", /--timeframe/],
    ["odd spacing", [HEADER, minute(0), minute(7)], "CSV_TIMEFRAME_UNKNOWN", /420000 ms.*--timeframe/],
    [
      "rows closer than the rest",
      [HEADER, minute(0), minute(60), minute(120), minute(121)],
      "CSV_TIMEFRAME_OVERLAP",
      /csv:5: the 1h candle/,
    ],
  ])("refuses %s, naming the line and the way out", (_, lines, code, message) => {
    const failing = () => read(file(...lines));
    expect(failing).toThrow(message);
    expect(failing).toThrow(expect.objectContaining({ code, action: "input" }));
  });

  it("refuses an empty file, a folder and a path where nothing is", () => {
    expect(() => read(csvFile(""))).toThrow(/the file is empty; it needs the header/);
    expect(() => read(csvFile("\n\n"))).toThrow(/no column "time_ms"/);
    expect(() => read(scratch())).toThrow(/is not a file/);
    expect(() => read(join(scratch(), "absent.csv"))).toThrow(/absent.csv: cannot be opened \(ENOENT\)/);
  });

  it("lets float noise on the edges of the range pass", () => {
    expect(read(file(HEADER, minute(0, "10.000000001,10,9,9,5")), { timeframe: "1m" }).columns.length).toBe(1);
  });
});

describe("the bars of a file's labels", () => {
  const rows = (...labels: string[]) => file("time,open,high,low,close,volume", ...labels.map((label) => `${label},10,12,9,11,5`));

  it.each([
    ["midnight UTC", "2024-03-08", "2024-03-11", "2024-03-12"],
    ["midnight New York", "2024-03-08T00:00-05:00", "2024-03-11T00:00-04:00", "2024-03-12T00:00-04:00"],
    ["the open", "2024-03-08T09:30-05:00", "2024-03-11T09:30-04:00", "2024-03-12T09:30-04:00"],
  ])("of US days labelled at %s are the sessions, over a change of the clocks", (_, ...labels) => {
    expect(spans(rows(...labels), { calendar: usRegular, timeframe: "1d" })).toEqual([
      ["2024-03-08T14:30", "2024-03-08T21:00"],
      ["2024-03-11T13:30", "2024-03-11T20:00"],
      ["2024-03-12T13:30", "2024-03-12T20:00"],
    ]);
  });

  it("of US hours are clock-aligned, and cut on a short day", () => {
    const labels = ["09", "10", "11", "12"].map((hour) => `2023-11-24T${hour}:00-05:00`);
    expect(spans(rows(...labels), { calendar: usRegular })).toEqual([
      ["2023-11-24T14:30", "2023-11-24T15:00"],
      ["2023-11-24T15:00", "2023-11-24T16:00"],
      ["2023-11-24T16:00", "2023-11-24T17:00"],
      ["2023-11-24T17:00", "2023-11-24T18:00"],
    ]);
  });

  it("of hours counted from the open keep their own clock, so that none closes before its data ends", () => {
    const labels = ["09", "10", "11", "12", "13", "14", "15"].map((hour) => `2024-06-03T${hour}:30-04:00`);
    const result = read(rows(...labels), { calendar: usRegular });
    expect(result.warnings.map(({ code, rows: count, firstLine }) => [code, count, firstLine])).toEqual([["OFF_CLOCK", 6, 3]]);
    expect(spans(rows(...labels), { calendar: usRegular }).map(([, close]) => close!.slice(11))).toEqual([
      "14:30",
      "15:30",
      "16:30",
      "17:30",
      "18:30",
      "19:30",
      "20:00",
    ]);
  });

  it("outside the sessions keep their nominal length and are counted", () => {
    const result = read(rows("2024-07-03", "2024-07-04", "2024-07-05"), { calendar: usRegular });
    expect(result.warnings).toEqual([expect.objectContaining({ code: "OFF_SESSION", rows: 1, firstLine: 3 })]);
    expect(new Date(result.columns.closeTime[1]!).toISOString()).toBe("2024-07-05T00:00:00.000Z");
  });

  it("count what the calendar has between them and the file has not", () => {
    expect(read(rows("2024-07-01", "2024-07-02", "2024-07-03", "2024-07-08"), { calendar: usRegular }).gaps).toEqual({
      missingBars: 1,
      largestGapMs: Date.parse("2024-07-08T13:30Z") - Date.parse("2024-07-03T17:00Z"),
    });
    expect(read(file(HEADER, minute(0), minute(1), minute(5), minute(6))).gaps).toEqual({ missingBars: 3, largestGapMs: 180_000 });
  });

  it("are those of the most common spacing, or of the shortest where that is no timeframe", () => {
    expect(read(file(HEADER, minute(0), minute(1), minute(2), minute(60))).columns.timeframe).toBe("1m");
    expect(read(file(HEADER, minute(0), minute(2), minute(4), minute(5))).columns.timeframe).toBe("1m");
  });
});

describe.skipIf(!hasShared)("real files (need ../shared/data)", () => {
  const expected: Record<string, [timeframe: string, rows: number, missing: number]> = {
    "BTC-USDT-PERP_1m_2022-01.csv": ["1m", 45_031, 0],
    "binance_ETH-BTC_5m_2018-01.csv": ["5m", 5760, 0],
    "binanceusdm_ADA-USDT-PERP_1m_2022-12-13.csv": ["1m", 1440, 0],
    "binanceusdm_BTC-USD-PERP_1m_2022-12-13.csv": ["1m", 1439, 1],
    "bybit_BTC-USDT_1m_2022-12-13.csv": ["1m", 1440, 0],
    "coinbase_BTC-USD_1d.csv": ["1d", 1318, 34],
    "coinbase_BTC-USD_1m.csv": ["1m", 12_423, 775_257],
    "coinbase_BTC-USD_1s_2016-10.csv": ["1s", 11_520, 247_675],
    "coinbase_ETH-USD_1m.csv": ["1m", 5329, 304_271],
    "gate_XRP-USDT-PERP_5m_2021-11.csv": ["5m", 1999, 0],
    "usa_AAPL_1d.csv": ["1d", 5849, 0],
    "usa_AAPL_1h.csv": ["1h", 40_831, 3],
    "usa_AAPL_1m.csv": ["1m", 2303, 562],
    "usa_GOOG_1d_2004-2013.csv": ["1d", 2148, 0],
    "usa_QQQ_1d.csv": ["1d", 3964, 1588],
    "usa_SPY_1d.csv": ["1d", 5849, 0],
    "usa_SPY_1m.csv": ["1m", 5786, 2_365_468],
  };
  const calendarOf = (name: string) => (!name.startsWith("usa") ? crypto247 : name.includes("_1m") ? usExtended : usRegular);

  it("all load, with their timeframe and gaps", () => {
    const names = readdirSync(sharedCandles).filter((name) => !name.includes("_8h_"));
    const found = names.map((name) => {
      const { columns, gaps } = read(join(sharedCandles, name), { calendar: calendarOf(name) });
      return [name, [columns.timeframe, columns.length, gaps.missingBars]];
    });
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  it("give the funding rates and mark prices of a perpetual", () => {
    const funding = readFunding(join(sharedCandles, "gate_XRP-USDT-PERP_8h_funding.csv"));
    expect([funding.length, funding.time[0], funding.value[0]]).toEqual([91, 1637193600017, 0.0001]);
    const marks = readMarkPrices(join(sharedCandles, "gate_XRP-USDT-PERP_8h_mark.csv"));
    expect([marks.length, marks.time[0], marks.value[0]]).toEqual([91, 1637193600000, 1.0959]);
  });
});

describe("funding and mark prices", () => {
  it("take negative and zero rates, and refuse what is none", () => {
    expect([...readFunding(file("time_ms,rate", "0,-0.0001", "28800000,0")).value]).toEqual([-0.0001, 0]);
    expect(() => readFunding(file("time_ms,rate", "0,x"))).toThrow(/csv:2: "0,x"/);
    expect(() => readFunding(file("time_ms,rate", "5,0", "5,0"))).toThrow(/csv:3: .*not after/);
    expect(() => readFunding(file("time_ms,close", "5,0"))).toThrow(/rate or open/);
    expect(() => readMarkPrices(file("time_ms,price", "5,0"))).toThrow(/csv:2: mark price 0/);
  });
});

describe("the raw-column cache", () => {
  it("gives the same candles from parsing and from the cache, and follows a changed source", () => {
    const dir = scratch();
    const source = file(HEADER, minute(0), minute(1));
    const cached = () => read(source, { cacheDir: dir });
    const parsed = read(source);
    expect(cached()).toEqual(parsed);
    expect(cached()).toEqual(parsed);
    let parses = 0;
    read(source, { cacheDir: dir, onProgress: () => parses++ });
    expect(parses).toBe(0);
    writeFileSync(source, `${HEADER}\n${minute(0, "20,20,20,20,5")}\n${minute(1)}\n`);
    expect(cached().columns.open[0]).toBe(20);
  });

  it("is rebuilt when it is damaged in any byte or cut off", () => {
    const dir = scratch();
    const source = file(HEADER, minute(0), minute(1));
    const parsed = read(source, { cacheDir: dir });
    const path = join(dir, readdirSync(dir)[0]!);
    const whole = readFileSync(path);
    for (const at of [0, 4, 8, 12, 16, 24, 40, whole.length - 90, whole.length - 1]) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 0x40;
      writeFileSync(path, damaged);
      expect(read(source, { cacheDir: dir })).toEqual(parsed);
    }
    for (const length of [0, 10, 32, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      expect(read(source, { cacheDir: dir })).toEqual(parsed);
    }
    expect(readFileSync(path)).toEqual(whole);
    expect(readdirSync(dir)).toHaveLength(1);
  });

  it("does not stand in the way when it cannot be written, nor cache a bad file", () => {
    const blocked = csvFile("a file where the folder should be");
    const source = file(HEADER, minute(0), minute(1));
    expect(read(source, { cacheDir: blocked })).toEqual(read(source));
    const dir = scratch();
    expect(() => read(file(HEADER, minute(1), minute(0)), { cacheDir: dir })).toThrow(/sort/);
    expect(readdirSync(dir)).toEqual([]);
  });
});
