import type { ServedModel } from "@tradewind/contracts";
import { decodeMessage, subjectOf } from "@tradewind/contracts";
import {
  calendarNamed,
  Failure,
  FeatureMatrix,
  inputFailure,
  isTimeframe,
  matrixSize,
  type Calendar,
  type MatrixPlan,
  type Timeframe,
} from "@tradewind/core";
import { modelUnknown, readModel, type DesiredVariants, type ServiceContext } from "@tradewind/kit";
import { verdictOf, type Verdict } from "@tradewind/onnx";
import { barOrder } from "./bar-order.ts";
import { modelOf, type RegisteredModels } from "./models.ts";
import type { PredictOf } from "./serving-verbs.ts";
import type { Answer, Voice } from "./voice.ts";
import { within } from "./word.ts";

/** What a model says of the matrices it was given. */
export interface Predicted {
  readonly model: string;
  /** Hash of the file that answered. */
  readonly version: string;
  readonly featureSchema: string;
  /** Of the latest close; only where candles were asked about. */
  readonly closeTime?: number;
  readonly rows: readonly Verdict[];
}

export interface PredictorOptions {
  readonly context: ServiceContext;
  readonly models: RegisteredModels;
  readonly variants: DesiredVariants;
  /** The voice of a model that is served here. */
  readonly voiceOf: (speaksAs: string) => Voice | undefined;
  /** Opens one for a model that no variant wants. */
  readonly borrow: <T>(served: ServedModel, work: (voice: Voice) => Promise<T>) => Promise<T>;
}

/** Wall ms for an answer, loading included: who asks waits about 10 s. */
const PATIENCE_MS = 9_000;
/** Whoever knows better why it is late speaks first. */
const SLACK_MS = 100;
const HEARD_MS = 500;

/**
 * Answers predict commands, in the same queue as the closes: of the instance that serves the model; of one that nobody
 * serves, the first instance by name. Undefined leaves it to another one.
 */
export function createPredictor(options: PredictorOptions): (speaksAs: string, of: PredictOf) => Promise<Predicted | undefined> {
  const { context, models, voiceOf, borrow } = options;
  return async (speaksAs, of) => {
    const deadlineAt = performance.now() + PATIENCE_MS;
    const served = models.get(speaksAs) ?? (await newlySeen(context, models, speaksAs));
    const voice = voiceOf(speaksAs);
    if (voice === undefined && !(await isOurs(context, speaksAs))) return undefined;
    const { matrices, rows, closeTime } = "matrices" in of ? checked(of, served) : await latest(options, served, of);
    const ask = (one: Voice): Promise<Answer> => one.ask(matrices, rows, deadlineAt);
    const asked = voice === undefined ? borrow(served, ask) : ask(voice);
    const answer = await within(deadlineAt + SLACK_MS - performance.now(), context.signal, asked);
    if (answer === undefined)
      throw new Failure("retry", "DEADLINE", `no answer of model ${speaksAs} within ${PATIENCE_MS / 1_000} s: its run takes longer`);
    const { probabilities, by } = answer;
    return {
      model: speaksAs,
      version: by.sha256,
      featureSchema: by.featureSchema,
      ...(closeTime !== undefined && { closeTime }),
      rows: Array.from({ length: rows }, (_, row) => verdictOf(probabilities, row, by.labels)),
    };
  };
}

/** One that has just been registered may not have been heard of here. Throws `MODEL_UNKNOWN`. */
async function newlySeen({ bus }: ServiceContext, models: RegisteredModels, speaksAs: string): Promise<ServedModel> {
  const known = (await readModel(bus, speaksAs)) ?? (await readModel(bus, modelOf(speaksAs)));
  if (known === undefined) throw modelUnknown(speaksAs);
  for (const until = Date.now() + HEARD_MS; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, HEARD_MS / 20))) {
    const served = models.get(speaksAs);
    if (served !== undefined) return served;
  }
  throw inputFailure("MODEL_UNKNOWN", `model "${speaksAs}" has no version that speaks; make one its champion`);
}

