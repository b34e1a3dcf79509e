import { inputFailure } from "../../errors.ts";
import type { Calendar } from "../calendar.ts";
import { crypto247 } from "./crypto-24-7.ts";
import { usExtended } from "./us-extended.ts";
import { usRegular } from "./us-regular.ts";

/** Every session calendar; a new one is one file and one line here. */
const calendars: readonly Calendar[] = [crypto247, usRegular, usExtended];

/** The names `calendarNamed` takes. */
export const calendarNames: readonly string[] = calendars.map((calendar) => calendar.name);

/** The calendar of that name. Throws `CALENDAR_UNKNOWN`. */
export function calendarNamed(name: string): Calendar {
  const calendar = calendars.find((candidate) => candidate.name === name);
  if (!calendar) throw inputFailure("CALENDAR_UNKNOWN", `calendar "${name}" is not known; use one of ${calendarNames.join(", ")}`);
  return calendar;
}
