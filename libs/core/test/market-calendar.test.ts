import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { timeframeNames } from "../src/domain/timeframe.ts";
import { crypto247 } from "../src/market/calendars/crypto-24-7.ts";
import { calendarNamed, calendarNames } from "../src/market/calendars/registry.ts";
import { usExtended } from "../src/market/calendars/us-extended.ts";
import { usRegular } from "../src/market/calendars/us-regular.ts";
import { civilFromDays, DAY_MS, daysFromCivil, easterSunday, isoDate, isoTime, weekday } from "../src/market/civil.ts";
import { newYorkDay, newYorkOffset } from "../src/market/new-york.ts";
import { tradingDay } from "../src/market/us-holidays.ts";

const at = (text: string) => Date.parse(text);
const dayOf = (date: string) => Date.parse(date) / DAY_MS;
const show = (span: { openTime: number; closeTime: number } | undefined) =>
  span && [isoTime(span.openTime).slice(0, 16), isoTime(span.closeTime).slice(0, 16)];

describe("civil dates", () => {
  it("agree with the platform's own over 1600-2400", () => {
    fc.assert(
      fc.property(fc.integer({ min: -135_000, max: 157_000 }), (days) => {
        const date = new Date(days * DAY_MS);
        expect(civilFromDays(days)).toEqual({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() });
        expect(daysFromCivil(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())).toBe(days);
        expect(weekday(days)).toBe(date.getUTCDay());
        expect(isoTime(days * DAY_MS + 3_723_004)).toBe(new Date(days * DAY_MS + 3_723_004).toISOString());
      }),
    );
  });

  it("find Easter", () => {
    const known = ["1998-04-12", "2000-04-23", "2008-03-23", "2011-04-24", "2024-03-31", "2025-04-20", "2038-04-25"];
    expect(known.map((date) => isoDate(easterSunday(Number(date.slice(0, 4)))))).toEqual(known);
  });
});

