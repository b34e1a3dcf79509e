import type { VariantPlan } from "@tradewind/core";
import { content, subjectOf } from "@tradewind/contracts";
import {
  checkpointStore,
  createInbox,
  keepCheckpoints,
  type Inbox,
  type Incoming,
  type RunningVariant,
  type ServiceContext,
} from "@tradewind/kit";
import { openLane, type Lane, type SavedLane } from "./lane.ts";
import type { OrchestratorMetrics } from "./metrics.ts";

export interface SessionOptions {
  readonly context: ServiceContext;
  readonly metrics: OrchestratorMetrics;
  readonly running: RunningVariant;
  readonly lost: AbortSignal;
}

/** A variant worked from its checkpoint on, until it is stopped or another instance decides before it. */
export interface Session {
  /** Resolves with the instrument when another instance has decided; from then on nothing is written. */
  readonly overtaken: Promise<string>;
  stop(): Promise<void>;
}

/** Grows with the form of what is kept. */
const FORM = 1;

interface State {
  readonly lanes: Readonly<Record<string, SavedLane>>;
}

export async function openSession({ context, metrics, running, lost }: SessionOptions): Promise<Session> {
  const { plan, configHash } = running.loaded;
  const store = checkpointStore(context, plan.id, `${FORM} ${configHash}`);
  const saved = await store.load();
  const state = saved?.state as State | undefined;
  const inbox = createInbox(context);
  const overtaken = Promise.withResolvers<string>();
  let over = false;
  const valid = (): boolean => !over && !lost.aborted;

  const lanes = await Promise.all(
    plan.instruments.map((instrument) =>
      openLane({
        context,
        metrics,
        running,
        instrument,
        saved: state?.lanes[instrument.id],
        valid,
        overtaken(id) {
          over = true;
          overtaken.resolve(id);
        },
        exclusive: (work) => void inbox.exclusive(work).catch(context.fail),
      }),
    ),
  );
  const checkpoints = keepCheckpoints({
    inbox,
    store,
    capture: (): State => ({ lanes: Object.fromEntries(lanes.map((lane) => [lane.instrument, lane.snapshot()])) }),
    flush: async () => void (await Promise.all(lanes.map((lane) => lane.idle()))),
    valid,
    fail: context.fail,
  });
  for (const lane of lanes) await openInputs(inbox, lane, { plan, positions: saved?.positions ?? {}, valid, taken: checkpoints.taken });

  return {
    overtaken: overtaken.promise,
    async stop() {
      for (const lane of lanes) lane.stop();
      await inbox.stop();
      await checkpoints.stop();
      over = true;
    },
  };
}

interface Inputs {
  readonly plan: VariantPlan;
  readonly positions: Readonly<Record<string, number>>;
  readonly valid: () => boolean;
  readonly taken: () => Promise<void> | undefined;
}

/** Everything the decisions on one instrument are made of. */
async function openInputs(inbox: Inbox, lane: Lane, { plan, positions, valid, taken }: Inputs): Promise<void> {
  const { id: variant, broker: venue, timeframe, members } = plan;
  const { instrument } = lane;

  async function open<K extends "candle" | "signal" | "prediction">(
    kind: K,
    filter: string,
    give: (message: Incoming<K>) => void,
    room?: () => Promise<void> | undefined,
  ): Promise<void> {
    const take = (message: Incoming<K>): Promise<void> | undefined => {
      if (!valid()) return undefined;
      give(message);
      return taken();
    };
    await inbox.open({ kind, filter, from: { after: positions[filter] ?? 0 }, take, ...(room && { room }) });
  }

  const candles = subjectOf("candle", { venue, instrument, timeframe });
  await open("candle", candles, (message) => lane.onMarket(message), lane.room);
  if (members.some(({ kind }) => kind === "strategy"))
    await open("signal", subjectOf("signal", { variant, instrument }), ({ data }) => lane.onWord(data, content(data).source));
  const models = members.filter(({ kind }) => kind === "model");
  for (const model of new Set(models.map(({ name }) => name))) {
    // A model speaks under its id, to every variant alike; here it has the members' names.
    const sources = models.filter(({ name }) => name === model).map(({ source }) => source);
    await open("prediction", subjectOf("prediction", { model, venue, instrument }), ({ data }) => {
      for (const source of sources) lane.onWord(data, source);
    });
  }
}
