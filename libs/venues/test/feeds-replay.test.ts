import { describe, expect, test } from "vitest";
import { allocateColumns, calendarNamed, type CandleColumns, type Instrument } from "@tradewind/core";
import { createFeed, type FeedEvent, type FeedOptions } from "../src/index.ts";

const calendar = calendarNamed("crypto-24-7");
const clock = { now: () => 0, at: () => ({ stop: () => undefined }), speed: () => 1 };

/** Minutes with these numbers. */
function minutes(numbers: readonly number[]): CandleColumns {
  const columns = allocateColumns("BTC-USDT", "1m", numbers.length);
  numbers.forEach((n, i) => {
    columns.openTime[i] = n * 60_000;
    columns.closeTime[i] = (n + 1) * 60_000;
    for (const field of ["open", "high", "low", "close", "volume"] as const) columns[field][i] = 100 + n;
  });
  return columns;
}

async function events(columns: CandleColumns, from: number | undefined, over: Partial<FeedOptions> = {}): Promise<FeedEvent[]> {
  const feed = createFeed("replay", { seed: 0, clock, columnsOf: () => Promise.resolve(columns), pace: undefined, ...over });
  const series = await feed.open("bybit", { id: "BTC-USDT" } as Instrument, calendar);
  const all: FeedEvent[] = [];
  for await (const batch of series.stream(from, new AbortController().signal)) all.push(...batch);
  return all;
}

const said = (all: readonly FeedEvent[]) =>
  all.map((event) =>
    event.type === "candle" ? event.candle.openTime / 60_000 : `${event.type} ${(event.type === "gap" ? event.to : event.time) / 60_000}`,
  );

describe("the replay", () => {
  test("given a hole in the recording, then it is told before the candle behind it, and the end after the last", async () => {
    expect(said(await events(minutes([0, 1, 4, 5]), undefined))).toEqual([0, 1, "gap 4", 4, 5, "end 6"]);
  });

  test("given any place to go on from, then the rest comes as it would have", async () => {
    const columns = minutes(Array.from({ length: 700 }, (_, i) => (i < 300 ? i : i + 7)));
    const whole = said(await events(columns, undefined));
    for (const from of [0, 299, 300, 303, 307, 500, 706, 707])
      expect(said(await events(columns, from * 60_000))).toEqual(
        whole.slice(
          whole.findIndex((one) => one === `gap ${from}` || (typeof one === "number" ? one >= from : Number(one.slice(4)) > from)),
        ),
      );
  });

  test("given an empty recording, then nothing, not even an end", async () => {
    expect(await events(minutes([]), undefined)).toEqual([]);
  });

  test("given a feed nobody knows, then the failure names those there are", () => {
    expect(() => createFeed("bloomberg", { seed: 0, clock, columnsOf: () => Promise.reject(new Error("none")), pace: undefined })).toThrow(
      /bloomberg.*simulated, replay/,
    );
  });
});
