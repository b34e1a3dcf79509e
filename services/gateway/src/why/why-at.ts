import { calendarNamed, formatFixed, type Decision, type LedgerEvent, type Qty, type VariantPlan } from "@tradewind/core";
import { messageId, type DesiredVariant } from "@tradewind/contracts";
import type { WhyStep } from "../views.ts";
import { clockTime, ledgerSteps } from "./describe.ts";
import { short } from "./figures.ts";
import type { DecisionHit, LedgerHit, LogSearch } from "./log-search.ts";
import { decided } from "./why-order.ts";

export interface AtQuestion {
  readonly plan: VariantPlan;
  /** Undefined when it has never been started. */
  readonly desired: DesiredVariant | undefined;
  readonly instrument: string;
  /** Market time. */
  readonly at: number;
}

/** The decision of the last close at or before a time, and what came of it; or why there was none. */
export async function whyAt(log: LogSearch, question: AtQuestion): Promise<{ answer: string; steps: readonly WhyStep[] }> {
  const { plan, instrument, at } = question;
  const decision = await log.decision(plan.id, instrument, at);
  const missed = await missing(log, question, decision);
  if (decision === undefined)
    return { answer: `No trade: ${missed?.says ?? "nothing was decided."}`, steps: missed === undefined ? [] : [missed] };
  const id = messageId.decision(decision.data);
  const hits = await log.entries(plan.account.id, [`"cause":"${id}"`, '"type":"state"', `"instrument":"${instrument}"`]);
  const until = hits.filter(({ cause, entry }) => cause === id || entry.time <= decision.data.closeTime);
  const steps = [...(await decided(log, plan, decision)), ...standing(until, plan, decision.data), ...consequences(until, id, instrument)];
  const answer = answerOf(decision.data, plan, until, id);
  if (missed === undefined) return { answer, steps };
  return { answer: `No trade: ${missed.says} Before that: ${answer}`, steps: [...steps, missed] };
}

/** Why the last decision is not one of the last close that was due; undefined when it is. */
async function missing(
  log: LogSearch,
  { plan, desired, instrument, at }: AtQuestion,
  decision: DecisionHit | undefined,
): Promise<WhyStep | undefined> {
  const last = decision?.data.closeTime ?? -Infinity;
  const calendar = calendarNamed(plan.instruments.find(({ id }) => id === instrument)!.calendar);
  if (decision !== undefined && calendar.nextBar(plan.timeframe, last).closeTime > at) return undefined;
  const say = (stage: string, says: string, time?: number): WhyStep => ({ stage, says, ...(time !== undefined && { time }) });
  const events = await log.market(plan, instrument, last, at);
  const gap = events.findLast((event) => event.type === "gap");
  const closes = events.filter((event) => event.type === "candle");
  const newest = closes.at(-1)?.candle.closeTime;
  if (desired === undefined) return say("variant", `${plan.id} had not been started.`);
  if (!desired.enabled && newest !== undefined) return say("variant", `${plan.id} is not to run: stopped by ${desired.by}.`);
  if (newest !== undefined && newest <= desired.effectiveFrom)
    return say("variant", `${plan.id} revision ${desired.revision} decides from ${clockTime(desired.effectiveFrom)} on.`, newest);
  if (newest !== undefined)
    return say(
      "variant",
      `the close of ${clockTime(newest)} came, but ${plan.id} decided nothing on it: it was not being worked, or has not got there yet.`,
      newest,
    );
  if (gap !== undefined)
    return say("candle", `no candle: a gap from ${clockTime(gap.from)} to ${clockTime(gap.to)} (${gap.reason}).`, gap.from);
  const since = decision === undefined ? "no candle of" : `no candle after ${clockTime(last)} of`;
  return say(
    "candle",
    `${since} ${instrument} ${plan.timeframe} at ${plan.broker} had come by then${calendar.isOpen(at) ? "" : "; the market was closed"}.`,
  );
}

