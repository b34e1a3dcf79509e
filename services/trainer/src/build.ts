import { resolve } from "node:path";
import { subjectOf } from "@tradewind/contracts";
import type { BuildService, ServiceContext } from "@tradewind/kit";
import { takeJob } from "./jobs/take-job.ts";
import { trainerMetrics } from "./metrics.ts";

const CHECKPOINT_EVERY_MS = 10_000;

export interface TrainerOptions {
  /** Of work, between two checkpoints. */
  readonly checkpointEveryMs: number;
}

/** Takes one training job after the other. */
export const build: BuildService = (context, stack) => buildWith({ checkpointEveryMs: CHECKPOINT_EVERY_MS }, context, stack);

export async function buildWith(
  { checkpointEveryMs }: TrainerOptions,
  context: ServiceContext,
  stack: AsyncDisposableStack,
): Promise<void> {
  const { bus, config, metrics, fail } = context;
  const options = { context, metrics: trainerMetrics(metrics.registry), dir: resolve(config.training.dir), checkpointEveryMs };
  const worker = await bus.work({ subject: subjectOf("job", { kind: "train" }), take: ({ data }, renew) => takeJob(options, data, renew) });
  worker.failed.catch(fail);
  stack.defer(() => worker.stop());
}
