import { formatFixed, inputFailure, type LedgerEvent, type OrderSpec, type VariantPlan } from "@tradewind/core";
import { messageId } from "@tradewind/contracts";
import type { WhyStep } from "../views.ts";
import { candleStep, decisionSteps, ledgerSteps, wordStep } from "./describe.ts";
import type { DecisionHit, LedgerHit, LogSearch } from "./log-search.ts";

/** Digits of a client order id that all orders of one trade share: epoch, variant, ordinal. */
const TRADE_DIGITS = 24;

export interface OrderFindings {
  readonly answer: string;
  readonly steps: readonly WhyStep[];
}

/** From the candle that led to an order's trade to its last fill. Throws `NOT_FOUND`, `AMBIGUOUS_ORDER`. */
export async function whyOrder(
  log: LogSearch,
  planOf: (variant: string) => VariantPlan | undefined,
  clientId: string,
  variant: string | undefined,
): Promise<OrderFindings> {
  const trade = clientId.slice(0, TRADE_DIGITS);
  const hits = ofOneAccount(await log.entries(undefined, [`"${trade}`]), clientId, variant);
  const asked = intended(hits, (order) => order.clientId === clientId)!;
  const first = intended(hits, (order) => order.leg === "entry") ?? asked;
  const plan = planOf(asked.order.variant);
  const origin = await decisionOf(log, first);
  const own = asked.order.clientId === first.order.clientId ? undefined : await decisionOf(log, asked);
  const concerns = (event: LedgerEvent): boolean => tradeOf(event)?.startsWith(trade) === true;
  const steps = [
    ...(await decided(log, plan, origin)),
    ...(own === undefined || own.id === origin?.id ? [] : await decided(log, plan, own)),
    ...(asked.order.leg === "entry" || origin !== undefined ? [passed(first)] : []),
    ...ledgerSteps(hits, concerns),
  ].sort((a, b) => (a.time ?? 0) - (b.time ?? 0));
  return { answer: outcome(hits, asked.order), steps };
}

/** A run on the events clock begins every ledger with the same epoch, so an id may stand in several. */
function ofOneAccount(hits: readonly LedgerHit[], clientId: string, variant: string | undefined): LedgerHit[] {
  const owners = hits.filter(({ entry }) =>
    entry.events.some(
      (event) =>
        event.type === "order_intended" && event.order.clientId === clientId && (variant === undefined || event.order.variant === variant),
    ),
  );
  const accounts = [...new Set(owners.map(({ account }) => account))];
  if (accounts.length === 0)
    throw inputFailure(
      "NOT_FOUND",
      `no ledger has an order ${clientId}${variant === undefined ? "" : ` of ${variant}`}; fills list the ids of theirs`,
    );
  if (accounts.length > 1)
    throw inputFailure("AMBIGUOUS_ORDER", `accounts ${accounts.join(", ")} each have an order ${clientId}; name the variant too`);
  return hits.filter(({ account }) => account === accounts[0]);
}

interface Intended {
  readonly hit: LedgerHit;
  readonly order: OrderSpec;
}

function intended(hits: readonly LedgerHit[], fits: (order: OrderSpec) => boolean): Intended | undefined {
  for (const hit of hits)
    for (const event of hit.entry.events) if (event.type === "order_intended" && fits(event.order)) return { hit, order: event.order };
  return undefined;
}

/** The decision an order was made on; undefined for what followed from something else. */
async function decisionOf(log: LogSearch, { hit, order }: Intended): Promise<DecisionHit | undefined> {
  const fromDecision = hit.cause?.startsWith("d/") ?? hit.entry.input === "decision";
  if (!fromDecision) return undefined;
  const closeTime = hit.cause === undefined ? hit.entry.time : Number(hit.cause.slice(hit.cause.lastIndexOf("/") + 1));
  const found = await log.decision(order.variant, order.instrument, closeTime);
  return found !== undefined && (hit.cause === undefined || messageId.decision(found.data) === hit.cause) ? found : undefined;
}

/** Candle, words, votes and decision. */
export async function decided(log: LogSearch, plan: VariantPlan | undefined, decision: DecisionHit | undefined): Promise<WhyStep[]> {
  if (decision === undefined) return [];
  if (plan === undefined) return [candleStep(undefined, decision), ...decisionSteps(decision, plan)];
  const candle = await log.candle(plan.broker, decision.data.instrument, plan.timeframe, decision);
  const facts = await log.facts(plan);
  const words = (await log.words(plan, decision)).map((word) => wordStep(word, plan, decision.data, facts));
  return [candleStep(candle, decision), ...words, ...decisionSteps(decision, plan)];
}

function passed({ hit, order }: Intended): WhyStep {
  const size = order.budget === undefined ? formatFixed(order.quantity) : `a budget of ${formatFixed(order.budget)}`;
  return { stage: "risk", time: hit.entry.time, id: `${hit.account} #${hit.entry.n}`, says: `every rule passed; sized to ${size}` };
}

/** The client id of an order's event. */
function tradeOf(event: LedgerEvent): string | undefined {
  if (event.type === "order_intended") return event.order.clientId;
  return "clientId" in event ? event.clientId : undefined;
}

function outcome(hits: readonly LedgerHit[], { clientId, side, quantity, budget, instrument, leg, variant, reason }: OrderSpec): string {
  const events = hits.flatMap(({ entry }) => entry.events.filter((event) => tradeOf(event) === clientId));
  const fills = events.filter((event) => event.type === "fill");
  const closed = events.find((event) => event.type === "order_closed");
  const amount = budget === undefined ? formatFixed(quantity) : `for ${formatFixed(budget)}`;
  const filled = fills.map((fill) => `${formatFixed(fill.quantity)} at ${formatFixed(fill.price)}`).join(", ");
  const end = closed === undefined ? "not closed yet" : closed.outcome;
  return `${leg} ${side} ${amount} ${instrument} of ${variant}: ${reason}. ${filled === "" ? "Nothing filled" : `Filled ${filled}`}; ${end}.`;
}
