import { inputFailure, isoTime, type CandleColumns, type Instrument, type Timeframe } from "@tradewind/core";
import { defaults } from "@tradewind/config";
import { loadCsv, loadStored } from "@tradewind/store";
import { simulatedCandles, type SimulatedStretch } from "./simulated.ts";

/** Where the candles of a training are. Paths are absolute. */
export type CandleSource =
  | { readonly kind: "csv"; readonly file: string; readonly cacheDir?: string }
  /** Open times in [from, to), ms; a side left out is open. */
  | { readonly kind: "store"; readonly dir: string; readonly from?: number; readonly to?: number }
  /** No recording at all: a stretch of the simulated market. */
  | ({ readonly kind: "simulated" } & SimulatedStretch);

export interface SourceCandles {
  readonly columns: CandleColumns;
  /** What is odd about them, one line each. */
  readonly warnings: readonly string[];
  /** What whoever uses a model made of them must know. */
  readonly cautions: readonly { readonly code: string; readonly detail: string }[];
}

/**
 * The candles of one instrument. `timeframe` is that of the store and of the simulated market (a variant's default when
 * left out), and of a CSV file that does not say its own. Throws what `loadCsv` and `loadStored` throw, and `BAD_RANGE`.
 */
export async function openCandles(
  source: CandleSource,
  instrument: Instrument,
  timeframe: Timeframe | undefined,
  onProgress?: (done: number, total: number) => void,
): Promise<SourceCandles> {
  const stored = timeframe ?? defaults.timeframe;
  switch (source.kind) {
    case "csv": {
      const { file, cacheDir } = source;
      const options = { ...(timeframe && { timeframe }), ...(cacheDir !== undefined && { cacheDir }), ...(onProgress && { onProgress }) };
      const { columns, warnings } = loadCsv({ file, instrument, ...options });
      return { columns: columns[0]!, warnings, cautions: [] };
    }
    case "store": {
      const { dir, from, to } = source;
      if (from !== undefined && to !== undefined && from >= to) throw inputFailure("BAD_RANGE", "--from is not before --to");
      const series = { broker: instrument.venue, instruments: [instrument], finestTimeframe: stored };
      const { columns, warnings } = await loadStored(series, dir, { ...(from !== undefined && { from }), ...(to !== undefined && { to }) });
      return { columns: columns[0]!, warnings, cautions: [] };
    }
    case "simulated": {
      const columns = await simulatedCandles(source, instrument, stored, onProgress);
      const range = `${isoTime(columns.openTime[0]!)} to ${isoTime(columns.closeTime[columns.length - 1]!)}`;
      const detail = `the ${columns.length} candles of ${instrument.symbol} from ${range} are simulated (seed ${source.seed}): no market ever traded them, so nothing here says how the model does in one`;
      return { columns, warnings: [], cautions: [{ code: "SIMULATED_DATA", detail }] };
    }
  }
}
