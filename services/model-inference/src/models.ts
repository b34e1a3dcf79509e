import type { ModelRecord } from "@tradewind/contracts";
import { lineOf, type ServiceContext } from "@tradewind/kit";

/** The registered models as of now. */
export interface RegisteredModels {
  get(id: string): ModelRecord | undefined;
  all(): readonly ModelRecord[];
  stop(): void;
}

/** Follows bucket `models`; `changed` is called after each change. */
export async function followModels(context: ServiceContext, changed: () => void): Promise<RegisteredModels> {
  const models = new Map<string, ModelRecord>();
  let ready = false;
  const watch = await context.bus.kv("models").watch(({ key, value }) => {
    try {
      if (value === undefined) models.delete(key);
      else models.set(key, JSON.parse(value) as ModelRecord);
    } catch (error) {
      models.delete(key);
      context.log.error(`model ${key} is left out: its record cannot be read: ${lineOf(error)}`);
    }
    if (ready) changed();
  });
  ready = true;
  return { get: (id) => models.get(id), all: () => [...models.values()], stop: () => watch.stop() };
}
