import { timeframeMs, type Timeframe } from "../domain/timeframe.ts";
import type { BarSpan, Calendar } from "./calendar.ts";
import { newYorkDay, newYorkOffset, newYorkTime } from "./new-york.ts";
import { tradingDay } from "./us-holidays.ts";

const REGULAR_OPEN = 9 * 60 + 30;
const REGULAR_CLOSE = 16 * 60;
const EARLY_CLOSE = 13 * 60;

/** Hours of a US calendar in New York minutes after midnight. */
export interface UsHours {
  readonly open: number;
  readonly close: number;
  /** Close on days when the exchange closes early. */
  readonly earlyClose: number;
}

/** One trading day; times in UTC ms. `daily` is the regular session, the span of the daily bar. */
interface Session {
  readonly day: number;
  readonly open: number;
  readonly close: number;
  readonly daily: BarSpan;
  /** New York's offset, the same all session: the clocks change on Sundays. */
  readonly offset: number;
}

/** The sessions of one set of hours, made once per day and kept. */
interface Sessions {
  /** The session that `time` lies in. */
  at(time: number): Session | undefined;
  on(day: number): Session | undefined;
  /** The first on or after a day. */
  from(day: number): Session;
}

function sessionsOf(hours: UsHours): Sessions {
  const made = new Map<number, Session | undefined>();
  let recent: Session | undefined;

  function make(day: number): Session | undefined {
    const kind = tradingDay(day);
    if (kind === "closed") return undefined;
    const early = kind === "early";
    const open = newYorkTime(day, hours.open);
    const daily = { openTime: newYorkTime(day, REGULAR_OPEN), closeTime: newYorkTime(day, early ? EARLY_CLOSE : REGULAR_CLOSE) };
    return { day, open, close: newYorkTime(day, early ? hours.earlyClose : hours.close), daily, offset: newYorkOffset(open) };
  }

  function on(day: number): Session | undefined {
    if (!made.has(day)) made.set(day, make(day));
    return made.get(day);
  }

  return {
    on,
    at(time) {
      if (recent && time >= recent.open && time < recent.close) return recent;
      const session = on(newYorkDay(time));
      if (!session || time < session.open || time >= session.close) return undefined;
      recent = session;
      return session;
    },
    from(day) {
      for (let d = day; ; d++) {
        const session = on(d);
        if (session) return session;
      }
    },
  };
}

/** The clock-aligned bar of a session, clipped to it, that holds `time`. */
function barIn(session: Session, timeframe: Timeframe, time: number): BarSpan {
  const length = timeframeMs(timeframe);
  const clock = Math.floor((time + session.offset) / length) * length - session.offset;
  return { openTime: Math.max(session.open, clock), closeTime: Math.min(session.close, clock + length) };
}

/** Whether bars of a timeframe end where the regular session, the daily bar, begins and ends. */
function cutsAtDaily(hours: UsHours, timeframe: Timeframe): boolean {
  const onClock = (minutes: number): boolean => (minutes * 60_000) % timeframeMs(timeframe) === 0;
  return (
    (hours.open === REGULAR_OPEN || onClock(REGULAR_OPEN)) &&
    (hours.close === REGULAR_CLOSE || onClock(REGULAR_CLOSE)) &&
    (hours.earlyClose === EARLY_CLOSE || onClock(EARLY_CLOSE))
  );
}

/** How many bars of a session open before `time`. */
function opensBefore(session: Session, timeframe: Timeframe, time: number): number {
  if (timeframe === "1d") return session.daily.openTime < time ? 1 : 0;
  const end = Math.min(time, session.close);
  if (end <= session.open) return 0;
  const clockIndex = (t: number) => Math.floor((t + session.offset) / timeframeMs(timeframe));
  return clockIndex(end - 1) - clockIndex(session.open) + 1;
}

/**
 * A New York stock calendar. Bars finer than a day are clock-aligned and clipped to the session (the first
 * regular hour is 09:30-10:00); the daily bar is the regular session, 09:30 to 16:00 or 13:00, whatever the hours.
 */
export function usCalendar(name: string, hours: UsHours): Calendar {
  const sessions = sessionsOf(hours);
  return {
    name,
    zone: "America/New_York",
    daysPerYear: 252,
    isOpen: (time) => sessions.at(time) !== undefined,
    bar(timeframe, time) {
      const session = sessions.at(time);
      if (!session) return undefined;
      if (timeframe !== "1d") return barIn(session, timeframe, time);
      return time >= session.daily.openTime && time < session.daily.closeTime ? session.daily : undefined;
    },
    nests: (fine, coarse) => timeframeMs(fine) < timeframeMs(coarse) && (coarse !== "1d" || cutsAtDaily(hours, fine)),
    nextBar(timeframe, time) {
      const session = sessions.from(newYorkDay(time));
      if (timeframe === "1d") return session.daily.openTime >= time ? session.daily : sessions.from(session.day + 1).daily;
      if (time <= session.open) return barIn(session, timeframe, session.open);
      // The bar that holds the last ms before `time` ends where the next one opens.
      const open = time <= session.close ? barIn(session, timeframe, time - 1).closeTime : session.close;
      if (open < session.close) return barIn(session, timeframe, open);
      const next = sessions.from(session.day + 1);
      return barIn(next, timeframe, next.open);
    },
    countBars(timeframe, from, to) {
      let count = 0;
      for (let day = newYorkDay(from), last = newYorkDay(to); day <= last; day++) {
        const session = sessions.on(day);
        if (session) count += opensBefore(session, timeframe, to) - opensBefore(session, timeframe, from);
      }
      return Math.max(0, count);
    },
    sessionStart(time) {
      for (let day = newYorkDay(time); ; day--) {
        const session = sessions.on(day);
        if (session && session.open <= time) return session.open;
      }
    },
  };
}
