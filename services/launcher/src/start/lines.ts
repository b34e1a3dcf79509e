import type { Tally } from "./happenings.ts";
import type { Happening } from "./happenings.ts";
import { counted, show } from "../support.ts";

/** Names instruments as people write them, and pads what stands in columns. */
export interface LineStyle {
  symbolOf(variant: string, instrument: string): string;
  /** Longest id of a variant. */
  readonly width: number;
  readonly colour: boolean;
}

const GREEN = "\u001b[32m";
const RED = "\u001b[31m";
const PLAIN = "\u001b[0m";

/** "01-05 14:31:00", UTC. */
export function clockText(time: number): string {
  return new Date(time).toISOString().slice(5, 19).replace("T", " ");
}

function tinted(text: string, value: number, { colour }: LineStyle): string {
  if (!colour || value === 0) return text;
  return `${value > 0 ? GREEN : RED}${text}${PLAIN}`;
}

/** One order or fill in one line. */
export function happeningLine(happening: Happening, style: LineStyle): string {
  if (happening.type === "order") {
    const { time, variant, side, quantity, instrument, status, reason } = happening.order;
    const state = status === "intended" || status === "open" ? "order" : status;
    return `${clockText(time)}  ${variant.padEnd(style.width)}  ${state.padEnd(6)} ${side.padEnd(4)} ${quantity} ${style.symbolOf(variant, instrument)}: ${reason}`;
  }
  const { fill, reason } = happening;
  const realized = Number(fill.realized);
  const profit = realized === 0 ? "" : `  P/L ${tinted(`${realized > 0 ? "+" : ""}${show(realized)}`, realized, style)}`;
  const words = fill.leg === "entry" ? "" : `  (${reason})`;
  return `${clockText(fill.time)}  ${fill.variant.padEnd(style.width)}  ${"fill".padEnd(6)} ${fill.side.padEnd(4)} ${fill.quantity} ${style.symbolOf(fill.variant, fill.instrument)} at ${fill.price}${profit}${words}`;
}

function changeText(tally: Tally, style: LineStyle): string {
  const { equity, first } = tally;
  if (equity === undefined || first === undefined) return "no word yet";
  const change = equity.equity - first.equity;
  const state = equity.state === "ACTIVE" ? "" : ` ${equity.state}`;
  return `${show(equity.equity)} ${equity.currency} ${tinted(`(${change >= 0 ? "+" : ""}${show(change)})`, change, style)}${state}`;
}

/** Where every variant stands, in one line. */
export function statusLine(tallies: ReadonlyMap<string, Tally>, marketMs: number, style: LineStyle): string {
  const parts = [...tallies].map(([id, tally]) => `${id} ${changeText(tally, style)}`);
  return `${clockText(marketMs)}  -- ${parts.length === 0 ? "waiting for the first candles" : parts.join("; ")}`;
}

/** What the session came to, a line per variant. */
export function summaryText(tallies: ReadonlyMap<string, Tally>, style: LineStyle): string {
  return [...tallies]
    .map(([id, tally]) => {
      const positions = (tally.equity?.positions ?? [])
        .filter(({ quantity }) => Number(quantity) !== 0)
        .map(({ instrument, quantity }) => `${quantity} ${style.symbolOf(id, instrument)}`);
      const held = positions.length === 0 ? "no position" : positions.join(", ");
      return `  ${id.padEnd(style.width)}  ${changeText(tally, style)}, ${counted(tally.orders, "order")}, ${counted(tally.fills, "fill")}, ${held}, ${counted(tally.equity?.openOrders ?? 0, "open order")}\n`;
    })
    .join("");
}
