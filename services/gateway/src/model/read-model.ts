import type { Stored } from "@tradewind/bus";
import { decodeEntry } from "@tradewind/core";
import { decodeMessage, patternOf } from "@tradewind/contracts";
import { lineOf, type ServiceContext } from "@tradewind/kit";
import type { DecisionView, FillView } from "../views.ts";
import { createAccounts, telling, type Accounts } from "./accounts.ts";
import { createDecisions, type Decisions } from "./decisions.ts";
import { openEquityBook, type EquityBook } from "./equity.ts";
import { follow } from "./follow.ts";
import { rawData } from "./raw-data.ts";

/** Something people look at has changed. */
export type Change =
  | { readonly type: "decision"; readonly row: DecisionView }
  | { readonly type: "fill"; readonly row: FillView }
  | { readonly type: "equity"; readonly variant: string }
  | { readonly type: "account"; readonly account: string };

/** What the page and the command line look at, folded from the log and from what is not kept. Bounded. */
export interface ReadModel {
  readonly decisions: Decisions;
  readonly accounts: Accounts;
  readonly equity: EquityBook;
  /** Newest event time seen, ms; 0 before the first. */
  newest(): number;
  stop(): Promise<void>;
}

/** Decisions older than this, on the wall's clock, are not read again at a start. */
const DECISIONS_BACK_MS = 6 * 3_600_000;

export function openReadModel(context: ServiceContext, told: (change: Change) => void): ReadModel {
  const { bus, log, metrics } = context;
  const decisions = createDecisions();
  const accounts = createAccounts();
  const equity = openEquityBook(context);
  let newest = 0;

  function unreadable(subject: string, problem: string): void {
    metrics.dropped.inc({ reason: "unreadable" });
    log.warn({ subject }, `left out ${subject}: ${problem}`);
  }

  function takeDecision({ subject, data }: Stored): void {
    const decoded = decodeMessage("decision", data);
    if (!decoded.ok) return unreadable(subject, decoded.problem);
    metrics.taken.inc({ kind: "decision" });
    newest = Math.max(newest, decoded.envelope.time);
    told({ type: "decision", row: decisions.add(decoded.envelope.data) });
  }

  function takeEntry({ subject, seq, data }: Stored): void {
    metrics.taken.inc({ kind: "ledger" });
    if (!telling.test(data)) return;
    const account = subject.slice(subject.lastIndexOf(".") + 1);
    try {
      const entry = decodeEntry(rawData(data), `${subject} #${seq}`);
      newest = Math.max(newest, entry.time);
      for (const row of accounts.add(account, entry)) told({ type: "fill", row });
      told({ type: "account", account });
    } catch (error) {
      unreadable(subject, lineOf(error));
    }
  }

  const consumers = [
    follow(context, patternOf("ledger"), { after: 0 }, takeEntry),
    follow(context, patternOf("decision"), { since: Date.now() - DECISIONS_BACK_MS }, takeDecision),
  ];
  const heard = bus.subscribe(patternOf("equity"), ({ subject, data }) => {
    const decoded = decodeMessage("equity", data);
    if (!decoded.ok) return unreadable(subject, decoded.problem);
    metrics.taken.inc({ kind: "equity" });
    newest = Math.max(newest, decoded.envelope.time);
    equity.add(decoded.envelope.data);
    told({ type: "equity", variant: decoded.envelope.data.variant });
  });

  return {
    decisions,
    accounts,
    equity,
    newest: () => newest,
    async stop() {
      heard.stop();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await equity.stop();
    },
  };
}
