import { formatExact, formatFixed } from "../domain/fixed.ts";
import type { LedgerEntry, LedgerEvent } from "./entry.ts";

/**
 * The canonical text of a ledger: one line per event, fields joined by "|":
 * n, event time, variant, instrument, type, side, quantity, price, fee, fee currency, client id, reason.
 * `ledger_hash` is the SHA-256 of these lines, each ended by a line feed.
 */
export function ledgerLines(entry: LedgerEntry): string {
  let text = "";
  for (const event of entry.events) text += `${entry.n}|${entry.time}|${fields(event)}\n`;
  return text;
}

function line(
  variant: string,
  instrument: string,
  type: string,
  side: string,
  quantity: string,
  price: string,
  fee: string,
  feeCurrency: string,
  clientId: string,
  reason: string,
): string {
  return `${variant}|${instrument}|${type}|${side}|${quantity}|${price}|${fee}|${feeCurrency}|${clientId}|${clean(reason)}`;
}

/** A reason is free text; the separators of the format may not be. */
function clean(text: string): string {
  return /[|\r\n]/.test(text) ? text.replace(/[|\r\n]+/g, " ") : text;
}

function fields(event: LedgerEvent): string {
  switch (event.type) {
    case "fill":
      return line(
        event.variant,
        event.instrument,
        event.type,
        event.side,
        formatFixed(event.quantity),
        formatFixed(event.price),
        formatFixed(event.fee),
        event.feeCurrency,
        event.clientId,
        `${event.leg} ${event.reason} ${event.tradeId}`,
      );
    case "order_intended": {
      const { order } = event;
      const price = order.limitPrice ?? order.stopPrice;
      const quantity = order.budget === undefined ? formatFixed(order.quantity) : `budget ${formatFixed(order.budget)}`;
      return line(
        order.variant,
        order.instrument,
        event.type,
        order.side,
        quantity,
        price === undefined ? "" : formatFixed(price),
        "",
        "",
        order.clientId,
        `${order.leg} ${order.type} ${order.reason}`,
      );
    }
    case "order_requested":
    case "order_amended": {
      const quantity = event.quantity === undefined ? "" : formatFixed(event.quantity);
      const price = event.stopPrice === undefined ? "" : formatFixed(event.stopPrice);
      return line("", "", event.type, "", quantity, price, "", "", event.clientId, "request" in event ? event.request : "");
    }
    case "order_open":
      return line("", "", event.type, "", "", "", "", "", event.clientId, event.venueId);
    case "order_unknown":
    case "order_known":
      return line("", "", event.type, "", "", "", "", "", event.clientId, event.reason);
    case "order_closed":
      return line("", "", event.type, "", "", "", "", "", event.clientId, `${event.outcome} ${event.reason}`);
    case "funding":
      return line(
        event.variant,
        event.instrument,
        event.type,
        "",
        "",
        formatFixed(event.rate),
        formatFixed(event.amount),
        event.currency,
        "",
        event.ref,
      );
    case "dividend":
      return line(event.variant, event.instrument, event.type, "", "", "", formatFixed(event.amount), "", "", event.ref);
    case "split":
      return line(
        event.variant,
        event.instrument,
        event.type,
        "",
        "",
        formatFixed(event.ratio),
        formatFixed(event.cashInLieu),
        "",
        "",
        event.ref,
      );
    case "genesis":
      return line(event.variants.join(","), "", event.type, "", "", "", "", event.currency, event.epoch, event.account);
    case "transfer":
      return line("", "", event.type, "", "", "", formatFixed(event.amount), event.currency, "", event.reason);
    case "denied":
      return line(event.variant, event.instrument, event.type, "", "", "", "", "", "", `${event.code} ${event.detail}`);
    case "decision_expired":
      return line(event.variant, event.instrument, event.type, "", "", "", "", "", "", String(event.decisionTime));
    case "state":
      return line("", "", event.type, "", "", "", "", "", "", `${event.scope} ${event.state} ${event.reason}`);
    case "lock":
      return line(event.variant, event.instrument, event.type, "", "", "", "", "", "", `${event.until} ${event.reason}`);
    case "adopted":
      return line(
        event.variant,
        event.instrument,
        event.type,
        "",
        formatFixed(event.quantity),
        formatExact(event.cost),
        "",
        "",
        "",
        event.reason,
      );
    case "notice":
      return line("", "", event.type, "", "", "", "", "", "", `${event.code} ${event.detail}`);
  }
}
