import {
  aggregationChain,
  calendarNamed,
  createBarrier,
  createDecide,
  createPaperAccount,
  createStrategyMachine,
  decodeSnapshot,
  encodeSnapshot,
  findStrategy,
  type Abstention,
  type Candle,
  type DecideEvent,
  type Decision,
  type LedgerEntry,
  type Prediction,
  type Prng,
  type Signal,
  type VariantPlan,
} from "../../src/index.ts";

const calendar = calendarNamed("crypto-24-7");

/** A bus of subjects: each keeps its own order, between them the seed decides; what travels is text. */
export interface Road {
  subscribe<T>(subject: string, take: (message: T) => void): void;
  publish(subject: string, message: unknown): void;
  /** Delivers up to `most` messages. */
  drain(most: number): void;
}

export function createRoad(prng: Prng): Road {
  const subjects = new Map<string, { waiting: string[]; take: (message: never) => void }>();
  return {
    subscribe: (subject, take) => void subjects.set(subject, { waiting: [], take }),
    publish: (subject, message) => void subjects.get(subject)!.waiting.push(encodeSnapshot(message)),
    drain(most) {
      for (let n = 0; n < most; n++) {
        const ready = [...subjects.values()].filter((subject) => subject.waiting.length > 0);
        if (ready.length === 0) return;
        const { waiting, take } = ready[prng.below(ready.length)]!;
        take(decodeSnapshot(waiting.shift()!) as never);
      }
    },
  };
}

/** Publishes each finest candle to the account and each candle of the decision timeframe to those who judge it. */
export function marketStage(plan: VariantPlan, road: Road, id: string): (candle: Candle) => void {
  const aggregate = plan.timeframe === plan.finestTimeframe ? undefined : aggregationChain(calendar, plan.finestTimeframe, plan.timeframe);
  return (candle) => {
    road.publish(`finest ${id}`, candle);
    for (const deciding of (aggregate?.update(candle) ?? [candle]).filter(({ timeframe }) => timeframe === plan.timeframe))
      for (const reader of ["strategy", "model", "decide"]) road.publish(`candle for ${reader} ${id}`, deciding);
  };
}

const word = (said: Signal | Abstention): DecideEvent =>
  "action" in said ? { type: "signal", signal: said } : { type: "abstention", abstention: said };

export function strategyStage(plan: VariantPlan, road: Road, id: string): void {
  const members = plan.members.filter((member) => member.kind === "strategy");
  const machines = members.map((member) => createStrategyMachine(member, findStrategy(member.name), id, calendar));
  road.subscribe<Candle>(`candle for strategy ${id}`, (candle) => {
    for (const machine of machines) road.publish(`said ${machine.source} ${id}`, word(machine.onCandle(candle)));
  });
}

type PredictionOf = (source: string, instrument: string, closeTime: number) => Prediction | undefined;

export function modelStage(plan: VariantPlan, road: Road, id: string, predictionOf: PredictionOf): void {
  const models = plan.members.filter((member) => member.kind === "model").map((member) => member.source);
  road.subscribe<Candle>(`candle for model ${id}`, ({ closeTime }) => {
    for (const source of models) {
      const prediction = predictionOf(source, id, closeTime);
      const abstention = { source, instrument: id, closeTime, reason: "no prediction" };
      road.publish(`said ${source} ${id}`, prediction ? { type: "prediction", prediction } : word(abstention));
    }
  });
}

export function decideStage(plan: VariantPlan, road: Road, id: string, onDecision: (decision: Decision) => void): void {
  const machine = createDecide(plan, calendar);
  const take = (event: DecideEvent) => {
    for (const decision of machine.step(event)) {
      onDecision(decision);
      road.publish(`decision ${id}`, decision);
    }
  };
  road.subscribe<Candle>(`candle for decide ${id}`, (candle) => take({ type: "close", candle }));
  for (const { source } of plan.members) road.subscribe<DecideEvent>(`said ${source} ${id}`, take);
}

/** The account behind its barrier. Call the result to deliver some messages and to work what is complete. */
export function accountStage(
  plan: VariantPlan,
  road: Road,
  startTime: number,
  onEntry: (entry: LedgerEntry) => void,
): (most: number, end: boolean) => void {
  const account = createPaperAccount({ plan, epoch: "00000001", startTime, onEntry });
  const barrier = createBarrier(plan, calendarNamed);
  for (const { id } of plan.instruments) {
    road.subscribe<Candle>(`finest ${id}`, (candle) => barrier.candle(candle));
    road.subscribe<Decision>(`decision ${id}`, (decision) => barrier.decision(decision));
  }
  return (most, end) => {
    if (end) barrier.end();
    road.drain(most);
    for (let close = barrier.take(); close !== undefined; close = barrier.take()) {
      account.close(close.time, close.candles);
      for (const decision of close.decisions) account.decide(decision, close.time);
    }
  };
}
