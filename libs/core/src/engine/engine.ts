import type { Candle } from "../domain/candle.ts";
import type { Decision, Prediction } from "../domain/decision.ts";
import type { VariantPlan } from "../domain/plan.ts";
import { createDecide, type DecideMachine } from "../decide/decide.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { aggregator, type Aggregator } from "../market/aggregate.ts";
import type { Calendar } from "../market/calendar.ts";
import type { Intent } from "../orders/intent.ts";
import type { VenueReport } from "../orders/report.ts";
import { createSimVenue, type SimVenue } from "../sim/venue.ts";
import { decodeSnapshot, encodeSnapshot } from "../snapshot.ts";
import { restoreVenue, snapshotVenue } from "../sim/venue-snapshot.ts";
import { createStrategyMachine, type StrategyMachine } from "../strategies/evaluate.ts";
import type { StrategyDefinition } from "../strategies/strategy.ts";
import { restoreAccount, snapshotAccount } from "../trade/account-snapshot.ts";
import { emptyAccount } from "../trade/account.ts";
import type { TradeEvent } from "../trade/event.ts";
import { createTradeMachine, openAccount, type TradeMachine } from "../trade/trade.ts";

/** A funding charge: due at or before the next candle that opens. */
export interface FundingPayment {
  readonly instrument: string;
  readonly time: number;
  readonly rate: bigint;
  readonly mark: bigint;
}

export interface EngineOptions {
  readonly plan: VariantPlan;
  /** 8 hex; fixed in backtests so that client ids repeat. */
  readonly epoch: string;
  readonly startTime: number;
  readonly calendarOf: (name: string) => Calendar;
  /** A member's strategy by its name in the plan. */
  readonly definitionOf: (name: string) => StrategyDefinition;
  /** Recorded predictions of a close; models abstain where there are none. */
  readonly predictionOf?: (source: string, instrument: string, closeTime: number) => Prediction | undefined;
  readonly onEntry: (entry: LedgerEntry) => void;
  readonly onDecision?: (decision: Decision) => void;
}

/** The lane of one instrument: its candles to its decisions. */
interface Lane {
  readonly instrument: string;
  readonly aggregate: Aggregator | undefined;
  readonly strategies: readonly StrategyMachine[];
  readonly models: readonly string[];
  readonly decide: DecideMachine;
}

/**
 * The three machines and the simulated venue, composed under the events clock: one call per close time, in the
 * canonical order: venue reports and fills at the open, exits, marks, then decisions in config order.
 */
export interface Engine {
  readonly trade: TradeMachine;
  readonly venue: SimVenue;
  /** Closes one time: at most one candle of the finest timeframe per instrument, in config order. */
  close(time: number, candles: readonly Candle[]): void;
  /** Charges funding at the venue and books it. */
  fund(payment: FundingPayment): void;
  /** Ends the data: open positions are closed at this candle's open or close, if the variant asks for it. */
  finish(candles: readonly Candle[]): void;
  /** Everything the engine is, as text; `restore` on an engine over the same options continues bit for bit. */
  snapshot(): string;
  restore(text: string): void;
}

