import type { ServiceContext } from "@tradewind/kit";

/** Counts the changes of models and jobs since the gateway began. */
export async function countRegistryChanges({ bus }: ServiceContext): Promise<{ count(): number; stop(): void }> {
  let changes = 0;
  const watches = await Promise.all((["models", "jobs"] as const).map((bucket) => bus.kv(bucket).watch(() => void changes++)));
  return {
    count: () => changes,
    stop() {
      for (const watch of watches) watch.stop();
    },
  };
}
