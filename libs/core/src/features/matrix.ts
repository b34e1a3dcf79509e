import type { CandleColumns } from "../domain/candle.ts";
import { timeframeNames, type Timeframe } from "../domain/timeframe.ts";
import { Failure } from "../errors.ts";
import { captureState, restoreState, type Stateful } from "../indicators/state.ts";
import type { Bar, Feature, FeatureContext } from "./feature.ts";
import { describeMatrix, matrixSize, type MatrixPlan } from "./plan.ts";
import { findFeature } from "./registry.ts";

/** The last `window` rows of one timeframe. Rows are written twice, `window` apart, so that they never wrap. */
class Rows implements Stateful {
  private readonly features: readonly Feature[];
  private readonly window: number;
  private readonly values: Float32Array;
  private start = 0;
  private count = 0;
  /** Close time of the newest bar. */
  closeTime = -Infinity;

  constructor(plan: MatrixPlan, context: FeatureContext) {
    this.features = plan.features.map(({ name, parameters }) => findFeature(name).create(parameters, context));
    this.window = plan.window;
    this.values = new Float32Array(2 * plan.window * plan.features.length);
  }

  get full(): boolean {
    return this.count === this.window;
  }

  push(bar: Bar): void {
    const width = this.features.length;
    const row = this.start * width;
    const mirror = row + this.window * width;
    let complete = true;
    for (let i = 0; i < width; i++) {
      const value = Math.fround(this.features[i]!.update(bar));
      if (!Number.isFinite(value)) complete = false;
      this.values[row + i] = value;
      this.values[mirror + i] = value;
    }
    this.closeTime = bar.closeTime;
    this.start = this.start + 1 === this.window ? 0 : this.start + 1;
    // A model must never see a row that is not all numbers: the window fills anew after one.
    this.count = complete ? Math.min(this.count + 1, this.window) : 0;
  }

  copyTo(target: Float32Array, offset: number): void {
    const length = this.window * this.features.length;
    const from = this.start * this.features.length;
    for (let i = 0; i < length; i++) target[offset + i] = this.values[from + i]!;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state, "window");
  }
}

/**
 * The feature matrix of one instrument: row-major [timeframe][window][feature], oldest row first, as float32.
 * It takes the candles of each of its timeframes as they close; on one close time the coarser ones come first.
 * So at time t it holds nothing but candles closed at or before t.
 */
export class FeatureMatrix implements Stateful {
  /** What the matrix holds, as `describeMatrix` says it. */
  readonly schema: string;
  private readonly timeframes: readonly Timeframe[];
  private readonly rows: readonly Rows[];
  private readonly size: number;

  /** Throws `BAD_MATRIX`, `UNKNOWN_FEATURE`, `UNKNOWN_PARAMETER`, `BAD_PARAMETER`. */
  constructor(plan: MatrixPlan, context: FeatureContext) {
    this.schema = describeMatrix(plan);
    this.timeframes = plan.timeframes;
    this.rows = plan.timeframes.map(() => new Rows(plan, context));
    this.size = matrixSize(plan);
  }

  /**
   * Takes one closed candle of one of the timeframes. Throws `OUT_OF_ORDER` when it is not newer than the last of its
   * own timeframe and of the finest one: its row is missing from a matrix that was already made.
   */
  update(candle: Bar & { readonly timeframe: Timeframe }): void {
    const rows = this.rows[this.timeframes.indexOf(candle.timeframe)];
    if (!rows)
      throw new Failure(
        "bug",
        "BAD_TIMEFRAME",
        `the feature matrix takes ${this.timeframes.join(", ")}, not ${candle.timeframe}; filter its candles`,
      );
    const newest = Math.max(rows.closeTime, this.rows[0]!.closeTime);
    if (candle.closeTime <= newest)
      throw new Failure("bug", "OUT_OF_ORDER", `${candle.timeframe} candle of ${candle.closeTime} came after ${newest}; sort with byClose`);
    rows.push(candle);
  }

  /** Close time of the newest candle of the finest timeframe. */
  get closeTime(): number {
    return this.rows[0]!.closeTime;
  }

  /**
   * The matrix as of `closeTime`, in `into` or a new array; undefined until every timeframe has its window of rows, and
   * while a coarser candle is newer than the finest one.
   */
  matrix(into?: Float32Array): Float32Array | undefined {
    for (const rows of this.rows) if (!rows.full || rows.closeTime > this.closeTime) return undefined;
    const target = into ?? new Float32Array(this.size);
    const block = this.size / this.rows.length;
    for (let i = 0; i < this.rows.length; i++) this.rows[i]!.copyTo(target, i * block);
    return target;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state, "schema");
  }
}

/** The order in which a matrix takes candles: by close time, on one close time the coarser first. */
export function byClose(a: { closeTime: number; timeframe: Timeframe }, b: { closeTime: number; timeframe: Timeframe }): number {
  return a.closeTime - b.closeTime || timeframeNames.indexOf(b.timeframe) - timeframeNames.indexOf(a.timeframe);
}

/** One reused bar that stands on a row of columns. */
class Cursor implements Bar {
  private readonly columns: CandleColumns;
  readonly timeframe: Timeframe;
  row = 0;
  openTime = 0;
  closeTime = 0;
  open = 0;
  high = 0;
  low = 0;
  close = 0;
  volume = 0;

  constructor(columns: CandleColumns) {
    this.columns = columns;
    this.timeframe = columns.timeframe;
  }

  /** Reads the next row when there is one that closed by `time`. */
  next(time: number): boolean {
    const { columns, row } = this;
    if (row >= columns.length || columns.closeTime[row]! > time) return false;
    this.openTime = columns.openTime[row]!;
    this.closeTime = columns.closeTime[row]!;
    this.open = columns.open[row]!;
    this.high = columns.high[row]!;
    this.low = columns.low[row]!;
    this.close = columns.close[row]!;
    this.volume = columns.volume[row]!;
    this.row++;
    return true;
  }
}

/**
 * The matrices of whole columns, one set per timeframe in the plan's order, through the same `FeatureMatrix` as live,
 * so the same bytes. `visit` gets each ready matrix, in one buffer that the next call overwrites, and the row of the
 * finest columns it belongs to.
 */
export function eachMatrix(
  plan: MatrixPlan,
  columns: readonly CandleColumns[],
  context: FeatureContext,
  visit: (matrix: Float32Array, row: number) => void,
): void {
  const matrix = new FeatureMatrix(plan, context);
  const buffer = new Float32Array(matrixSize(plan));
  const [finest, ...coarser] = columns.map((set) => new Cursor(set));
  while (finest?.next(Infinity)) {
    for (const cursor of coarser) while (cursor.next(finest.closeTime)) matrix.update(cursor);
    matrix.update(finest);
    if (matrix.matrix(buffer)) visit(buffer, finest.row - 1);
  }
}
