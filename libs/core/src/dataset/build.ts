import type { CandleColumns } from "../domain/candle.ts";
import { toNumber } from "../domain/fixed.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { CostPlan } from "../domain/plan.ts";
import { timeframeMs } from "../domain/timeframe.ts";
import { inputFailure } from "../errors.ts";
import { describeMatrix, matrixSize, matrixWarmup, type MatrixPlan } from "../features/plan.ts";
import { walkMatrices, type ReadyMatrix } from "../features/walk.ts";
import { aggregateColumns } from "../market/aggregate.ts";
import type { Calendar } from "../market/calendar.ts";
import { sideCost, type Dataset } from "./dataset.ts";
import { holesIn, type Hole } from "./holes.ts";
import type { LabelChoice, OutcomeOf } from "./label.ts";
import { findLabelRule } from "./labels/registry.ts";

/** What a data set is made of. */
export interface DatasetPlan {
  readonly instrument: Instrument;
  readonly matrix: MatrixPlan;
  readonly label: LabelChoice;
  readonly costs: CostPlan;
}

export interface DatasetOptions {
  readonly calendar: Calendar;
  /** Most bytes of matrices; without it there is no limit. */
  readonly maxBytes?: number;
  /** Hears, before anything is allocated, how many rows there can be at most and how many bytes they take. */
  readonly onSize?: (rows: number, bytes: number) => void;
  /** Hears of holes in the data and of how many rows were left out for them; not called where there are none. */
  readonly onHoles?: (holes: readonly Hole[], rows: number) => void;
  /** Candles walked, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Bytes of a row beside its matrix: six float64 columns and the label. */
const ROW_BYTES = 6 * 8 + 4;
const PROGRESS_EVERY = 16_384;

/**
 * The rows of one instrument's candles, of the matrix's finest timeframe or finer. A row is entered at the open of the
 * first bar at or after its close; rows whose label would look past the data are left out, and those that see or hold
 * over a hole in it (`holesIn`). Throws `DATA_SET_TOO_LARGE` with both numbers, `DATA_SET_EMPTY`, and what the matrix and
 * label refuse.
 */
export function buildDataset(plan: DatasetPlan, columns: CandleColumns, options: DatasetOptions): Dataset {
  const { instrument, matrix } = plan;
  const { calendar, onProgress } = options;
  const finest = matrix.timeframes[0]!;
  const rule = findLabelRule(plan.label.name);
  rule.complete(plan.label.parameters);
  describeMatrix(matrix);
  const finer = timeframeMs(columns.timeframe) < timeframeMs(finest);
  const bars = finer ? aggregateColumns(columns, calendar, finest) : columns;
  const most = Math.max(0, bars.length - matrixWarmup(matrix) + 1);
  const rowSize = matrixSize(matrix);
  checkSize(most, most * (rowSize * 4 + ROW_BYTES), options);
  const outcomeOf = rule.create(plan.label.parameters, { bars, costPerSide: sideCost(toNumber(instrument.takerFee), plan.costs) });
  const holes = holesIn(bars, calendar, matrix.window);
  const rows = collector(bars, holes, most, rowSize, outcomeOf);
  walkMatrices(matrix, columns, calendar, (ready, row) => {
    rows.add(ready);
    if (row % PROGRESS_EVERY === 0) onProgress?.(row, columns.length);
  });
  onProgress?.(columns.length, columns.length);
  const taken = rows.take();
  if (holes.length > 0) options.onHoles?.(holes, rows.leftOut());
  if (taken.rows === 0)
    throw inputFailure(
      "DATA_SET_EMPTY",
      `${columns.length} candles of ${columns.timeframe} make no row: the matrix needs ${matrixWarmup(matrix)} bars of each of ` +
        `${matrix.timeframes.join(", ")} and the label ${rule.name} some after them; give more candles`,
    );
  return { instrument: instrument.id, matrix, rowSize, canShort: instrument.kind !== "spot", ...taken };
}

function checkSize(rows: number, bytes: number, { maxBytes, onSize }: DatasetOptions): void {
  if (maxBytes !== undefined && bytes > maxBytes)
    throw inputFailure(
      "DATA_SET_TOO_LARGE",
      `the data set takes ${mib(bytes)} MiB for ${rows} rows and the limit is ${mib(maxBytes)} MiB; take a shorter range or fewer features, or raise the limit`,
    );
  onSize?.(rows, bytes);
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

/** Room for `most` rows, filled in the order of their closes. */
function collector(bars: CandleColumns, holes: readonly Hole[], most: number, rowSize: number, outcomeOf: OutcomeOf) {
  const column = (): Float64Array => new Float64Array(most);
  const x = new Float32Array(most * rowSize);
  const label = new Int32Array(most);
  const times = { featureStart: column(), closeTime: column(), labelEnd: column() };
  const returns = { forwardReturn: column(), longReturn: column(), shortReturn: column() };
  let rows = 0;
  let entry = 0;
  let leftOut = 0;

  return {
    add({ matrix, candle, from }: ReadyMatrix): void {
      while (entry < bars.length && bars.openTime[entry]! < candle.closeTime) entry++;
      const outcome = outcomeOf(entry);
      if (outcome === undefined) return;
      const end = bars.closeTime[outcome.lastRow]!;
      if (holes.some((hole) => from < hole.to && end > hole.from)) return void leftOut++;
      x.set(matrix, rows * rowSize);
      times.featureStart[rows] = from;
      times.closeTime[rows] = candle.closeTime;
      times.labelEnd[rows] = end;
      label[rows] = outcome.label;
      for (const name of ["forwardReturn", "longReturn", "shortReturn"] as const) returns[name][rows] = outcome[name];
      rows++;
    },
    leftOut: () => leftOut,
    take: () => ({
      rows,
      x: x.subarray(0, rows * rowSize),
      label: label.subarray(0, rows),
      featureStart: times.featureStart.subarray(0, rows),
      closeTime: times.closeTime.subarray(0, rows),
      labelEnd: times.labelEnd.subarray(0, rows),
      forwardReturn: returns.forwardReturn.subarray(0, rows),
      longReturn: returns.longReturn.subarray(0, rows),
      shortReturn: returns.shortReturn.subarray(0, rows),
    }),
  };
}

/** The data set's plan as canonical text, beside the candles what its hash is taken over. */
export function describeDataset({ instrument, matrix, label, costs }: DatasetPlan): string {
  const { name, parameters } = label;
  return JSON.stringify({
    matrix: describeMatrix(matrix),
    label: { name, parameters: findLabelRule(name).complete(parameters) },
    instrument: { id: instrument.id, kind: instrument.kind, calendar: instrument.calendar, takerFee: toNumber(instrument.takerFee) },
    costs: { spreadBps: costs.spreadBps, slippageBps: costs.slippageBps },
  });
}
