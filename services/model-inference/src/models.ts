import { championOf, decodeModelRecord, shadowsOf, type ModelRecord, type ServedModel } from "@tradewind/contracts";
import { lineOf, type ServiceContext } from "@tradewind/kit";

/** The registered models as of now. */
export interface RegisteredModels {
  /** The champion of a model by the model's id, a shadow by the name it speaks under. */
  get(speaksAs: string): ServedModel | undefined;
  stop(): void;
}

/** Follows bucket `models`; `changed` is called after each change. */
export async function followModels(context: ServiceContext, changed: () => void): Promise<RegisteredModels> {
  const models = new Map<string, ModelRecord>();
  let ready = false;
  const watch = await context.bus.kv("models").watch(({ key, value }) => {
    try {
      if (value === undefined) models.delete(key);
      else models.set(key, decodeModelRecord(value));
    } catch (error) {
      models.delete(key);
      context.log.error(`model ${key} is left out: its record cannot be read: ${lineOf(error)}`);
    }
    if (ready) changed();
  });
  ready = true;
  return {
    get(speaksAs) {
      const model = models.get(speaksAs.split("--")[0]!);
      if (model === undefined) return undefined;
      return [championOf(model), ...shadowsOf(model)].find((one) => one?.speaksAs === speaksAs);
    },
    stop: () => watch.stop(),
  };
}
