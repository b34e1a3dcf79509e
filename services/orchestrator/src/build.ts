import { claimPartitions, followVariants, type BuildService } from "@tradewind/kit";
import { createOrchestratorMetrics } from "./metrics.ts";
import { startPartition } from "./partition.ts";

/** Works variants: each one is a partition. */
export const build: BuildService = async (context, stack) => {
  const metrics = createOrchestratorMetrics(context.metrics.registry);
  let refresh = (): void => undefined;
  const variants = await followVariants(context, () => refresh());
  stack.defer(() => variants.stop());
  const partitions = claimPartitions(context, {
    kind: "orchestrator",
    wanted: () => variants.all().map(({ desired }) => desired.id),
    async start(variant, lost) {
      const running = variants.get(variant);
      return running === undefined ? { stop: async () => undefined } : startPartition({ context, metrics, running, lost });
    },
    versionOf: (variant) => String(variants.get(variant)?.desired.revision),
  });
  refresh = () => void partitions.refresh();
  stack.defer(() => partitions.stop());
};
