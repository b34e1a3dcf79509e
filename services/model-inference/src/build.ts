import { claimPartitions, followVariants, type BuildService, type Partitions, type ServiceContext } from "@tradewind/kit";
import { openBudget } from "./budget/budget.ts";
import { mibOf } from "./budget/mib.ts";
import { openCache } from "./cache.ts";
import { answerCommands } from "./commands.ts";
import type { FeatureCache } from "./features.ts";
import { modelFiles, type ModelFiles } from "./files.ts";
import { createHosts, type Hosts } from "./hosts.ts";
import { inferenceMetrics } from "./metrics.ts";
import type { LaneWish } from "./lane.ts";
import { followModels, modelOf, type RegisteredModels } from "./models.ts";
import { startPartition } from "./partition.ts";
import { createPredictor, type PredictorOptions } from "./predict.ts";
import { registerConfigured } from "./registration.ts";
import { memoryNow, statsOf } from "./stats.ts";
import { openVoice, type Voice } from "./voice.ts";
import { versionOf, wishesOf } from "./wishes.ts";

export interface InferenceOptions {
  readonly openCache: (context: ServiceContext, stack: AsyncDisposableStack) => FeatureCache;
}

/** Registered models, each leased by one instance, speak on the closes of the variants that have them as members. */
export const build: BuildService = (context, stack) => buildWith({ openCache }, context, stack);

export async function buildWith(options: InferenceOptions, context: ServiceContext, stack: AsyncDisposableStack): Promise<void> {
  const metrics = inferenceMetrics(context.metrics.registry);
  const budget = openBudget(context, metrics, () => sharesOf(hosts, (key) => budget.book.bytesOf(key)));
  stack.defer(() => budget.stop());
  const hosts = createHosts(context, budget.memory, metrics);
  stack.defer(() => hosts.stop());
  metrics.follow(() => memoryNow(budget, hosts.all()));
  const files = modelFiles(context.bus);
  const cache = options.openCache(context, stack);
  const voices = new Map<string, Voice>();
  const tellMissing = missingTeller(context);
  let partitions: Partitions | undefined;

  const changed = (): void => {
    // The first look is taken when everything is followed.
    if (partitions === undefined) return;
    tellMissing(wishesOf(variants.all()).keys(), models);
    if (context.run.clock === "wall") swapVoices(voices, models);
    void partitions.refresh();
  };

  await registerConfigured(context, hosts.tryOut);
  const models = await followModels(context, () => changed());
  stack.defer(() => models.stop());
  const variants = await followVariants(context, () => changed());
  stack.defer(() => variants.stop());
  const borrow = borrower(context, hosts, files);
  const predict = createPredictor({ context, models, variants, voiceOf: (speaksAs) => voices.get(speaksAs), borrow });
  const commands = answerCommands(context, { predict, tryOut: hosts.tryOut, stats: () => statsOf(budget, hosts.all()) });
  stack.defer(() => commands.stop());
  const wishes = (speaksAs: string): readonly LaneWish[] => {
    const all = wishesOf(variants.all());
    return all.get(speaksAs) ?? all.get(modelOf(speaksAs)) ?? [];
  };
  partitions = claimPartitions(context, {
    kind: "model-inference",
    wanted() {
      const speakers = [...wishesOf(variants.all()).keys()].flatMap((id) => models.speakers(id));
      return [...new Set([...speakers, ...models.pinned()].map(({ speaksAs }) => speaksAs))];
    },
    versionOf(id) {
      const record = models.get(id);
      return record === undefined ? "" : versionOf(record, wishes(id), context.run.clock);
    },
    async start(id, lost) {
      const work = await startPartition({ context, hosts, files, cache, metrics, record: models.get(id)!, wishes: wishes(id), lost });
      voices.set(id, work.voice);
      // Its record may have changed while it started.
      if (context.run.clock === "wall") swapVoices(voices, models);
      return {
        async stop() {
          if (voices.get(id) === work.voice) voices.delete(id);
          await work.stop();
        },
      };
    },
  });
  const claimed = partitions;
  stack.defer(() => claimed.stop());
  changed();
}

/** Tells once of each model that a variant wants and that cannot speak. */
function missingTeller({ log, state }: ServiceContext): (wanted: Iterable<string>, models: RegisteredModels) => void {
  const missing = new Set<string>();
  return (wanted, models) => {
    for (const id of wanted) {
      if (models.speakers(id).length > 0) missing.delete(id);
      if (models.speakers(id).length > 0 || missing.has(id)) continue;
      missing.add(id);
      const what = models.has(id)
        ? "has no version that is its champion; promote one"
        : "is not registered; name its file in inference.models";
      const line = `model ${id} is wanted by a variant and ${what}`;
      log.warn(line);
      state.note(line);
    }
  };
}

/** Lets each voice become what its record says now. Another feature schema is another partition: that one starts anew. */
function swapVoices(voices: ReadonlyMap<string, Voice>, models: RegisteredModels): void {
  for (const [speaksAs, voice] of voices) {
    const next = models.get(speaksAs);
    if (next !== undefined && next.featureSchema === voice.current().featureSchema) voice.become(next);
  }
}

/** A voice for one request, of a model that no partition here serves. */
function borrower(context: ServiceContext, hosts: Hosts, files: ModelFiles): PredictorOptions["borrow"] {
  return async (served, work) => {
    const voice = await openVoice({ context, hosts, files, served, callers: 0 });
    try {
      return await work(voice);
    } finally {
      await voice.stop();
    }
  };
}

function sharesOf(hosts: Hosts, bytesOf: (key: string) => number) {
  const loaded = hosts.all().flatMap(({ served, host, key }) => {
    const share = { memory_mb: mibOf(bytesOf(key)), device: host.running()?.device ?? "none" };
    return served.map(({ speaksAs }) => [speaksAs, share] as const);
  });
  return Object.fromEntries(loaded);
}
