import { inputFailure } from "@tradewind/core";
import { championOf, decodeModelRecord, versionNamed, type ModelRecord, type ServiceCommand } from "@tradewind/contracts";
import { checkModelId, modelUnknown, readModel, type ServiceContext } from "@tradewind/kit";
import type { Services } from "../model/services.ts";
import { inferenceOf } from "./inference.ts";
import { putUpload } from "./put-upload.ts";
import { readScores, type ScoresView } from "./scores.ts";
import { modelViewOf, viewOfText, type ModelView, type summed } from "./model-views.ts";

export interface Upload {
  readonly file: Uint8Array;
  readonly state: string;
  readonly metadata: unknown;
  readonly by: string;
}

export interface Changed {
  readonly message: string;
  /** Undefined when it was taken out. */
  readonly model?: ModelView;
}

/** A file is read, checked, loaded and run once. */
const REGISTER_WITHIN_MS = 120_000;

/** The registry as the gateway shows it, and what people ask of it: model-inference does what changes it. */
export interface Models {
  all(): Promise<ModelView[]>;
  /** Throws `MODEL_UNKNOWN`. */
  one(id: string): Promise<ModelView>;
  /** Throws what model-inference refuses the file with. */
  upload(id: string, upload: Upload): Promise<Changed>;
  change(command: ServiceCommand): Promise<Changed>;
  predict(id: string, parameters: Readonly<Record<string, unknown>>, by: string): Promise<unknown>;
  stats(by: string): Promise<ReturnType<typeof summed>>;
  /** The page about a version, the champion's when none is named. Throws `MODEL_CARD_MISSING`. */
  card(id: string, version: string | undefined): Promise<Uint8Array>;
  putCard(id: string, version: string | undefined, page: Uint8Array): Promise<string>;
}

export function openModels(context: ServiceContext, services: Services, variantsWith: (model: string) => readonly string[]): Models {
  const { bus } = context;
  const files = bus.blobs("model-files");
  const cards = bus.blobs("model-cards");
  const { ask, stats } = inferenceOf(context, services);
  const withCards = async (): Promise<ReadonlySet<string>> => new Set(await cards.list());

  async function changed(command: ServiceCommand, withinMs?: number): Promise<Changed> {
    const { message, data } = await ask(command, { withinMs });
    const record = data === undefined ? undefined : decodeModelRecord(JSON.stringify(data));
    const users = record !== undefined && championOf(record) !== undefined ? [] : variantsWith(command.model ?? "");
    return {
      message: users.length === 0 ? message : `${message}; it has no champion and abstains in ${users.join(", ")} until it has one`,
      ...(record !== undefined && { model: modelViewOf(record, await withCards()) }),
    };
  }

  async function recordOf(id: string): Promise<ModelRecord> {
    const record = await readModel(bus, checkModelId(id));
    if (record === undefined) throw modelUnknown(id);
    return record;
  }
  const hashOf = (record: ModelRecord, version: string | undefined): string =>
    (version === undefined ? (record.versions.find(({ state }) => state === "champion") ?? record.versions[0])?.sha256 : undefined) ??
    versionNamed(record, version).sha256;

  return {
    async all() {
      const [entries, pages, scores] = await Promise.all([bus.kv("models").entries(), withCards(), readScores(bus)]);
      return entries.map(({ key, value }) => withScores(viewOfText(key, value, pages), scores)).sort((a, b) => (a.id < b.id ? -1 : 1));
    },
    one: async (id) => withScores(modelViewOf(await recordOf(id), await withCards()), await readScores(bus)),
    async upload(id, { file, state, metadata, by }) {
      const command = {
        verb: "register",
        by,
        model: checkModelId(id),
        parameters: { state, ...(metadata !== undefined && { metadata }) },
      };
      const blob = await putUpload(files, file);
      try {
        return await changed({ ...command, blob }, REGISTER_WITHIN_MS);
      } finally {
        await files.delete(blob).catch(() => undefined);
      }
    },
    change: (command) => changed(command),
    async predict(id, parameters, by) {
      const silence = `nobody serves model ${id} now: it is served where a variant has it as a member; see "tradewind models list"`;
      return (await ask({ verb: "predict", by, model: id, parameters }, { silence })).data;
    },
    stats,
    async card(id, version) {
      const sha256 = hashOf(await recordOf(id), version);
      const page = await cards.get(sha256);
      if (page === undefined)
        throw inputFailure(
          "MODEL_CARD_MISSING",
          `version ${sha256.slice(0, 8)} of model ${id} has no card; one is made by "tradewind train"`,
        );
      return page;
    },
    async putCard(id, version, page) {
      const sha256 = hashOf(await recordOf(id), version);
      await cards.put(sha256, page);
      return sha256;
    },
  };
}

function withScores(view: ModelView, scores: ReadonlyMap<string, ScoresView>): ModelView {
  const found = scores.get(view.id);
  return { ...view, ...(found !== undefined && { scores: found }) };
}
