import type { Calendar } from "../calendar.ts";
import { usCalendar } from "../us-session.ts";

/** New York stock exchange hours, 09:30-16:00, 13:00 on short days. */
export const usRegular: Calendar = usCalendar("us-regular", { open: 9 * 60 + 30, close: 16 * 60, earlyClose: 13 * 60 });
