import { formatExact, formatFixed, type Money, type Price, type Qty } from "../domain/fixed.ts";
import type { LedgerEntry, LedgerEvent } from "./entry.ts";

/**
 * The canonical text of a ledger: one line per event, fields joined by "|":
 * n, event time, variant, instrument, type, side, quantity, price, fee, fee currency, client id, reason.
 * `ledger_hash` is the SHA-256 of these lines, each ended by a line feed.
 */
export function ledgerLines(entry: LedgerEntry): string {
  let text = "";
  for (const event of entry.events) text += `${entry.n}|${entry.time}|${lineOf(event)}\n`;
  return text;
}

/** A reason is free text; the separators of the format may not be. */
function clean(text: string): string {
  return /[|\r\n]/.test(text) ? text.replace(/[|\r\n]+/g, " ") : text;
}

function decimal(value: Qty | Price | Money | undefined): string {
  return value === undefined ? "" : formatFixed(value);
}

function lineOf(event: LedgerEvent): string {
  switch (event.type) {
    case "genesis":
      return `${event.variants.join(",")}||genesis|||||${event.currency}|${event.epoch}|${event.account}`;
    case "transfer":
      return `||transfer||||${formatFixed(event.amount)}|${event.currency}||${clean(event.reason)}`;
    case "state":
      return `||state|||||||${clean(`${event.scope} ${event.state} ${event.reason}`)}`;
    case "notice":
      return `||notice|||||||${clean(`${event.code} ${event.detail}`)}`;
    case "order_requested":
      return `||order_requested||${decimal(event.quantity)}|${decimal(event.stopPrice)}|||${event.clientId}|${event.request}`;
    case "order_amended":
      return `||order_amended||${decimal(event.quantity)}|${decimal(event.stopPrice)}|||${event.clientId}|`;
    case "order_open":
      return `||order_open||||||${event.clientId}|${event.venueId}`;
    case "order_unknown":
    case "order_known":
      return `||${event.type}||||||${event.clientId}|${clean(event.reason)}`;
    case "order_closed":
      return `||order_closed||||||${event.clientId}|${clean(`${event.outcome} ${event.reason}`)}`;
    case "order_intended":
      return intendedLine(event);
    default:
      return slotLine(event);
  }
}

function intendedLine({ order }: Extract<LedgerEvent, { type: "order_intended" }>): string {
  const quantity = order.budget === undefined ? formatFixed(order.quantity) : `budget ${formatFixed(order.budget)}`;
  const price = decimal(order.limitPrice ?? order.stopPrice);
  const reason = clean(`${order.leg} ${order.type} ${order.reason}`);
  return `${order.variant}|${order.instrument}|order_intended|${order.side}|${quantity}|${price}|||${order.clientId}|${reason}`;
}

type SlotEvent = Extract<
  LedgerEvent,
  { type: "fill" | "funding" | "dividend" | "split" | "adopted" | "denied" | "decision_expired" | "lock" }
>;

/** Events of one variant's holding of one instrument. */
function slotLine(event: SlotEvent): string {
  const head = `${event.variant}|${event.instrument}|${event.type}`;
  switch (event.type) {
    case "fill": {
      const traded = `${event.side}|${formatFixed(event.quantity)}|${formatFixed(event.price)}|${formatFixed(event.fee)}|${event.feeCurrency}`;
      return `${head}|${traded}|${event.clientId}|${clean(`${event.leg} ${event.reason} ${event.tradeId}`)}`;
    }
    case "funding":
      return `${head}|||${formatFixed(event.rate)}|${formatFixed(event.amount)}|${event.currency}||${event.ref}`;
    case "dividend":
      return `${head}||||${formatFixed(event.amount)}|||${event.ref}`;
    case "split":
      return `${head}|||${formatFixed(event.ratio)}|${formatFixed(event.cashInLieu)}|||${event.ref}`;
    case "adopted":
      return `${head}||${formatFixed(event.quantity)}|${formatExact(event.cost)}||||${clean(event.reason)}`;
    case "denied":
      return `${head}|||||||${clean(`${event.code} ${event.detail}`)}`;
    case "decision_expired":
      return `${head}|||||||${event.decisionTime}`;
    case "lock":
      return `${head}|||||||${clean(`${event.until} ${event.reason}`)}`;
  }
}
