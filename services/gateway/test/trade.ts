import {
  fromNumber,
  formatClientId,
  parseFixed,
  type Exact,
  type LedgerEvent,
  type Money,
  type OrderSpec,
  type Price,
  type Qty,
} from "@tradewind/core";
import { MINUTE, PERP, START, candleOf, decisionOf, publisher } from "./support.ts";

const epoch = "0a1b2c3d";
/** Client id of an order of the one trade that is told here. */
export const orderId = (leg: "entry" | "stop" | "close"): string => formatClientId({ epoch, variant: 0, ordinal: 1, leg, attempt: 1 });

const qty = (value: number): Qty => fromNumber<Qty>(value);
const price = (value: number): Price => fromNumber<Price>(value);

function orderOf(variant: string, leg: "entry" | "stop", change: Partial<OrderSpec> = {}): OrderSpec {
  return {
    clientId: orderId(leg),
    variant,
    instrument: PERP,
    side: leg === "entry" ? "BUY" : "SELL",
    leg,
    type: leg === "entry" ? "market" : "stop",
    quantity: qty(0.05),
    reduceOnly: leg !== "entry",
    reason: leg === "entry" ? "change 0.61 % over 20" : "stop",
    ...change,
  };
}

export function fillOf(
  variant: string,
  leg: "entry" | "stop",
  at: number,
  change: Partial<Extract<LedgerEvent, { type: "fill" }>> = {},
): LedgerEvent {
  const entry = leg === "entry";
  return {
    type: "fill",
    tradeId: `t-${leg}`,
    clientId: orderId(leg),
    variant,
    instrument: PERP,
    leg,
    reason: leg,
    side: entry ? "BUY" : "SELL",
    quantity: qty(0.05),
    price: price(at),
    fee: parseFixed<Money>("1.65"),
    feeCurrency: "USDT",
    liquidity: "taker",
    realized: (entry ? 0n : -30n * 10n ** 24n) as Exact,
    positionAfter: qty(entry ? 0.05 : 0),
    costAfter: 0n as Exact,
    postings: [],
    ...change,
  };
}

/** The log of one trade: candle, signal, decision, entry filled at the next open, stop filled two minutes later. */
export async function tellTrade(to: ReturnType<typeof publisher>, variant: string): Promise<void> {
  const account = `paper-${variant}`;
  const time = START + 10 * MINUTE;
  for (let minute = 8; minute < 10; minute++) {
    const cause = await to.candle(candleOf(minute, 59_990));
    await to.decision(decisionOf(variant, minute), cause);
  }
  const cause = await to.candle(candleOf(10, 60_010.5));
  await to.word(variant, PERP, time, {
    type: "signal",
    signal: { source: "momentum", instrument: PERP, closeTime: time, action: "BUY", confidence: 0.8, reason: "change 0.61 % over 20" },
  });
  const votes = [
    { source: "momentum", vote: 0.8, weight: 0.7, reason: "change 0.61 % over 20" },
    { source: "nn", vote: null, weight: 0.3, reason: "no word by the deadline" },
  ];
  const decided = await to.decision(decisionOf(variant, 10, { action: "BUY", score: 0.8, votes, reason: "change 0.61 % over 20" }), cause);
  const entry = (n: number, at: number, input: string, events: readonly LedgerEvent[], led?: string) =>
    to.entry(account, { n, ownerEpoch: 1, time: at, watermark: at, input, events }, led);
  await entry(1, START, "genesis", [{ type: "genesis", account, epoch, currency: "USDT", variants: [variant] }]);
  const order = orderOf(variant, "entry", { protectStop: price(58_810.3) });
  await entry(2, time, "decision", [{ type: "order_intended", order, sendBy: time + 5_000 }], decided);
  await entry(3, time, "report open", [{ type: "order_open", clientId: orderId("entry"), venueId: "v1" }]);
  await entry(4, time + MINUTE, "report fill", [
    fillOf(variant, "entry", 60_012.5),
    { type: "order_closed", clientId: orderId("entry"), outcome: "filled", reason: "filled" },
    { type: "order_intended", order: orderOf(variant, "stop", { stopPrice: price(58_810.3) }), sendBy: time + MINUTE + 5_000 },
  ]);
  await entry(5, time + 3 * MINUTE, "report fill", [
    fillOf(variant, "stop", 58_805),
    { type: "order_closed", clientId: orderId("stop"), outcome: "filled", reason: "filled" },
  ]);
}
