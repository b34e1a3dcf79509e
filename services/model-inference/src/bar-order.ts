import {
  aggregationChain,
  byClose,
  type AggregationChain,
  type Calendar,
  type Candle,
  type MatrixPlan,
  type Timeframe,
} from "@tradewind/core";

/** A candle and the id of the message it came in. */
export interface Bar {
  readonly candle: Candle;
  readonly cause: string;
}

/**
 * Brings the candles of one instrument, in the order of the log, into the order a feature matrix takes them: by close
 * time, on one close the coarser ones first. The log has the finer one first, so a candle waits for the coarser ones
 * that its close completes. What comes out is a function of what went in, however it is cut.
 */
export interface BarOrder {
  take(bar: Bar): readonly Bar[];
  /** The data of a timeframe ends: of the coarsest, nothing is waited for any more. */
  finish(timeframe: Timeframe): readonly Bar[];
  snapshot(): unknown;
  restore(state: unknown): void;
}

interface State {
  /** Close time of the newest candle taken, by timeframe; older ones are left out. */
  readonly newest: Map<Timeframe, number>;
  /** Coarser candles that no candle of the finest has reached. */
  coarse: Bar[];
  /** Candles of the finest timeframe that wait, oldest first, and which coarser close times each waits for. */
  readonly waiting: { readonly bar: Bar; readonly wanted: Wanted[] }[];
  /** Close time of the newest candle of the finest timeframe that went out: what is older comes too late. */
  reached: number;
  chain: unknown;
}

interface Wanted {
  readonly timeframe: Timeframe;
  readonly closeTime: number;
}

/** A coarser candle that has not come by then will not come: the market began in the middle of its bar. */
const WAITING_MOST = 8;

export function barOrder({ timeframes }: Pick<MatrixPlan, "timeframes">, calendar: Calendar): BarOrder {
  const finest = timeframes[0]!;
  const coarsest = timeframes.at(-1)!;
  const chain: AggregationChain | undefined =
    timeframes.length === 1 ? undefined : aggregationChain(calendar, finest, coarsest, () => undefined);
  const state: State = { newest: new Map(), coarse: [], waiting: [], reached: -Infinity, chain: undefined };
  const newestOf = (timeframe: Timeframe): number => state.newest.get(timeframe) ?? -Infinity;

  /** The coarser candles that must be there before this one of the finest can go. */
  function wantedBy(candle: Candle): Wanted[] {
    if (chain === undefined) return [];
    const closed = chain.update(candle).filter(({ timeframe }) => timeframes.includes(timeframe));
    return closed.map(({ timeframe, closeTime }) => ({ timeframe, closeTime }));
  }

  function release(all: boolean): Bar[] {
    const out: Bar[] = [];
    while (state.waiting.length > 0) {
      const { bar, wanted } = state.waiting[0]!;
      const complete = wanted.every(({ timeframe, closeTime }) => newestOf(timeframe) >= closeTime);
      if (!complete && !all && state.waiting.length <= WAITING_MOST) break;
      state.waiting.shift();
      const { closeTime } = bar.candle;
      state.reached = closeTime;
      const ready = state.coarse.filter(({ candle }) => candle.closeTime <= closeTime);
      if (ready.length > 0) state.coarse = state.coarse.filter(({ candle }) => candle.closeTime > closeTime);
      out.push(...ready.sort((a, b) => byClose(a.candle, b.candle)), bar);
    }
    return out;
  }

  return {
    take(bar) {
      const { timeframe, closeTime } = bar.candle;
      if (!timeframes.includes(timeframe) || closeTime <= Math.max(newestOf(timeframe), state.reached)) return [];
      state.newest.set(timeframe, closeTime);
      if (timeframe === finest) state.waiting.push({ bar, wanted: wantedBy(bar.candle) });
      else state.coarse.push(bar);
      return release(false);
    },
    finish: (timeframe) => (timeframe === coarsest ? release(true) : []),
    snapshot: () => ({ ...state, chain: chain?.snapshot() }),
    restore(saved) {
      const from = saved as State;
      state.newest.clear();
      for (const [timeframe, closeTime] of from.newest) state.newest.set(timeframe, closeTime);
      state.coarse = [...from.coarse];
      state.reached = from.reached;
      state.waiting.splice(0, Infinity, ...from.waiting);
      if (chain !== undefined) chain.restore(from.chain);
    },
  };
}
