import { resolve } from "node:path";
import { subjectOf } from "@tradewind/contracts";
import type { BuildService, ServiceContext } from "@tradewind/kit";
import { takeJob, type JobOptions } from "./jobs/take-job.ts";
import { trainerMetrics } from "./metrics.ts";

const CHECKPOINT_EVERY_MS = 10_000;

/** Trading goes before training. */
const NICE = 10;

export type TrainerOptions = Pick<JobOptions, "checkpointEveryMs" | "nice">;

/** Takes one training job after the other. */
export const build: BuildService = (context, stack) => buildWith({ checkpointEveryMs: CHECKPOINT_EVERY_MS, nice: NICE }, context, stack);

export async function buildWith(own: TrainerOptions, context: ServiceContext, stack: AsyncDisposableStack): Promise<void> {
  const { bus, config, metrics, fail } = context;
  const options = { context, metrics: trainerMetrics(metrics.registry), dir: resolve(config.training.dir), ...own };
  const worker = await bus.work({ subject: subjectOf("job", { kind: "train" }), take: ({ data }, renew) => takeJob(options, data, renew) });
  worker.failed.catch(fail);
  stack.defer(() => worker.stop());
}
