import { decodeModelRecord, type ModelRecord } from "@tradewind/contracts";
import { lineOf, type ServiceContext } from "@tradewind/kit";

/** The registered models as of now. */
export interface FollowedModels {
  get(id: string): ModelRecord | undefined;
  stop(): void;
}

/** Follows bucket `models`; `changed` is called after each change. One that cannot be read is left out. */
export async function followModels(context: ServiceContext, changed: () => void): Promise<FollowedModels> {
  const models = new Map<string, ModelRecord>();
  let ready = false;
  const watch = await context.bus.kv("models").watch(({ key, value }) => {
    models.delete(key);
    try {
      if (value !== undefined) models.set(key, decodeModelRecord(value));
    } catch (error) {
      context.log.error(`model ${key} is not scored: its record cannot be read: ${lineOf(error)}`);
    }
    if (ready) changed();
  });
  ready = true;
  return { get: (id) => models.get(id), stop: () => watch.stop() };
}