/** Who might trade, and what was held, when the decision was made. */
function standing(hits: readonly LedgerHit[], { id }: VariantPlan, { instrument, closeTime }: Decision): WhyStep[] {
  const steps: WhyStep[] = [];
  const states = new Map<string, WhyStep>();
  for (const { entry } of hits)
    for (const event of entry.events) {
      if (event.type !== "state" || entry.time > closeTime || (event.scope.startsWith("variant:") && event.scope !== `variant:${id}`))
        continue;
      if (event.state === "ACTIVE") states.delete(event.scope);
      else states.set(event.scope, { stage: "state", time: entry.time, says: `${event.scope} ${event.state}: ${event.reason}` });
    }
  steps.push(...states.values());
  const held = formatFixed(position(hits, id, instrument, closeTime));
  if (held !== "0") steps.push({ stage: "position", time: closeTime, says: `${held} ${instrument} was held` });
  return steps;
}

function position(hits: readonly LedgerHit[], variant: string, instrument: string, until: number): Qty {
  let held = 0n as Qty;
  for (const { entry } of hits)
    for (const event of entry.events)
      if (event.type === "fill" && event.variant === variant && event.instrument === instrument && entry.time <= until)
        held = event.positionAfter;
  return held;
}

function consequences(hits: readonly LedgerHit[], id: string, instrument: string): WhyStep[] {
  const concerns = (event: LedgerEvent): boolean => {
    if (event.type === "order_intended") return event.order.instrument === instrument;
    return "instrument" in event ? event.instrument === instrument : "clientId" in event;
  };
  return ledgerSteps(
    hits.filter(({ cause }) => cause === id),
    concerns,
  );
}

function answerOf(decision: Decision, plan: VariantPlan, hits: readonly LedgerHit[], id: string): string {
  const { action, reason, score, closeTime, instrument, votes } = decision;
  const at = `on the close of ${clockTime(closeTime)}`;
  if (action === "HOLD") return `No trade ${at}: HOLD, ${holdReason(decision, plan)}.`;
  const events = hits.filter(({ cause }) => cause === id).flatMap(({ entry }) => entry.events);
  const order = events.find((event) => event.type === "order_intended");
  if (order?.type === "order_intended") return `${action} ${at}: ${reason}. It became order ${order.order.clientId} (${order.order.leg}).`;
  const denied = events.find((event) => event.type === "denied");
  if (denied?.type === "denied") return `No trade ${at}: ${action} was denied, ${denied.code}: ${denied.detail}.`;
  if (events.some((event) => event.type === "decision_expired"))
    return `No trade ${at}: ${action} expired before the account could take it.`;
  const held = position(hits, plan.id, instrument, closeTime);
  const traded = plan.instruments.find((each) => each.id === instrument);
  // What is left of a fee taken in the asset can be less than a venue trades.
  const dust = traded !== undefined && held < traded.step && held > -traded.step;
  if (!dust && held > 0n === (action === "BUY")) return `No trade ${at}: ${action}, and ${formatFixed(held)} was held already.`;
  if (action === "SELL" && dust && traded.kind === "spot") return `No trade ${at}: SELL, and nothing was held to sell.`;
  return `No trade ${at}: ${action} with ${votes.length} votes and score ${short(score)}, but the account has recorded nothing on it: it was not being worked then, or has not got there yet.`;
}

function holdReason({ reason, score, votes }: Decision, { decision }: VariantPlan): string {
  if (votes.every(({ vote }) => vote === null))
    return `nobody voted (${votes.map(({ source, reason: why }) => `${source}: ${why}`).join("; ")})`;
  const silent = votes.flatMap(({ source, vote, reason: why }) => (vote === null ? [`${source} abstained: ${why}`] : []));
  const beside = silent.length === 0 ? "" : ` (${silent.join("; ")})`;
  if (reason === "below threshold") return `the weighted vote of ${short(score)} is below the ${short(decision.threshold)} needed${beside}`;
  return `${reason}${beside}`;
}