interface Asked {
  readonly matrices: Float32Array;
  readonly rows: number;
  readonly closeTime?: number;
}

function checked({ matrices, rows }: Extract<PredictOf, { readonly rows: number }>, { matrix }: ServedModel): Asked {
  const size = matrixSize(matrix);
  if (matrices.length !== rows * size)
    throw inputFailure(
      "BAD_MATRIX",
      `${matrices.length} numbers are no ${rows} matrices of ${size}: ${matrix.timeframes.length} x ${matrix.window} x ${matrix.features.length}`,
    );
  return { matrices, rows };
}

/** Nobody holds its lease, and no running instance comes before this one. */
async function isOurs({ bus, service, instance }: ServiceContext, speaksAs: string): Promise<boolean> {
  if ((await bus.kv("leases").get(`${service}.${speaksAs}`)) !== undefined) return false;
  const keys = (await bus.kv("states").entries()).map(({ key }) => key).filter((key) => key.startsWith(`${service}.`));
  return keys.every((key) => key >= `${service}.${instance}`);
}

/** The matrix of the latest close in the log; with a timeframe, that of candles of it instead of the model's own. */
async function latest(
  { context, variants }: PredictorOptions,
  { matrix }: ServedModel,
  of: Exclude<PredictOf, { readonly rows: number }>,
): Promise<Asked> {
  const plan = planFor(matrix, of.timeframe);
  const { venue, instrument } = of;
  const calendar = calendarOf(variants, instrument);
  const order = barOrder(plan, calendar);
  const features = new FeatureMatrix(plan, { calendar });
  let found: { readonly matrix: Float32Array; readonly closeTime: number } | undefined;
  const timeframe = plan.timeframes.length === 1 ? plan.timeframes[0]! : "*";
  for await (const { data } of context.bus.read(subjectOf("candle", { venue, instrument, timeframe }), { after: 0 })) {
    const decoded = decodeMessage("candle", data);
    if (!decoded.ok || decoded.envelope.data.type !== "candle") continue;
    for (const { candle } of order.take({ candle: decoded.envelope.data.candle, cause: "" })) {
      features.update(candle);
      if (candle.timeframe !== plan.timeframes[0]) continue;
      const ready = features.matrix();
      if (ready !== undefined) found = { matrix: ready, closeTime: candle.closeTime };
    }
  }
  if (found === undefined)
    throw inputFailure(
      "NO_FEATURES",
      `the log has too few candles of ${venue} ${instrument} ${plan.timeframes.join(", ")} for a feature matrix`,
    );
  return { matrices: found.matrix, rows: 1, closeTime: found.closeTime };
}

function planFor(plan: MatrixPlan, timeframe: string | undefined): MatrixPlan {
  if (timeframe === undefined || timeframe === plan.timeframes[0]) return plan;
  if (plan.timeframes.length > 1)
    throw inputFailure("BAD_TIMEFRAME", `the model takes ${plan.timeframes.join(", ")} together; leave the timeframe out`);
  if (!isTimeframe(timeframe)) throw inputFailure("BAD_TIMEFRAME", `"${timeframe}" is no timeframe`);
  return { ...plan, timeframes: [timeframe satisfies Timeframe] };
}

function calendarOf(variants: DesiredVariants, id: string): Calendar {
  const known = variants.all().flatMap(({ loaded }) => loaded.plan.instruments);
  const found = known.find((instrument) => instrument.id === id);
  if (found === undefined) {
    const ids = [...new Set(known.map((instrument) => instrument.id))];
    throw inputFailure("INSTRUMENT_UNKNOWN", `no running variant trades "${id}"; they trade ${ids.join(", ") || "nothing"}`);
  }
  return calendarNamed(found.calendar);
}
