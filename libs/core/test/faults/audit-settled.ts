import { toExact, type Exact } from "../../src/domain/fixed.ts";
import { tradeValue } from "../../src/ledger/position.ts";
import { Violation, type Audit } from "./audit.ts";

/** Positions, costs and cash of the ledger are the venue's own. */
export function settle(audit: Audit, balances: ReadonlyMap<string, Exact>, costOf: (instrument: string) => Exact): void {
  let inOrder = true;
  let flows = 0n;
  let costs = 0n;
  const plans = [...audit.plans.values()];
  const { currency } = plans[0]!.account;
  for (const instrument of audit.instruments.values()) {
    const market = audit.book.instruments.get(instrument.id)!;
    const held = plans.reduce((sum, { id }) => sum + (audit.positions.get(`${id} ${instrument.id}`) ?? 0n), 0n);
    if (held !== market.position.qty)
      throw new Violation("positions are the venue's", `${instrument.id} ${held}, at the venue ${market.position.qty}`);
    const booked = (audit.booked.get(instrument.id) ?? []).map((id) => Number(id.slice(1)));
    inOrder &&= booked.every((id, i) => i === 0 || id > booked[i - 1]!);
    for (const order of audit.book.orders.values()) {
      if (order.spec.instrument !== instrument.id) continue;
      for (const { side, quantity, price, fee, feeCurrency } of order.executions) {
        flows += (side === "BUY" ? -1n : 1n) * (instrument.kind === "inverse" ? -1n : 1n) * tradeValue(instrument, quantity, price);
        if (feeCurrency === currency) flows -= toExact(fee);
      }
    }
    if (instrument.kind !== "spot") costs += (instrument.kind === "inverse" ? -1n : 1n) * costOf(instrument.id);
    // A venue averages over all that is held, a ledger over each variant's part.
    if (inOrder && plans.length === 1 && costOf(instrument.id) !== market.position.cost)
      throw new Violation("costs are the venue's", `${instrument.id} ${costOf(instrument.id)}, at the venue ${market.position.cost}`);
  }
  const cash = balances.get(currency) ?? 0n;
  // What is held and what was cashed always explain the trades; venue and ledger split it alike when they saw one order.
  const explained = plans.reduce((sum, plan) => sum + toExact(plan.account.startingBalance), 0n) + flows + costs;
  const residue = audit.residue.get(currency) ?? 0n;
  if (cash + residue !== explained) throw new Violation("trades explain the cash", `${cash} and a residue of ${residue}, not ${explained}`);
  const theirs = audit.book.cash.get(currency)!;
  if (inOrder && cash !== theirs) throw new Violation("cash is the venue's", `${cash}, at the venue ${theirs}`);
}
