import { createScoreboard, windowFor, type Judgement, type PromotionRules, type Scoreboard } from "@tradewind/core";
import { championOf, type ModelRecord } from "@tradewind/contracts";
import { checkpointStore, createInbox, keepCheckpoints, type Checkpoint, type ServiceContext, type Work } from "@tradewind/kit";
import { openInputs } from "./inputs.ts";
import type { ScoreMetrics } from "./metrics.ts";
import { createRetraining } from "./retrain.ts";
import { startRounds } from "./rounds.ts";
import { formerOf } from "./rule.ts";
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
  const valid = (): boolean => !lost.aborted;
  let judged: Judgement | undefined;
  let closes = 0;

  const judge = (): void => {
    judged = judgementOf(board, model, rules);
  };
  const checkpoints = keepCheckpoints({
    inbox,
    store,
    capture: (): State => ({ board: board.snapshot(), since }),
    flush: async () => undefined,
    valid,
    fail: context.fail,
  });
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
  const rounds = startRounds({
    context,
    metrics,
    model,
    rules,
    valid,
    retraining: createRetraining({ context, model: model.id, since, driftedAt: () => board.driftedAt }),
    look: () =>
      inbox.exclusive(() => {
        judge();
        return { scores: scoresOf(model, lanes, board, judged), judged };
      }),
  });
  return {
    async stop() {
      await rounds.stop();
      await inbox.stop();
      await checkpoints.stop();
    },
  };
}

function rulesOf({ config }: ServiceContext): PromotionRules {
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
