import { timeframeMs } from "../../domain/timeframe.ts";
import type { Calendar } from "../calendar.ts";
import { DAY_MS } from "../civil.ts";

/** Always open; bars and days are counted in UTC. */
export const crypto247: Calendar = {
  name: "crypto-24-7",
  zone: "UTC",
  daysPerYear: 365,
  isOpen: () => true,
  bar(timeframe, time) {
    const length = timeframeMs(timeframe);
    const openTime = Math.floor(time / length) * length;
    return { openTime, closeTime: openTime + length };
  },
  nests: (fine, coarse) => timeframeMs(fine) < timeframeMs(coarse),
  nextBar(timeframe, time) {
    const length = timeframeMs(timeframe);
    const openTime = Math.ceil(time / length) * length;
    return { openTime, closeTime: openTime + length };
  },
  countBars(timeframe, from, to) {
    const length = timeframeMs(timeframe);
    return Math.max(0, Math.ceil(to / length) - Math.ceil(from / length));
  },
  sessionStart: (time) => Math.floor(time / DAY_MS) * DAY_MS,
};
