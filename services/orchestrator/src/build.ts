import { claimPartitions, followVariants, type BuildService, type Work } from "@tradewind/kit";
import { createOrchestratorMetrics } from "./metrics.ts";
import { startPartition } from "./partition.ts";
import { followModels } from "./scores/followed-models.ts";
import { createScoreMetrics } from "./scores/metrics.ts";
import { startScores } from "./scores/partition.ts";
import { lanesOf, modelsOf, voicesOf } from "./scores/scored.ts";

/** Of a partition that scores a model; the rest of its name is the model's id. No variant's id has a dot. */
const MODEL = "model.";

/** Works variants and scores models: each one is a partition. */
export const build: BuildService = async (context, stack) => {
  const metrics = createOrchestratorMetrics(context.metrics.registry);
  const scoreMetrics = createScoreMetrics(context.metrics.registry);
  let refresh = (): void => undefined;
  const models = await followModels(context, () => refresh());
  stack.defer(() => models.stop());
  const variants = await followVariants(context, () => refresh());
  stack.defer(() => variants.stop());

  async function start(partition: string, lost: AbortSignal): Promise<Work> {
    const model = partition.startsWith(MODEL) ? models.get(partition.slice(MODEL.length)) : undefined;
    if (model !== undefined) return startScores({ context, metrics: scoreMetrics, model, lanes: lanesOf(variants.all(), model), lost });
    const running = variants.get(partition);
    return running === undefined ? { stop: async () => undefined } : startPartition({ context, metrics, running, lost });
  }

  /** Scoring starts anew when other versions speak, or on other instruments. */
  function versionOf(partition: string): string {
    const model = partition.startsWith(MODEL) ? models.get(partition.slice(MODEL.length)) : undefined;
    if (model === undefined) return String(variants.get(partition)?.desired.revision);
    return JSON.stringify([[...voicesOf(model)], lanesOf(variants.all(), model)]);
  }

  const retrained = new Set(context.config.training.retrain.map(({ model }) => model));
  const partitions = claimPartitions(context, {
    kind: "orchestrator",
    wanted() {
      const running = variants.all();
      const scored = new Set([...modelsOf(running), ...retrained]);
      const known = [...scored].filter((id) => models.get(id) !== undefined);
      return [...running.map(({ desired }) => desired.id), ...known.map((id) => `${MODEL}${id}`)];
    },
    start,
    versionOf,
  });
  refresh = () => void partitions.refresh();
  stack.defer(() => partitions.stop());
};
