import type { Calendar } from "../calendar.ts";
import { usCalendar } from "../us-session.ts";

/**
 * New York with early and late trading, 04:00-20:00, 17:00 on short days. The daily bar stays the regular
 * session, so an hour such as 09:00-10:00 reaches over its edge: build daily bars here from 15m or finer.
 */
export const usExtended: Calendar = usCalendar("us-extended", { open: 4 * 60, close: 20 * 60, earlyClose: 17 * 60 });
