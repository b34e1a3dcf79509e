import { resolve } from "node:path";
import { subjectOf } from "@tradewind/contracts";
import type { BuildService } from "@tradewind/kit";
import { takeJob } from "./jobs/take-job.ts";
import { trainerMetrics } from "./metrics.ts";

const CHECKPOINT_EVERY_MS = 10_000;

/** Takes one training job after the other. */
export const build: BuildService = async (context, stack) => {
  const { bus, config, metrics: service, fail } = context;
  const options = {
    context,
    metrics: trainerMetrics(service.registry),
    dir: resolve(config.training.dir),
    checkpointEveryMs: CHECKPOINT_EVERY_MS,
  };
  const worker = await bus.work({ subject: subjectOf("job", { kind: "train" }), take: ({ data }, renew) => takeJob(options, data, renew) });
  worker.failed.catch(fail);
  stack.defer(() => worker.stop());
};
