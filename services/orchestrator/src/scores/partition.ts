import { createScoreboard, windowFor, type Judgement, type PromotionRules, type Scoreboard } from "@tradewind/core";
import { championOf, type ModelRecord } from "@tradewind/contracts";
import {
  checkpointStore,
  createInbox,
  createTrouble,
  keepCheckpoints,
  lineOf,
  type Checkpoint,
  type ServiceContext,
  type Work,
} from "@tradewind/kit";
import { openInputs } from "./inputs.ts";
import type { ScoreMetrics } from "./metrics.ts";
import { createRetraining } from "./retrain.ts";
import { actOf, carryOut, formerOf } from "./rule.ts";
import { labelOf, voicesOf, type ScoredLane } from "./scored.ts";
import { scoresOf } from "./view.ts";

export interface ScoresOptions {
  readonly context: ServiceContext;
  readonly metrics: ScoreMetrics;
  readonly model: ModelRecord;
  readonly lanes: readonly ScoredLane[];
  readonly lost: AbortSignal;
}

/** Grows with the form of what is kept. */
const FORM = 1;
const EVERY_MS = 1_000;
/** Closes between two judgements at the most: less than what the window holds beyond the largest look. */
const JUDGE_CLOSES = 50;

interface State {
  readonly board: unknown;
  /** Market time from which trainings are due. */
  readonly since: number;
}

/**
 * Scores one model: its champion's and its shadows' words against the closes after them. A function of the log, written
 * to bucket `scores`. On the wall clock it acts on the rule of promotion and asks for trainings; on the events clock the
 * versions of a run stay those at its start, so that its ledger follows from its log.
 */
export async function startScores(options: ScoresOptions): Promise<Work> {
  const { context, metrics, model, lanes, lost } = options;
  const rules = rulesOf(context);
  const store = checkpointStore(context, `model.${model.id}`, `${FORM} ${windowFor(rules)}`);
  const saved = await store.load();
  const board = boardOf(options, rules, saved);
  const since = (saved?.state as State | undefined)?.since ?? context.clock.now();
  const inbox = createInbox(context);
  const trouble = createTrouble(context);
  const retraining = createRetraining({ context, model: model.id, since, driftedAt: () => board.driftedAt });
  let judged: Judgement | undefined;
  let closes = 0;
  let published = "";
  let stopped = false;
  const valid = (): boolean => !lost.aborted;

  const checkpoints = keepCheckpoints({
    inbox,
    store,
    capture: (): State => ({ board: board.snapshot(), since }),
    flush: async () => undefined,
    valid,
    fail: context.fail,
  });
  const judge = (): void => {
    judged = judgementOf(board, model, rules);
  };
  await openInputs(inbox, {
    board,
    model,
    lanes,
    voices: voicesOf(model),
    positions: saved?.positions ?? {},
    valid,
    closed: () => ++closes % JUDGE_CLOSES === 0 && judge(),
    taken: checkpoints.taken,
  });

  /** Publishes where it stands, then does what is to be done. */
  async function tick(): Promise<void> {
    const scores = await inbox.exclusive(() => {
      judge();
      return scoresOf(model, lanes, board, judged);
    });
    if (!valid() || stopped) return;
    const { at, ...told } = scores;
    const text = JSON.stringify(told);
    if (text !== published) {
      metrics.show(scores);
      await context.bus.kv("scores").put(model.id, JSON.stringify({ ...told, at }));
      published = text;
    }
    if (context.run.clock !== "wall") return;
    await retraining.look();
    if (context.config.promotion.enabled) await promote();
  }

  async function promote(): Promise<void> {
    const act = judged && actOf(judged, formerOf(model), rules);
    if (act === undefined || !valid() || !(await carryOut(context, model, act))) return;
    metrics.changed(model.id, act.action);
    const line = `model ${model.id}: ${said[act.action]} ${act.sha256.slice(0, 8)}: ${act.reason}`;
    context.log.info(line);
    context.state.note(line);
  }

  let ticking: Promise<void> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    ticking = tick()
      .then(() => trouble.over(""))
      .catch((error: unknown) => {
        // While the bus is away, that is told already.
        if (context.bus.connected && !stopped) trouble.tell("", `model ${model.id}: its scores cannot be told: ${lineOf(error)}`);
      })
      .finally(() => (busy = false));
  }, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      stopped = true;
      await ticking;
      await inbox.stop();
      await checkpoints.stop();
      metrics.forget(model.id);
    },
  };
}

const said = { promote: "promoted", roll_back: "rolled back to", retire: "retired" } as const;

export function rulesOf({ config }: ServiceContext): PromotionRules {
  const { least_closes, margin, probation_closes } = config.promotion;
  return { leastCloses: least_closes, margin, probationCloses: probation_closes };
}

function boardOf({ model, lanes }: ScoresOptions, rules: PromotionRules, saved: Checkpoint | undefined): Scoreboard {
  const names = lanes.map(({ name }) => name);
  const board = createScoreboard(names, windowFor(rules), (sha256) => labelOf(model, sha256));
  if (saved !== undefined) board.restore((saved.state as State).board);
  return board;
}

function judgementOf(board: Scoreboard, model: ModelRecord, rules: PromotionRules): Judgement | undefined {
  const champion = championOf(model);
  if (champion === undefined) return undefined;
  const shadows = model.versions.filter(({ state }) => state === "shadow").map(({ sha256 }) => sha256);
  return board.judge({ champion: champion.sha256, shadows, former: formerOf(model) }, rules);
}
