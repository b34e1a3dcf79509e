import { claimPartitions, followVariants, type BuildService, type Partitions, type ServiceContext } from "@tradewind/kit";
import { openCache } from "./cache.ts";
import { answerCommands } from "./commands.ts";
import type { FeatureCache } from "./features.ts";
import { createHostPool } from "./host/host-pool.ts";
import { inferenceMetrics } from "./metrics.ts";
import { followModels } from "./models.ts";
import { startPartition } from "./partition.ts";
import { registerConfigured } from "./registration.ts";
import { versionOf, wishesOf } from "./wishes.ts";

export interface InferenceOptions {
  readonly openCache: (context: ServiceContext, stack: AsyncDisposableStack) => FeatureCache;
}

/** Registered models, each leased by one instance, speak on the closes of the variants that have them as members. */
export const build: BuildService = (context, stack) => buildWith({ openCache }, context, stack);

export async function buildWith(options: InferenceOptions, context: ServiceContext, stack: AsyncDisposableStack): Promise<void> {
  const metrics = inferenceMetrics(context.metrics.registry);
  const pool = createHostPool(context, metrics);
  stack.defer(() => pool.stop());
  const cache = options.openCache(context, stack);
  let partitions: Partitions | undefined;
  const missing = new Set<string>();

  /** A model that a variant wants and nobody has registered is told once. */
  const changed = (): void => {
    // The first look is taken when everything is followed.
    if (partitions === undefined) return;
    for (const id of wishesOf(variants.all()).keys()) {
      if (models.get(id) !== undefined) missing.delete(id);
      else if (!missing.has(id)) {
        missing.add(id);
        const line = `model ${id} is wanted by a variant and not registered; name its file in inference.models`;
        context.log.warn(line);
        context.state.note(line);
      }
    }
    void partitions.refresh();
  };

  await registerConfigured(context);
  const models = await followModels(context, () => changed());
  stack.defer(() => models.stop());
  const variants = await followVariants(context, () => changed());
  stack.defer(() => variants.stop());
  const commands = answerCommands(context, pool);
  stack.defer(() => commands.stop());
  const wishes = (id: string) => wishesOf(variants.all()).get(id) ?? [];
  partitions = claimPartitions(context, {
    kind: "model-inference",
    wanted: () => [...wishesOf(variants.all()).keys()].filter((id) => models.get(id) !== undefined),
    versionOf(id) {
      const record = models.get(id);
      return record === undefined ? "" : versionOf(record, wishes(id));
    },
    start: (id, lost) => startPartition({ context, pool, cache, metrics, record: models.get(id)!, wishes: wishes(id), lost }),
  });
  const claimed = partitions;
  stack.defer(() => claimed.stop());
  changed();
}
