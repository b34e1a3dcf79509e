import { championOf, decodeModelRecord, shadowsOf, type ModelRecord, type ServedModel } from "@tradewind/contracts";
import { lineOf, type ServiceContext } from "@tradewind/kit";

/** The registered models as of now. */
export interface RegisteredModels {
  /** The champion of a model by the model's id, a shadow by the name it speaks under. */
  get(speaksAs: string): ServedModel | undefined;
  /** Those of a model that speak: its champion, then its shadows. */
  speakers(id: string): readonly ServedModel[];
  /** Champions that stay in memory, whoever wants them. */
  pinned(): readonly ServedModel[];
  /** Whether there is a record of it, of whatever versions. */
  has(id: string): boolean;
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
  function speakers(id: string): ServedModel[] {
    const model = models.get(id);
    return model === undefined ? [] : [championOf(model), ...shadowsOf(model)].filter((one) => one !== undefined);
  }
  return {
    // An id may hold what separates a shadow's name from its model's.
    get: (speaksAs) => [...speakers(speaksAs), ...speakers(modelOf(speaksAs))].find((one) => one.speaksAs === speaksAs),
    speakers,
    pinned: () =>
      [...models.values()]
        .map(championOf)
        .filter((one) => one !== undefined)
        .filter(({ pinned }) => pinned),
    has: (id) => models.has(id),
    stop: () => watch.stop(),
  };
}

/** The model that a name in `tw.prediction.{model}` speaks for, if it is a shadow's. */
export function modelOf(speaksAs: string): string {
  const at = speaksAs.lastIndexOf("--");
  return at < 0 ? speaksAs : speaksAs.slice(0, at);
}
