import { formatFixed } from "../../src/domain/fixed.ts";
import type { LedgerEntry } from "../../src/ledger/entry.ts";
import { ledgerLines } from "../../src/ledger/lines.ts";
import type { Intent } from "../../src/orders/intent.ts";
import type { VenueReport } from "../../src/orders/report.ts";
import type { TradeEvent } from "../../src/trade/event.ts";
import { START } from "./world.ts";

/** The last steps of a life, in readable lines. */
export interface Trace {
  push(time: number, line: () => string): void;
  readonly lines: readonly string[];
}

export function createTrace(kept: number): Trace {
  const lines: string[] = [];
  return {
    lines,
    push(time, line) {
      lines.push(`${((time - START) / 1_000).toFixed(3).padStart(9)}  ${line()}`);
      if (lines.length > kept) lines.shift();
    },
  };
}

const short = (clientId: string): string => `…${clientId.slice(16)}`;

export function describeEvent(event: TradeEvent): string {
  switch (event.type) {
    case "report":
      return `<- ${describeReport(event.report)}`;
    case "candle":
      return `   candle ${event.candle.instrument} ${event.candle.close}`;
    case "decision":
      return `   decision ${event.decision.instrument} ${event.decision.action} (${event.decision.reason})`;
    case "command":
      return `   command ${event.command.verb}`;
    case "start":
      return `   start, owner ${event.ownerEpoch}`;
    default:
      return `   ${event.type}`;
  }
}

function describeReport(report: VenueReport): string {
  switch (report.type) {
    case "fill":
      return `fill ${short(report.clientId)} ${report.execution.tradeId} ${report.execution.side} ${formatFixed(report.execution.quantity)} @ ${formatFixed(report.execution.price)}`;
    case "closed":
      return `closed ${short(report.clientId)} ${report.outcome}, filled ${formatFixed(report.filled)} ${report.reason}`;
    case "lookup":
      return `lookup ${short(report.clientId)} ${report.order === null ? "nothing" : `${report.order.open ? "open" : report.order.outcome} ${formatFixed(report.order.filled)} of ${formatFixed(report.order.quantity)}`}`;
    case "snapshot":
      return `snapshot ${report.orders.filter((order) => order.open).length} open, ${report.positions.map((position) => `${position.instrument} ${formatFixed(position.qty)}`).join(", ")}`;
    default:
      return "clientId" in report
        ? `${report.type} ${short(report.clientId)}${"reason" in report ? ` ${report.reason}` : ""}`
        : report.type;
  }
}

export function describeIntent(intent: Intent): string {
  switch (intent.type) {
    case "place":
      return `-> place ${short(intent.order.clientId)} ${intent.order.leg} ${intent.order.side} ${intent.order.budget === undefined ? formatFixed(intent.order.quantity) : `for ${formatFixed(intent.order.budget)}`} ${intent.order.instrument}`;
    case "amend":
      return `-> amend ${short(intent.clientId)} to ${formatFixed(intent.quantity)} ${intent.stopPrice === undefined ? "" : `at ${formatFixed(intent.stopPrice)}`}`;
    case "cancel":
    case "lookup":
      return `-> ${intent.type} ${short(intent.clientId)}`;
    default:
      return `-> ${intent.type}`;
  }
}

export function describeEntry(entry: LedgerEntry): string {
  return ledgerLines(entry)
    .trimEnd()
    .split("\n")
    .map((line) => `   # ${line.replace(/\|\d+\|/, "|").replace(/\|{2,}/g, "|")}`)
    .join("\n           ");
}
