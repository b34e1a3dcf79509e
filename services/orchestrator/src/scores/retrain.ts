import { askJob, isEnded, readJobs, type ServiceContext } from "@tradewind/kit";

type Wish = ServiceContext["config"]["training"]["retrain"][number];

/** When a model was first looked after, market ms: nothing is due from before. */
export interface RetrainingOptions {
  readonly context: ServiceContext;
  readonly model: string;
  readonly since: number;
  /** Market time at which its champion was found to have become worse. */
  readonly driftedAt: () => number | undefined;
}

/** Asks for the trainings of one model that the settings plan, each once, whoever asks. */
export interface Retraining {
  /** Asks for what is due. */
  look(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Nothing is due on the events clock: what a run is made of must follow from its log. */
export function createRetraining({ context, model, since, driftedAt }: RetrainingOptions): Retraining {
  const wishes = context.run.clock === "wall" ? wishesFor(context, model) : [];
  const asked = new Set<string>();
  const now = (): number => context.clock.now();

  /** What a wish has due now: why, and at which time, which names its job. */
  function dueOf({ every_hours, on_drift }: Wish): { readonly why: string; readonly at: number } | undefined {
    const drifted = on_drift ? driftedAt() : undefined;
    if (drifted !== undefined && drifted > since && !asked.has(idOf(model, "drift", drifted))) return { why: "drift", at: drifted };
    if (every_hours === undefined) return undefined;
    // On a grid of market time, so that every instance sees the same due times.
    const at = Math.floor(now() / (every_hours * HOUR_MS)) * every_hours * HOUR_MS;
    return at > since ? { why: "schedule", at } : undefined;
  }

  async function ask(wish: Wish): Promise<void> {
    const due = dueOf(wish);
    if (due === undefined) return;
    const id = idOf(model, due.why, due.at);
    if (asked.has(id)) return;
    const jobs = (await readJobs(context.bus)).filter(({ kind, parameters }) => kind === "train" && parameters["model"] === model);
    if (jobs.some((job) => job.id === id)) return void asked.add(id);
    // One training of a model at a time; what is due stays due until that has ended.
    if (!jobs.every(isEnded)) return;
    await askJob(context, { id, kind: "train", by: `orchestrator: ${due.why}`, parameters: parametersOf(wish, due.at) });
    asked.add(id);
    const line = `model ${model}: asked for a training (${due.why})`;
    context.log.info(line);
    context.state.note(line);
  }

  return {
    async look() {
      for (const wish of wishes) await ask(wish);
    },
  };
}

export function wishesFor({ config }: Pick<ServiceContext, "config">, model: string): readonly Wish[] {
  return config.training.retrain.filter((wish) => wish.model === model);
}

function idOf(model: string, why: string, at: number): string {
  return `${why}-${model}-${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, "")}`;
}

/** Candles end where the training is due, so that two who ask ask for the same. */
function parametersOf({ model, family, broker, symbol, timeframe, days, settings }: Wish, at: number): Record<string, unknown> {
  const from = new Date(at - days * DAY_MS).toISOString();
  return { model, family, broker, symbol, timeframe, from, to: new Date(at).toISOString(), settings, state: "shadow" };
}
