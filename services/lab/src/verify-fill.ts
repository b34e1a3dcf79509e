import { applyFill, formatExact, formatFixed, ONE, toExact, type Exact, type FillEvent, type Instrument, type Qty } from "@tradewind/core";

type Problem = (text: string) => void;

/** A contract on one base unit settled in its quote currency, as far as the arithmetic of a position needs it. */
const LINEAR = { kind: "linear", multiplier: ONE } as Instrument;

/**
 * Checks of single fills: what a fill states of itself against what it posted, and how a contract's cost follows from
 * its prices. A ledger does not hold multipliers, so that a contract is held to them only where another fill of it
 * shows that it is one base unit, settled in the quote currency.
 */
export function fillChecks(problem: Problem): {
  fill(event: FillEvent, key: string, held: bigint): void;
  adopted(key: string, cost: Exact): void;
  end(): void;
} {
  const costs = new Map<string, bigint>();
  const contracts = new Map<string, { linear: boolean; others: string[] }>();
  return {
    fill(event, key, held) {
      const { tradeId, quantity, price, realized, side, instrument } = event;
      const said = (text: string) => problem(`fill ${tradeId} ${text}`);
      if (quantity <= 0n) return said(`is of ${formatFixed(quantity)}`);
      if (price <= 0n) return said(`is at ${formatFixed(price)}`);
      checkFee(event, said);
      const position = { qty: held as Qty, cost: (costs.get(key) ?? 0n) as Exact };
      costs.set(key, event.costAfter);
      const own = event.postings.filter(({ account }) => account === "trade");
      const sign = side === "BUY" ? 1n : -1n;
      const unit = event.postings.find(({ account }) => account === "position")?.unit;
      if (own.find((posting) => posting.unit === unit)?.amount !== -sign * toExact(quantity))
        return said(`of ${formatFixed(quantity)} posts another quantity`);
      const traded = own.reduce((sum, posting) => (posting.unit === unit ? sum : sum + posting.amount), 0n) as Exact;
      // A share's unit may be its instrument's name, as a contract's is.
      if (traded === sign * quantity * price) return;
      if (unit !== instrument || traded !== -realized)
        return said(`posts ${formatExact(traded)}, neither its quantity x price nor what it says is realized`);
      const seen = contracts.get(instrument) ?? { linear: false, others: [] };
      contracts.set(instrument, seen);
      const change = applyFill(position, LINEAR, side, quantity, price);
      if (position.cost === event.costAfter && change.realized === realized) seen.linear = true;
      else seen.others.push(tradeId);
    },
    adopted: (key, cost) => void costs.set(key, cost),
    end() {
      for (const { linear, others } of contracts.values())
        if (linear) for (const tradeId of others) problem(`fill ${tradeId}: its cost or what it realized does not follow from its price`);
    },
  };
}

function checkFee({ fee, feeCurrency, postings }: FillEvent, said: Problem): void {
  const posted = postings.filter(({ account }) => account === "fee");
  const sum = posted.reduce((all, { amount }) => all + amount, 0n) as Exact;
  if (posted.some(({ unit }) => unit !== feeCurrency) || sum !== toExact(fee))
    said(`states a fee of ${formatFixed(fee)} ${feeCurrency}, its postings ${formatExact(sum)} ${posted[0]?.unit ?? feeCurrency}`);
}
