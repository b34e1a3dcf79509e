import type { Bus } from "@tradewind/bus";
import { encodeMessage, subjectOf } from "@tradewind/contracts";
import { encodeEntry, fromNumber, parseExact, type LedgerEntry, type Money, type Price, type Qty } from "@tradewind/core";

const MINUTE = 60_000;

/** An entry of an account that buys or sells on a close, a position of one side after the other. */
export function filled(n: number, time: number, instrument: string): LedgerEntry {
  const buys = n % 2 === 1;
  const side = buys ? "BUY" : "SELL";
  const execution = {
    tradeId: `t${n}`,
    side,
    quantity: fromNumber<Qty>(1),
    price: fromNumber<Price>(40_000),
    fee: fromNumber<Money>(1),
  } as const;
  return {
    n,
    ownerEpoch: 1,
    time,
    watermark: time,
    input: "decision",
    events: [
      {
        ...execution,
        type: "fill",
        feeCurrency: "USDT",
        liquidity: "taker",
        clientId: `c${n}`,
        variant: "one",
        instrument,
        leg: buys ? "entry" : "close",
        reason: "test",
        realized: parseExact(buys ? "0" : "1", "realized"),
        positionAfter: fromNumber<Qty>(buys ? 1 : 0),
        costAfter: parseExact(buys ? "40000" : "0", "cost"),
        postings: [],
      },
      { type: "notice", code: "NOTE", detail: "not of any instrument" },
    ],
  };
}

/** Appends fills number `from` to `to` of an account, one every ten minutes after `start`. */
export async function appendFills(bus: Bus, account: string, instrument: string, start: number, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) {
    const time = start + n * 10 * MINUTE;
    const head = { id: `l/${account}/${n}`, time, published: time, source: "test", run: "r" };
    const data = JSON.parse(encodeEntry(filled(n, time, instrument))) as Parameters<typeof encodeMessage<"ledger">>[1]["data"];
    await bus.append(subjectOf("ledger", { account }), encodeMessage("ledger", { ...head, data }));
  }
}
