import type { Candle } from "../domain/candle.ts";
import type { Decision } from "../domain/decision.ts";
import { decodeSnapshot, encodeSnapshot } from "../snapshot.ts";
import { createLane, type LaneOptions } from "./lane.ts";
import type { FundingPayment } from "./dealing.ts";
import { createPaperAccount, type PaperAccount, type PaperAccountOptions } from "./paper-account.ts";

export interface EngineOptions extends LaneOptions, PaperAccountOptions {
  readonly onDecision?: (decision: Decision) => void;
}

/** The three machines and the simulated venue composed under the events clock; one call per close time. */
export interface Engine {
  readonly account: PaperAccount;
  /** Closes one time: at most one candle of the finest timeframe per instrument, in config order. */
  close(time: number, candles: readonly Candle[], funding?: readonly FundingPayment[]): void;
  /** Charges funding at the venue and books it. */
  fund(payment: FundingPayment): void;
  /** Ends the data: open positions are closed at these candles' open or close, if the variant asks for it. */
  finish(candles: readonly Candle[]): void;
  /** Everything the engine is, as text; `restore` on an engine over the same options continues bit for bit. */
  snapshot(): string;
  restore(text: string): void;
}

export function createEngine(options: EngineOptions): Engine {
  const { plan } = options;
  const account = createPaperAccount(options);
  const lanes = new Map(plan.instruments.map((instrument) => [instrument.id, createLane(options, instrument.id, instrument.calendar)]));
  let now = 0;
  const decided = (decision: Decision): void => {
    options.onDecision?.(decision);
    account.decide(decision, now);
  };

  return {
    account,
    close(time, candles, funding) {
      now = time;
      account.close(time, candles, funding);
      for (const candle of candles) lanes.get(candle.instrument)!.onCandle(candle, decided);
    },
    fund: (payment) => account.fund(payment),
    finish: (candles) => account.finish(candles),
    snapshot: () => encodeSnapshot({ account: account.snapshot(), lanes: [...lanes.values()].map((lane) => lane.snapshot()) }),
    restore(text) {
      const state = decodeSnapshot(text) as { account: unknown; lanes: unknown[] };
      account.restore(state.account);
      [...lanes.values()].forEach((lane, i) => lane.restore(state.lanes[i]));
    },
  };
}
