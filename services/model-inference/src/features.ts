import type { FeatureCache as StoredFeatures } from "@tradewind/store";
import { FeatureMatrix, matrixSize, matrixWarmup, type Calendar, type Candle, type MatrixPlan } from "@tradewind/core";

/** What keeps feature matrices for a while; a guard of the schema keeps out one made another way. */
export type FeatureCache = Pick<StoredFeatures, "get">;

export interface FeatureSourceOptions {
  readonly matrix: MatrixPlan;
  readonly calendar: Calendar;
  /** The matrix as market-data left it for this close; undefined when there is none, or none to be had in time. */
  readonly cached: ((candle: Candle) => Promise<Float32Array | undefined>) | undefined;
  /** Feeds every kept candle of this instrument up to and with this one to `feed`, in order. */
  readonly replay: (until: Candle, feed: (candle: Candle) => void) => Promise<void>;
}

/**
 * The feature matrices of one instrument. They are taken from the cache as long as it has them; at the first miss a
 * matrix of our own is built from the log and kept up from then on. Both are the same function of the same candles, so
 * which one it is shows in the metrics and nowhere else.
 */
export interface FeatureSource {
  /** Takes a candle of any of the plan's timeframes, in `byClose` order. */
  feed(candle: Candle): void;
  /** The matrix as of this candle of the first timeframe, which was fed last; undefined while it is not ready. */
  at(candle: Candle): Promise<{ readonly matrix: Float32Array | undefined; readonly from: "cache" | "own" }>;
  snapshot(): unknown;
  restore(state: unknown): void;
}

interface Saved {
  readonly taken: number[];
  readonly own: unknown;
}

export function featureSource({ matrix, calendar, cached, replay }: FeatureSourceOptions): FeatureSource {
  const warmup = matrixWarmup(matrix);
  const create = (): FeatureMatrix => new FeatureMatrix(matrix, { calendar });
  /** Candles taken, by timeframe: with fewer than the warm-up nobody can have a matrix. */
  let taken = matrix.timeframes.map(() => 0);
  let own = cached === undefined ? create() : undefined;

  return {
    feed(candle) {
      taken[matrix.timeframes.indexOf(candle.timeframe)]! += 1;
      own?.update(candle);
    },
    async at(candle) {
      if (own === undefined) {
        if (taken.some((count) => count < warmup)) return { matrix: undefined, from: "own" };
        const found = await cached?.(candle);
        if (found?.length === matrixSize(matrix)) return { matrix: found, from: "cache" };
        const built = create();
        await replay(candle, (one) => built.update(one));
        own = built;
      }
      return { matrix: own.matrix(), from: "own" };
    },
    snapshot: (): Saved => ({ taken: [...taken], own: own?.snapshot() }),
    restore(saved) {
      const state = saved as Saved;
      taken = [...state.taken];
      if (state.own === undefined && cached !== undefined) return void (own = undefined);
      own = create();
      own.restore(state.own);
    },
  };
}
