import { candleAt, type Candle, type CandleColumns } from "../domain/candle.ts";
import { timeframeMs, type Timeframe } from "../domain/timeframe.ts";
import { inputFailure } from "../errors.ts";
import type { Stateful } from "../indicators/state.ts";
import { aggregationChain } from "../market/aggregate-chain.ts";
import type { Calendar } from "../market/calendar.ts";
import { byClose, FeatureMatrix } from "./matrix.ts";
import type { MatrixPlan } from "./plan.ts";

/** A matrix as a model is given it. */
export interface ReadyMatrix {
  /** Row-major [timeframe][window][feature], its own array. */
  readonly matrix: Float32Array;
  /** The candle of the plan's finest timeframe that closed: the matrix is as of its close. */
  readonly candle: Candle;
  /** Open time of the oldest bar in the matrix, of whichever timeframe. */
  readonly from: number;
}

/** The matrices of one instrument made of candles of one timeframe alone, in the order in which the services make them. */
export interface MatrixWalk extends Stateful {
  /** Takes the next candle; gives the matrices of the plan's finest timeframe that it makes ready: none, one, or two. */
  update(candle: Candle): readonly ReadyMatrix[];
}

const none: readonly ReadyMatrix[] = [];

/** A walk over candles of `timeframe`. Throws `DATA_TOO_COARSE` when they are coarser than the plan's finest timeframe, and what `FeatureMatrix` throws. */
export function matrixWalk(plan: MatrixPlan, timeframe: Timeframe, calendar: Calendar): MatrixWalk {
  const features = new FeatureMatrix(plan, { calendar });
  const [finest, coarsest] = [plan.timeframes[0]!, plan.timeframes.at(-1)!];
  if (timeframeMs(timeframe) > timeframeMs(finest))
    throw inputFailure(
      "DATA_TOO_COARSE",
      `the feature matrix takes ${finest} candles and the data is ${timeframe}; give finer data, or name coarser timeframes`,
    );
  const chain = timeframe === coarsest ? undefined : aggregationChain(calendar, timeframe, coarsest, () => undefined);
  /** Open times of the newest bars of each timeframe, as many as the window has. */
  let opens: number[][] = plan.timeframes.map(() => []);

  function take(candle: Candle): ReadyMatrix | undefined {
    const place = plan.timeframes.indexOf(candle.timeframe);
    if (place === -1) return undefined;
    features.update(candle);
    const own = opens[place]!;
    own.push(candle.openTime);
    if (own.length > plan.window) own.shift();
    const matrix = place === 0 ? features.matrix() : undefined;
    return matrix && { matrix, candle, from: Math.min(...opens.map((times) => times[0]!)) };
  }

  return {
    update(candle) {
      if (chain === undefined) {
        const ready = take(candle);
        return ready ? [ready] : none;
      }
      return [candle, ...chain.update(candle)].sort(byClose).flatMap((one) => take(one) ?? []);
    },
    snapshot: () => ({ features: features.snapshot(), chain: chain?.snapshot(), opens: opens.map((times) => [...times]) }),
    restore(saved) {
      const state = saved as { features: unknown; chain: unknown; opens: number[][] };
      features.restore(state.features);
      chain?.restore(state.chain);
      opens = state.opens.map((times) => [...times]);
    },
  };
}

/** The same over whole columns: `visit` gets each ready matrix and the row of the candle that made it ready. */
export function walkMatrices(
  plan: MatrixPlan,
  columns: CandleColumns,
  calendar: Calendar,
  visit: (ready: ReadyMatrix, row: number) => void,
): void {
  const walk = matrixWalk(plan, columns.timeframe, calendar);
  for (let row = 0; row < columns.length; row++) for (const ready of walk.update(candleAt(columns, row))) visit(ready, row);
}
