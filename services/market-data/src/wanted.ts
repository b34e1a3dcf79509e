import { sha256 } from "@tradewind/config";
import { championOf, shadowsOf, type ModelRecord, type ServedModel } from "@tradewind/contracts";
import {
  calendarNamed,
  describeMatrix,
  formatFixed,
  type Calendar,
  type Instrument,
  type MatrixPlan,
  type Timeframe,
} from "@tradewind/core";
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
  /** Variants that define it differently from the first, and how, one line each. */
  readonly conflicts: readonly string[];
}

/** What is wanted, by partition `{broker}.{instrument}`. Of variants that define an instrument differently the first counts. */
export function wantedInstruments(
  variants: readonly RunningVariant[],
  models: ReadonlyMap<string, ModelRecord>,
): ReadonlyMap<string, WantedInstrument> {
  const wanted = new Map<string, WantedInstrument>();
  for (const { loaded } of variants) {
    const { plan } = loaded;
    const records = plan.members.flatMap(({ kind, name }) => (kind === "model" ? speaking(models.get(name)) : []));
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
        conflicts: [...(before?.conflicts ?? []), ...(before === undefined ? [] : conflictOf(plan.id, before.instrument, instrument))],
      });
    }
  }
  return wanted;
}

/** The versions of a model that are served. */
function speaking(model: ModelRecord | undefined): readonly ServedModel[] {
  return model === undefined ? [] : [championOf(model) ?? [], shadowsOf(model)].flat();
}

/** There is one stream of candles: a variant with sessions or ticks of its own would decide on bars that never come. */
function conflictOf(variant: string, first: Instrument, own: Instrument): string[] {
  return (["calendar", "tick"] as const).flatMap((field) => {
    const [there, wanted] = [first, own].map((one) => (field === "tick" ? formatFixed(one.tick) : one.calendar));
    return there === wanted
      ? []
      : [`variant ${variant} sets ${field} ${wanted} for ${own.id}, and its candles are of ${field} ${there}, as another variant says`];
  });
}

/** Changes when the partition must be started anew. */
export function versionOf({ instrument, wishes, matrices, conflicts }: WantedInstrument): string {
  const { base, quote, tick, calendar, assetClass } = instrument;
  const finest = [...new Set(wishes.map(({ timeframe }) => timeframe))].sort();
  return [base, quote, String(tick), calendar, assetClass, ...finest, ...[...matrices.keys()].sort(), ...conflicts].join(" ");
}
