import type { Bus } from "@tradewind/bus";
import type { LoadedVariant } from "@tradewind/config";
import { decodeMessage, subjectOf, tokenOf } from "@tradewind/contracts";
import { inputFailure, type VariantPlan } from "@tradewind/core";

/** What an account's ledger is about. */
interface Named {
  readonly currency: string | undefined;
  /** Instruments by variant. */
  readonly instruments: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Throws `LEDGER_NEEDS` when the ledger of its account cannot be worked under this plan. */
export type AssertLedgerFits = (next: LoadedVariant, before: LoadedVariant | undefined) => Promise<void>;

/**
 * A ledger can only be folded by plans that have all it names: under one without an instrument it has traded the account
 * would stop, and nobody would mind what it holds. So such a plan never becomes the desired one.
 */
export function createLedgerFits(bus: Bus): AssertLedgerFits {
  /** Of a plan that was looked at before, by variant: a file is read every few seconds. */
  const known = new Map<string, { readonly about: string; readonly problem: string | undefined }>();
  return async ({ plan }, before) => {
    const about = aboutOf(plan);
    if (before !== undefined && aboutOf(before.plan) === about) return;
    const found = known.get(plan.id);
    const problem = found?.about === about && found.problem !== undefined ? found.problem : problemOf(plan, await namedIn(bus, plan));
    known.set(plan.id, { about, problem });
    if (problem !== undefined)
      throw inputFailure(
        "LEDGER_NEEDS",
        `${problem}, so account ${plan.account.id} could not go on: put it back, or begin a ledger anew under another account.id`,
      );
  };
}

function aboutOf({ account, instruments }: VariantPlan): string {
  return [account.id, account.currency, ...instruments.map(({ id }) => id).sort()].join(" ");
}

function problemOf(plan: VariantPlan, { currency, instruments }: Named): string | undefined {
  if (currency !== undefined && currency !== plan.account.currency)
    return `its currency is ${plan.account.currency}, and its ledger is in ${currency}`;
  const missing = [...(instruments.get(plan.id) ?? [])].filter((id) => !plan.instruments.some((instrument) => instrument.id === id));
  if (missing.length > 0) return `it leaves out ${missing.sort().join(", ")}, which its ledger names`;
  const others = [...instruments.keys()].filter((id) => id !== plan.id);
  // At a venue variants share an account; a simulated one is of one variant.
  if (others.length > 0 && (plan.mode === "paper" || plan.mode === "backtest"))
    return `its ledger is that of variant ${others.sort().join(", ")}`;
  return undefined;
}

async function namedIn(bus: Bus, { account }: VariantPlan): Promise<Named> {
  const instruments = new Map<string, Set<string>>();
  let currency: string | undefined;
  for await (const { data } of bus.read(subjectOf("ledger", { account: tokenOf(account.id) }), { after: 0 })) {
    const decoded = decodeMessage("ledger", data);
    if (!decoded.ok) continue;
    for (const event of (decoded.envelope.data as { readonly events: readonly Readonly<Record<string, unknown>>[] }).events) {
      if (event["type"] === "genesis" && typeof event["currency"] === "string") currency = event["currency"];
      const { variant, instrument } = (event["type"] === "order_intended" ? event["order"] : event) as Partial<Record<string, unknown>>;
      if (typeof variant !== "string" || typeof instrument !== "string" || event["type"] === "lock") continue;
      const own = instruments.get(variant) ?? new Set();
      instruments.set(variant, own.add(instrument));
    }
  }
  return { currency, instruments };
}
