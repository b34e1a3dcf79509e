import { exactToNumber, formatFixed, type Candle, type Decision, type LedgerEvent, type VariantPlan } from "@tradewind/core";
import type { Envelope, MemberWord } from "@tradewind/contracts";
import type { WhyStep } from "../views.ts";
import { short, signed } from "./figures.ts";
import type { DecisionHit, LedgerHit } from "./log-search.ts";
import { predictionStep, shadowAbstentionStep, type ModelFacts } from "./models.ts";

/** Steps of an explanation, each from one recorded fact. */
export function candleStep(candle: Candle | undefined, { data, cause }: DecisionHit): WhyStep {
  if (candle === undefined) {
    const says = `close ${data.close} of ${data.instrument}; the candle itself is no longer kept`;
    return { stage: "candle", time: data.closeTime, says, ...(cause !== undefined && { id: cause }) };
  }
  const { instrument, timeframe, closeTime, open, high, low, close, volume, origin, synthetic } = candle;
  const marks = [origin, ...(synthetic ? ["no trades in it"] : [])].join(", ");
  return {
    stage: "candle",
    time: closeTime,
    says: `${instrument} ${timeframe}: open ${open}, high ${high}, low ${low}, close ${close}, volume ${Number(volume.toPrecision(12))} (${marks})`,
    detail: candle,
    ...(cause !== undefined && { id: cause }),
  };
}

/** What a member or a shadow said on the close of a decision. */
export function wordStep(word: Envelope<MemberWord>, plan: VariantPlan, decision: Decision, facts: ModelFacts): WhyStep {
  const { id, time, data } = word;
  switch (data.type) {
    case "signal": {
      const { source, action, confidence, reason, stop, target } = data.signal;
      const prices = [stop === undefined ? "" : `, stop ${stop}`, target === undefined ? "" : `, target ${target}`].join("");
      return {
        stage: "signal",
        time,
        id,
        says: `${source} says ${action}, confidence ${short(confidence)}${reason === "" ? "" : `: ${reason}`}${prices}`,
        detail: data.signal,
      };
    }
    case "prediction":
      return predictionStep({ ...word, data }, plan, decision, facts);
    case "abstention":
      if (data.abstention.source.includes("--")) return shadowAbstentionStep({ ...word, data });
      return {
        stage: "abstention",
        time,
        id,
        says: `${data.abstention.source} does not vote: ${data.abstention.reason}`,
        detail: data.abstention,
      };
  }
}

export function decisionSteps({ id, data }: DecisionHit, plan: VariantPlan | undefined): WhyStep[] {
  const { closeTime, votes, action, score, reason, validUntil, regime } = data;
  const ballots = votes.map(({ source, vote, weight, reason: why }) =>
    vote === null ? `${source} abstains (${why}), weight ${short(weight)}` : `${source} ${signed(vote)} x weight ${short(weight)}`,
  );
  const needed = plan === undefined ? "" : `, ${short(plan.decision.threshold)} needed`;
  const market = regime === undefined ? "" : ` (weights of regime ${regime})`;
  const lasts = action === "HOLD" ? "" : `; valid until ${clockTime(validUntil)}`;
  return [
    { stage: "votes", time: closeTime, says: `${ballots.join("; ") || "nobody votes"}${market}`, detail: votes },
    { stage: "decision", time: closeTime, id, says: `${action}, weighted vote ${signed(score)}${needed}: ${reason}${lasts}`, detail: data },
  ];
}

/** What one ledger entry did with the orders and slots that `concerns` names. */
export function ledgerSteps(hits: readonly LedgerHit[], concerns: (event: LedgerEvent) => boolean): WhyStep[] {
  return hits.flatMap(({ account, entry }) =>
    entry.events.filter(concerns).flatMap((event) => {
      const said = sayEvent(event);
      return said === undefined ? [] : [{ stage: said[0], time: entry.time, id: `${account} #${entry.n}`, says: said[1] }];
    }),
  );
}

function sayEvent(event: LedgerEvent): readonly [stage: string, says: string] | undefined {
  switch (event.type) {
    case "order_intended": {
      const { order } = event;
      const amount = order.budget === undefined ? formatFixed(order.quantity) : `for ${formatFixed(order.budget)}`;
      const price = order.limitPrice ?? order.stopPrice;
      const exits = [
        order.protectStop === undefined ? "" : `, stop to rest at ${formatFixed(order.protectStop)}`,
        order.protectTarget === undefined ? "" : `, target at ${formatFixed(order.protectTarget)}`,
      ].join("");
      const at = price === undefined ? "" : ` at ${formatFixed(price)}`;
      return [
        "order",
        `${order.leg}: ${order.type} ${order.side} ${amount} ${order.instrument}${at}${exits} [${order.clientId}]: ${order.reason}`,
      ];
    }
    case "order_open":
      return ["report", `open at the venue as ${event.venueId} [${event.clientId}]`];
    case "order_requested":
      return ["order", `asked to be ${event.request === "cancelling" ? "cancelled" : "changed"} [${event.clientId}]`];
    case "order_amended":
      return [
        "report",
        `changed to ${formatFixed(event.quantity)}${event.stopPrice === undefined ? "" : ` at ${formatFixed(event.stopPrice)}`} [${event.clientId}]`,
      ];
    case "order_unknown":
    case "order_known":
      return ["report", `${event.type === "order_unknown" ? "in doubt" : "no longer in doubt"}: ${event.reason} [${event.clientId}]`];
    case "order_closed":
      return [
        "report",
        `${event.reason === "" || event.reason === event.outcome ? event.outcome : `${event.outcome}: ${event.reason}`} [${event.clientId}]`,
      ];
    case "fill": {
      const profit = event.realized === 0n ? "" : `, profit ${Number(exactToNumber(event.realized).toPrecision(8))}`;
      const after = `position then ${formatFixed(event.positionAfter)}`;
      const fee = `fee ${formatFixed(event.fee)} ${event.feeCurrency}`;
      return [
        "fill",
        `${event.leg}: ${event.side} ${formatFixed(event.quantity)} at ${formatFixed(event.price)}, ${fee}${profit}, ${after}`,
      ];
    }
    case "denied":
      return ["risk", `denied, ${event.code}: ${event.detail}`];
    case "decision_expired":
      return ["risk", "expired: it came to the account after its last valid time"];
    case "lock":
      return ["risk", `locked until ${clockTime(event.until)}: ${event.reason}`];
    case "state":
      return ["state", `${event.scope} ${event.state}: ${event.reason}`];
    default:
      return undefined;
  }
}

/** Market time for people, UTC. */
export function clockTime(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace("T", " ");
}

/** The explanation as text: one line a step. */
export function renderWhy(question: string, answer: string, steps: readonly WhyStep[]): string {
  const width = Math.max(0, ...steps.map(({ stage }) => stage.length));
  const lines = steps.map(({ stage, time, says }) => {
    const at = time === undefined ? " ".repeat(19) : clockTime(time);
    return `  ${stage.padEnd(width)}  ${at}  ${says}`;
  });
  return [question, answer, "", ...lines, ""].join("\n");
}
