import { sha256 } from "@tradewind/config";
import type { ModelRecord } from "@tradewind/contracts";
import { calendarNamed, describeMatrix, type Calendar, type Instrument, type MatrixPlan, type Timeframe } from "@tradewind/core";
import type { RunningVariant } from "@tradewind/kit";

/** An instrument that enabled variants trade, and what they want of it. */
export interface WantedInstrument {
  readonly venue: string;
  readonly instrument: Instrument;
  readonly calendar: Calendar;
  /** Who wants candles of which timeframe. */
  readonly wishes: readonly { readonly who: string; readonly timeframe: Timeframe }[];
  /** Feature matrices by the hash of their schema. */
  readonly matrices: ReadonlyMap<string, MatrixPlan>;
}

/** What is wanted, by partition `{broker}.{instrument}`. Of variants that define an instrument differently the first counts. */
export function wantedInstruments(
  variants: readonly RunningVariant[],
  models: ReadonlyMap<string, ModelRecord>,
): ReadonlyMap<string, WantedInstrument> {
  const wanted = new Map<string, WantedInstrument>();
  for (const { loaded } of variants) {
    const { plan } = loaded;
    const records = plan.members.flatMap(({ kind, name }) => (kind === "model" ? (models.get(name) ?? []) : []));
    for (const instrument of plan.instruments) {
      const partition = `${plan.broker}.${instrument.id}`;
      const before = wanted.get(partition);
      const matrices = new Map(before?.matrices);
      for (const { matrix } of records) matrices.set(sha256(describeMatrix(matrix)), matrix);
      wanted.set(partition, {
        venue: plan.broker,
        instrument: before?.instrument ?? instrument,
        calendar: before?.calendar ?? calendarNamed(instrument.calendar),
        wishes: [
          ...(before?.wishes ?? []),
          { who: `variant ${plan.id}`, timeframe: plan.finestTimeframe },
          ...records.map(({ id, matrix }) => ({ who: `model ${id}`, timeframe: matrix.timeframes[0]! })),
        ],
        matrices,
      });
    }
  }
  return wanted;
}

/** Changes when the partition must be started anew. */
export function versionOf({ instrument, wishes, matrices }: WantedInstrument): string {
  const { base, quote, tick, calendar, assetClass } = instrument;
  const finest = [...new Set(wishes.map(({ timeframe }) => timeframe))].sort();
  return [base, quote, String(tick), calendar, assetClass, ...finest, ...[...matrices.keys()].sort()].join(" ");
}