export function createEngine(options: EngineOptions): Engine {
  const { plan } = options;
  const trade = createTradeMachine([plan], emptyAccount([plan]));
  options.onEntry(openAccount(trade, [plan], options.epoch, options.startTime));
  const venue = createSimVenue({
    instruments: plan.instruments,
    currency: plan.account.currency,
    balance: plan.account.startingBalance,
    leverage: plan.risk.leverage,
    costs: plan.costs,
    fills: plan.fills,
  });
  const lanes = new Map(plan.instruments.map((instrument) => [instrument.id, createLane(options, instrument.id, instrument.calendar)]));
  let reports: VenueReport[] = [];

  /** One step of the account; its intents reach the venue at once, as the shell would send them. */
  function step(event: TradeEvent, time: number): void {
    const { entry, intents } = trade.step(event);
    if (entry !== undefined) options.onEntry(entry);
    for (const intent of intents) perform(venue, intent, time, reports);
  }

  /** Feeds reports back until the venue is quiet. */
  function settle(time: number): void {
    while (reports.length > 0) {
      const batch = reports;
      reports = [];
      for (const report of batch) step({ type: "report", report }, time);
    }
  }

  function matchOpen(candle: Candle): void {
    // A fill at the open may lead to an order that fills at the same open: a reversal, a stop already passed.
    let before: number;
    do {
      before = venue.book.nextId;
      venue.open(candle, reports);
      settle(candle.openTime);
    } while (venue.book.nextId !== before);
  }

  function decideOn(candle: Candle, time: number): void {
    const lane = lanes.get(candle.instrument)!;
    if (lane.aggregate === undefined) return runLane(lane, candle, time);
    for (const coarse of lane.aggregate.update(candle)) runLane(lane, coarse, time);
  }

  function runLane(lane: Lane, candle: Candle, time: number): void {
    lane.decide.step({ type: "close", candle });
    let decision: Decision | undefined;
    for (const strategy of lane.strategies) {
      const said = strategy.onCandle(candle);
      decision = lane.decide.step("action" in said ? { type: "signal", signal: said } : { type: "abstention", abstention: said });
    }
    for (const source of lane.models) {
      const prediction = options.predictionOf?.(source, candle.instrument, candle.closeTime);
      decision = lane.decide.step(
        prediction === undefined
          ? { type: "abstention", abstention: { source, instrument: candle.instrument, closeTime: candle.closeTime, reason: "no prediction" } }
          : { type: "prediction", prediction },
      );
    }
    if (decision === undefined) return;
    options.onDecision?.(decision);
    step({ type: "decision", decision, time }, time);
    settle(time);
  }

  return {
    trade,
    venue,
    close(time, candles) {
      for (const candle of candles) matchOpen(candle);
      for (const candle of candles) {
        venue.range(candle, reports);
        settle(time);
      }
      for (const candle of candles) step({ type: "candle", candle }, time);
      step({ type: "close", time }, time);
      settle(time);
      for (const candle of candles) decideOn(candle, time);
    },
    fund(payment) {
      venue.fund(payment.instrument, payment.rate as never, payment.mark as never, payment.time, reports);
      settle(payment.time);
    },
    finish(candles) {
      const last = candles.at(-1);
      if (last === undefined || plan.fills.atEnd === "keep") return;
      const time = last.closeTime;
      step({ type: "command", command: { verb: "close", by: "end of data" }, time }, time);
      settle(time);
      for (const candle of candles) {
        const price = plan.fills.atEnd === "close_at_open" ? candle.open : candle.close;
        matchOpen({ ...candle, openTime: time, open: price });
        step({ type: "candle", candle }, time);
      }
      step({ type: "close", time }, time);
      settle(time);
    },
    snapshot: () =>
      encodeSnapshot({
        account: snapshotAccount(trade.state),
        venue: snapshotVenue(venue.book),
        lanes: [...lanes.values()].map((lane) => ({
          aggregate: lane.aggregate?.snapshot(),
          strategies: lane.strategies.map((strategy) => strategy.snapshot()),
          decide: lane.decide.snapshot(),
        })),
      }),
    restore(text) {
      const state = decodeSnapshot(text) as { account: unknown; venue: unknown; lanes: { aggregate: unknown; strategies: unknown[]; decide: unknown }[] };
      restoreAccount(trade.state, state.account);
      restoreVenue(venue.book, state.venue);
      [...lanes.values()].forEach((lane, i) => {
        const own = state.lanes[i]!;
        lane.aggregate?.restore(own.aggregate);
        lane.strategies.forEach((strategy, j) => strategy.restore(own.strategies[j]));
        lane.decide.restore(own.decide);
      });
    },
  };
}

function createLane(options: EngineOptions, instrument: string, calendarName: string): Lane {
  const { plan } = options;
  const calendar = options.calendarOf(calendarName);
  const strategies = plan.members.filter((member) => member.kind === "strategy");
  return {
    instrument,
    aggregate: plan.timeframe === plan.finestTimeframe ? undefined : aggregator(calendar, plan.timeframe),
    strategies: strategies.map((member) => createStrategyMachine(member, options.definitionOf(member.name), instrument, calendar)),
    models: plan.members.filter((member) => member.kind === "model").map((member) => member.source),
    decide: createDecide(plan, calendar),
  };
}

/** Performs an intent at the simulated venue; look-ups answer at once, and timers have nothing to wait for. */
export function perform(venue: SimVenue, intent: Intent, time: number, out: VenueReport[]): void {
  switch (intent.type) {
    case "place":
      return venue.place(intent.order, time, out);
    case "cancel":
      return venue.cancel(intent.clientId, time, out);
    case "amend":
      return venue.amend(intent.clientId, intent.quantity, intent.stopPrice, time, out);
    case "lookup":
      return venue.lookup(intent.clientId, time, out);
    case "snapshot":
      return venue.snapshot(time, out);
    case "timer":
  }
}
