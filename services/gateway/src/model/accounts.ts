import { formatExact, formatFixed, type LedgerEntry, type LedgerEvent, type TradingState, stricter } from "@tradewind/core";
import type { FillView } from "../views.ts";

/** What the ledgers say that people look at: the latest fills, and who may trade. */
export interface Accounts {
  /** Folds one entry; gives its fills. */
  add(account: string, entry: LedgerEntry): FillView[];
  /** Newest first. */
  fills(variant: string | undefined, limit: number): FillView[];
  /** The stricter of the account's state and the variant's, with the reason of the one that decides. */
  state(account: string, variant: string): Scope | undefined;
}

/** "portfolio", "account" or "variant:<id>", and who may trade in it. */
interface Scope {
  readonly scope: string;
  readonly state: TradingState;
  readonly reason: string;
}

const FILLS_PER_VARIANT = 500;

/** What a fold needs to see of an entry; others are not decoded. */
export const telling = /"type":"(?:fill|state)"/;

export function createAccounts(): Accounts {
  const rows = new Map<string, FillView[]>();
  const scopes = new Map<string, Map<string, Scope>>();

  function fill(account: string, time: number, event: Extract<LedgerEvent, { type: "fill" }>): FillView {
    const { variant, instrument, clientId, tradeId, side, leg, feeCurrency, reason } = event;
    const row: FillView = {
      key: `${account}/${instrument}/${tradeId}`,
      account,
      variant,
      instrument,
      time,
      clientId,
      tradeId,
      side,
      leg,
      quantity: formatFixed(event.quantity),
      price: formatFixed(event.price),
      fee: formatFixed(event.fee),
      feeCurrency,
      realized: formatExact(event.realized),
      reason,
    };
    const list = rows.get(variant) ?? [];
    rows.set(variant, list);
    list.push(row);
    if (list.length > FILLS_PER_VARIANT) list.shift();
    return row;
  }

  return {
    add(account, { time, events }) {
      const made: FillView[] = [];
      for (const event of events) {
        if (event.type === "fill") made.push(fill(account, time, event));
        if (event.type !== "state") continue;
        const of = scopes.get(account) ?? new Map<string, Scope>();
        scopes.set(account, of.set(event.scope, { scope: event.scope, state: event.state, reason: event.reason }));
      }
      return made;
    },
    fills(variant, limit) {
      const list = variant === undefined ? [...rows.values()].flat() : [...(rows.get(variant) ?? [])];
      // Fills of one time keep the ledger's order, the last one first.
      return list
        .map((row, i) => [row, i] as const)
        .sort(([a, i], [b, k]) => b.time - a.time || k - i)
        .slice(0, limit)
        .map(([row]) => row);
    },
    state(account, variant) {
      const of = scopes.get(account);
      const known = [of?.get("account"), of?.get("portfolio"), of?.get(`variant:${variant}`)].filter((scope) => scope !== undefined);
      if (known.length === 0) return undefined;
      return known.reduce((a, b) => (stricter(a.state, b.state) === a.state ? a : b));
    },
  };
}