describe("New York", () => {
  const zone = new Intl.DateTimeFormat("en-US", { timeZone: "America/New_York", timeZoneName: "longOffset" });

  it("has the offsets of the zone database from 1987 on", () => {
    fc.assert(
      fc.property(fc.integer({ min: at("1987-01-02"), max: at("2037-12-30") }), (time) => {
        const hours = newYorkOffset(time) / 3_600_000;
        expect(zone.format(time)).toContain(`GMT-0${-hours}:00`);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["2024-03-10T07:00:00Z", "2024-11-03T06:00:00Z"],
    ["2006-04-02T07:00:00Z", "2006-10-29T06:00:00Z"],
    ["1998-04-05T07:00:00Z", "1998-10-25T06:00:00Z"],
  ])("changes the clocks at %s and %s, to the ms", (spring, autumn) => {
    expect([at(spring) - 1, at(spring), at(autumn) - 1, at(autumn)].map((time) => newYorkOffset(time) / 3_600_000)).toEqual([
      -5, -4, -4, -5,
    ]);
  });
});

describe("US trading days", () => {
  it.each([
    ["1998-01-19", "closed", "Martin Luther King"],
    ["1998-07-03", "closed", "Independence Day on a Saturday"],
    ["1999-12-24", "closed", "Christmas on a Saturday"],
    ["1999-12-31", "early", "eve of 2000"],
    ["2001-09-12", "closed", "after the attacks"],
    ["2002-07-05", "early", "Friday after a Thursday holiday, before 2013"],
    ["2002-07-03", "full", "Wednesday before it"],
    ["2004-06-11", "closed", "mourning"],
    ["2007-01-02", "closed", "mourning"],
    ["2010-12-31", "full", "New Year on a Saturday is not made up for"],
    ["2012-10-29", "closed", "hurricane"],
    ["2012-12-24", "early", "Christmas Eve"],
    ["2018-12-05", "closed", "mourning"],
    ["2019-07-03", "early", "Wednesday before a Thursday holiday"],
    ["2021-06-18", "full", "Juneteenth was not yet one"],
    ["2022-06-20", "closed", "Juneteenth on a Sunday"],
    ["2022-12-26", "closed", "Christmas on a Sunday"],
    ["2023-01-02", "closed", "New Year on a Sunday"],
    ["2023-11-23", "closed", "Thanksgiving"],
    ["2023-11-24", "early", "the day after"],
    ["2024-03-29", "closed", "Good Friday"],
    ["2025-01-09", "closed", "mourning"],
    ["2025-07-03", "early", "before Independence Day"],
    ["2026-07-03", "closed", "Independence Day on a Saturday"],
    ["2026-07-02", "full", "the day before that"],
  ])("%s is %s: %s", (date, kind) => {
    expect(tradingDay(dayOf(date))).toBe(kind);
  });

  for (const name of ["usa_SPY_1d.csv", "usa_AAPL_1d.csv", "usa_GOOG_1d_2004-2013.csv"]) {
    const file = new URL(`../../../../shared/data/candles/${name}`, import.meta.url);
    it.skipIf(!existsSync(file))(`are exactly the dates of ${name} (needs ../shared/data)`, () => {
      const labels = readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => Number(line.split(",")[0]));
      const dates = labels.map((label) => (label % DAY_MS === 0 ? label / DAY_MS : newYorkDay(label)));
      const expected = [];
      for (let day = dates[0]!; day <= dates.at(-1)!; day++) if (tradingDay(day) !== "closed") expected.push(day);
      expect(dates.map(isoDate)).toEqual(expected.map(isoDate));
    });
  }
});

describe("US bars", () => {
  it.each([
    ["before the clocks change", "2024-03-08T15:00:00Z", "1d", ["2024-03-08T14:30", "2024-03-08T21:00"]],
    ["after the clocks change", "2024-03-11T15:00:00Z", "1d", ["2024-03-11T13:30", "2024-03-11T20:00"]],
    ["after they change back", "2024-11-04T15:00:00Z", "1d", ["2024-11-04T14:30", "2024-11-04T21:00"]],
    ["old rule, March", "2006-03-13T15:00:00Z", "1d", ["2006-03-13T14:30", "2006-03-13T21:00"]],
    ["short day", "2023-11-24T15:00:00Z", "1d", ["2023-11-24T14:30", "2023-11-24T18:00"]],
    ["first hour", "2024-06-03T13:45:00Z", "1h", ["2024-06-03T13:30", "2024-06-03T14:00"]],
    ["second hour", "2024-06-03T14:00:00Z", "1h", ["2024-06-03T14:00", "2024-06-03T15:00"]],
    ["first four hours", "2024-06-03T13:45:00Z", "4h", ["2024-06-03T13:30", "2024-06-03T16:00"]],
    ["four hours cut by a short day", "2023-11-24T17:30:00Z", "4h", ["2023-11-24T17:00", "2023-11-24T18:00"]],
    ["minute", "2024-06-03T13:30:59Z", "1m", ["2024-06-03T13:30", "2024-06-03T13:31"]],
  ] as const)("%s", (_, time, timeframe, span) => {
    expect(show(usRegular.bar(timeframe, at(time)))).toEqual(span);
  });

  it("end at the session's edges", () => {
    expect(usRegular.isOpen(at("2024-06-03T13:29:59.999Z"))).toBe(false);
    expect(usRegular.isOpen(at("2024-06-03T19:59:59.999Z"))).toBe(true);
    expect(usRegular.bar("1m", at("2024-06-03T20:00:00Z"))).toBeUndefined();
    expect(show(usRegular.nextBar("1m", at("2024-07-03T17:00:00Z")))).toEqual(["2024-07-05T13:30", "2024-07-05T13:31"]);
    expect(isoTime(usRegular.sessionStart(at("2024-07-05T13:00:00Z")))).toBe("2024-07-03T13:30:00.000Z");
  });

  it("run longer in extended hours, the daily one excepted", () => {
    expect(show(usExtended.bar("1h", at("2024-06-03T08:10:00Z")))).toEqual(["2024-06-03T08:00", "2024-06-03T09:00"]);
    expect(usExtended.isOpen(at("2024-06-03T23:59:00Z"))).toBe(true);
    expect(usExtended.isOpen(at("2023-11-24T22:00:00Z"))).toBe(false);
    expect(show(usExtended.bar("1d", at("2024-06-03T15:00:00Z")))).toEqual(["2024-06-03T13:30", "2024-06-03T20:00"]);
    expect(usExtended.bar("1d", at("2024-06-03T21:00:00Z"))).toBeUndefined();
  });
});

describe("every calendar", () => {
  const moment = fc.integer({ min: at("1998-01-01"), max: at("2030-01-01") });
  const someTimeframe = fc.constantFrom(...timeframeNames);
  const someCalendar = fc.constantFrom(...calendarNames.map(calendarNamed));

  it("gives the bar around a moment, and none skipped or invented after it", () => {
    fc.assert(
      fc.property(someCalendar, someTimeframe, moment, (calendar, timeframe, time) => {
        const bar = calendar.bar(timeframe, time);
        const next = calendar.nextBar(timeframe, time);
        expect(next.openTime).toBeGreaterThanOrEqual(time);
        expect(calendar.bar(timeframe, next.openTime)).toEqual(next);
        expect(calendar.bar(timeframe, next.closeTime - 1)).toEqual(next);
        expect(calendar.sessionStart(time)).toBeLessThanOrEqual(time);
        if (bar) {
          expect(bar.openTime <= time && time < bar.closeTime && calendar.isOpen(time)).toBe(true);
          expect(calendar.nextBar(timeframe, bar.openTime)).toEqual(bar);
          expect(next).toEqual(bar.openTime === time ? bar : calendar.nextBar(timeframe, bar.closeTime));
        }
      }),
    );
  });

  it("counts the bars that it walks through", () => {
    fc.assert(
      fc.property(
        someCalendar,
        fc.constantFrom("15m", "1h", "4h", "1d"),
        moment,
        fc.integer({ min: 0, max: 20 * DAY_MS }),
        (calendar, timeframe, from, length) => {
          let walked = 0;
          for (let bar = calendar.nextBar(timeframe, from); bar.openTime < from + length; bar = calendar.nextBar(timeframe, bar.closeTime))
            walked++;
          expect(calendar.countBars(timeframe, from, from + length)).toBe(walked);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is found by name, and a wrong name says which there are", () => {
    expect(calendarNamed("crypto-24-7")).toBe(crypto247);
    expect(() => calendarNamed("us_regular")).toThrow(/"us_regular".*us-regular/);
  });
});
