import type { Judgement, PromotionRules } from "@tradewind/core";
import type { ModelRecord, ModelScores } from "@tradewind/contracts";
import { createTrouble, lineOf, type ServiceContext, type Work } from "@tradewind/kit";
import type { ScoreMetrics } from "./metrics.ts";
import type { Retraining } from "./retrain.ts";
import { actOf, carryOut, formerOf } from "./rule.ts";

export interface RoundsOptions {
  readonly context: ServiceContext;
  readonly metrics: ScoreMetrics;
  readonly model: ModelRecord;
  readonly rules: PromotionRules;
  readonly retraining: Retraining;
  /** Where it stands, taken between two messages. */
  readonly look: () => Promise<{ readonly scores: ModelScores; readonly judged: Judgement | undefined }>;
  /** False once the model may be another's to score. */
  readonly valid: () => boolean;
}

const EVERY_MS = 1_000;
const said = { promote: "promoted", roll_back: "rolled back to", retire: "retired" } as const;

/** Every second tells how a model stands, then does what is to be done: nothing, on the events clock. */
export function startRounds({ context, metrics, model, rules, retraining, look, valid }: RoundsOptions): Work {
  const { bus, config, run, log, state } = context;
  const trouble = createTrouble(context);
  let told = "";
  let stopped = false;
  let round: Promise<void> | undefined;

  async function go(): Promise<void> {
    const { scores, judged } = await look();
    if (stopped || !valid()) return;
    await tell(scores);
    if (run.clock !== "wall") return;
    await retraining.look();
    if (config.promotion.enabled && judged !== undefined) await act(judged);
  }

  async function tell({ at, ...scores }: ModelScores): Promise<void> {
    const text = JSON.stringify(scores);
    if (text === told) return;
    metrics.show({ ...scores, at });
    await bus.kv("scores").put(model.id, JSON.stringify({ ...scores, at }));
    told = text;
  }

  async function act(judged: Judgement): Promise<void> {
    const due = actOf(judged, formerOf(model), rules);
    if (due === undefined || stopped || !valid() || !(await carryOut(context, model, due))) return;
    metrics.changed(model.id, due.action);
    const line = `model ${model.id}: ${said[due.action]} ${due.sha256.slice(0, 8)}: ${due.reason}`;
    log.info(line);
    state.note(line);
  }

  const timer = setInterval(() => {
    round ??= go()
      .then(() => trouble.over(""))
      .catch((error: unknown) => {
        // While the bus is away, that is told already.
        if (bus.connected && !stopped) trouble.tell("", `model ${model.id}: its scores cannot be told: ${lineOf(error)}`);
      })
      .finally(() => (round = undefined));
  }, EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      stopped = true;
      await round;
      metrics.forget(model.id);
    },
  };
}
