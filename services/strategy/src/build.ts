import { claimPartitions, followVariants, type BuildService, type RunningVariant } from "@tradewind/kit";
import { createStrategyMetrics } from "./metrics.ts";
import { startPartition } from "./partition.ts";

/** Works instruments: partition `{broker}.{instrument}`, with every enabled variant that has strategies on it. */
export const build: BuildService = async (context, stack) => {
  const metrics = createStrategyMetrics(context.metrics.registry);
  let refresh = (): void => undefined;
  const variants = await followVariants(context, () => refresh());
  stack.defer(() => variants.stop());

  const withStrategies = (): RunningVariant[] =>
    variants.all().filter(({ loaded }) => loaded.plan.members.some(({ kind }) => kind === "strategy"));
  const partitionsOf = ({ loaded: { plan } }: RunningVariant): string[] => plan.instruments.map(({ id }) => `${plan.broker}.${id}`);
  const on = (partition: string): RunningVariant[] => withStrategies().filter((running) => partitionsOf(running).includes(partition));

  const partitions = claimPartitions(context, {
    kind: "strategy",
    wanted: () => [...new Set(withStrategies().flatMap(partitionsOf))].sort(),
    start: (partition, lost) => startPartition({ context, metrics, partition, variants: on(partition), lost }),
    versionOf: (partition) =>
      on(partition)
        .map(({ desired }) => `${desired.id}#${desired.revision}`)
        .join(" "),
  });
  refresh = () => void partitions.refresh();
  stack.defer(() => partitions.stop());
};
