import { formatExact, formatFixed, type Exact, type Money } from "../../src/domain/fixed.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import type { Execution } from "../../src/domain/order.ts";
import type { FillEvent } from "../../src/ledger/entry.ts";
import { intendedOrder } from "../../src/orders/order.ts";
import { feeOf } from "../../src/sim/fill.ts";
import { tradeValue } from "../../src/ledger/position.ts";
import { bookFill } from "../../src/trade/book.ts";
import type { Desk } from "../../src/trade/desk.ts";
import { createTradeMachine, openAccount } from "../../src/trade/trade.ts";
import { d, order, plan, T0 } from "./builders.ts";

/** An account with one slot that books whatever fills it is told, without orders or a venue. */
export interface LedgerBook {
  readonly state: ReturnType<typeof createTradeMachine>["state"];
  book(execution: Execution): FillEvent;
  /** Cash, signed quantity and cost as decimal text. */
  shows(): { cash: string; held: string; cost: string };
}

export function ledgerBook(instrument: Instrument, startingBalance = "10000"): LedgerBook {
  const plans = [plan([instrument], { account: { id: "a", currency: instrument.settle, startingBalance: d(startingBalance) } })];
  const machine = createTradeMachine(plans);
  openAccount(machine, plans, "00000001", T0);
  const { state } = machine;
  const desk: Desk = { state, time: T0, events: [], intents: [] };
  const slot = state.slotsByInstrument.get(instrument.id)![0]!;
  return {
    state,
    book(execution) {
      const carrier = intendedOrder(order("0".repeat(32), execution.side, 1, { instrument: instrument.id }), T0, T0);
      desk.events = [];
      bookFill(desk, carrier, execution);
      return desk.events[0] as FillEvent;
    },
    shows: () => ({
      cash: formatExact(state.balances.get(instrument.settle) ?? (0n as Exact)),
      held: formatFixed(slot.position.qty),
      cost: formatExact(slot.position.cost),
    }),
  };
}

/** A taker's fill at a decimal price, with the instrument's own fee. */
export function taken(instrument: Instrument, side: Execution["side"], quantity: string, price: string, tradeId = "t"): Execution {
  const size = d<Execution["quantity"]>(quantity);
  const at = d<Execution["price"]>(price);
  const fee: { fee: Money; feeCurrency: string } = feeOf(instrument, side, size, tradeValue(instrument, size, at), "taker");
  return { tradeId, side, quantity: size, price: at, ...fee, liquidity: "taker" };
}
