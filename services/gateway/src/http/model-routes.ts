import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { modelStates } from "@tradewind/contracts";
import { inputFailure } from "@tradewind/core";
import type { ServiceContext } from "@tradewind/kit";
import { modelView, statsAnswer } from "../models/model-views.ts";
import type { Models } from "../models/models.ts";
import { by, idParams, type App } from "./parts.ts";

const MIB = 1_048_576;
const CARD_BYTES_MOST = 8 * MIB;
/** A card is a page of its own: nothing in it runs, loads or leads anywhere. */
const CARD_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

const version = z
  .string()
  .regex(/^[A-Za-z0-9._-]{1,64}$/)
  .describe("First digits of the file's hash, or what it calls itself.");
const versionQuery = z.strictObject({ version: version.optional() });
const state = z.enum(modelStates);
const changed = z.object({ message: z.string(), model: modelView.optional() });

const stateBody = z.strictObject({ version: version.optional(), state, reason: z.string().max(200).optional(), by });
const settingsBody = z
  .strictObject({
    pinned: z.boolean().optional(),
    device: z.string().max(20).optional().describe("cpu, cuda:0, webgpu."),
    limit_mb: z.int().positive().nullable().optional().describe("null: the installation's."),
    by,
  })
  .refine(({ pinned, device, limit_mb: limit }) => [pinned, device, limit].filter((one) => one !== undefined).length === 1, {
    message: "give one of pinned, device and limit_mb",
  });
const predictBody = z.union([
  z.strictObject({ matrix: z.union([z.array(z.number()), z.base64()]), rows: z.int().positive().default(1), by }),
  z.strictObject({ venue: z.string(), instrument: z.string(), timeframe: z.string().optional(), by }),
]);

/** The registry of models. */
export async function addModelRoutes(bare: FastifyInstance, { config }: ServiceContext, models: Models): Promise<void> {
  const app = bare.withTypeProvider<ZodTypeProvider>();
  addAnswers(app, models);
  addChanges(app, models);
  // Files are read as they are, here and nowhere else.
  await bare.register(async (scope) =>
    addUploads(scope.withTypeProvider<ZodTypeProvider>(), models, config.inference.per_model_limit_mb * MIB),
  );
}

function addAnswers(app: App, models: Models): void {
  app.get("/api/models", { schema: { summary: "Registered models with their versions.", response: { 200: z.array(modelView) } } }, () =>
    models.all(),
  );

  app.get("/api/models/stats", { schema: { summary: "Memory and devices of what is served.", response: { 200: statsAnswer } } }, () =>
    models.stats("operator"),
  );

  app.get(
    "/api/models/:id",
    { schema: { summary: "One model, its versions and their history.", params: idParams, response: { 200: modelView } } },
    ({ params: { id } }) => models.one(id),
  );

  app.get(
    "/api/models/:id/card",
    { schema: { summary: "The page about a version; the champion's by default.", params: idParams, querystring: versionQuery } },
    async ({ params: { id }, query }, reply) => {
      const page = await models.card(id, query.version);
      return reply.header("content-security-policy", CARD_POLICY).type("text/html; charset=utf-8").send(Buffer.from(page));
    },
  );

  app.post(
    "/api/models/:id/predict",
    { schema: { summary: "What a model says of a matrix, or of the latest close.", params: idParams, body: predictBody } },
    async ({ params: { id }, body: { by: who, ...parameters } }, reply) => reply.send(await models.predict(id, parameters, who)),
  );
}

function addChanges(app: App, models: Models): void {
  app.post(
    "/api/models/:id/state",
    { schema: { summary: "Promotes, retires or shadows a version.", params: idParams, body: stateBody, response: { 200: changed } } },
    ({ params: { id }, body: { by: who, ...parameters } }) => models.change({ verb: "state", by: who, model: id, parameters }),
  );

  app.post(
    "/api/models/:id/settings",
    {
      schema: {
        summary: "Pins it in memory, or sets its device or its limit.",
        params: idParams,
        body: settingsBody,
        response: { 200: changed },
      },
    },
    ({ params: { id }, body: { by: who, pinned, device, limit_mb: limit } }) => {
      const command = { by: who, model: id };
      if (pinned !== undefined) return models.change({ ...command, verb: pinned ? "pin" : "unpin" });
      if (device !== undefined) return models.change({ ...command, verb: "device", parameters: { device } });
      return models.change({ ...command, verb: "limit", parameters: { limit_mb: limit } });
    },
  );

  app.delete(
    "/api/models/:id",
    {
      schema: {
        summary: "Takes out one version, or the model with all of them.",
        params: idParams,
        querystring: versionQuery.extend({ by }),
        response: { 200: changed },
      },
    },
    ({ params: { id }, query }) =>
      models.change({
        verb: "unregister",
        by: query.by,
        model: id,
        ...(query.version !== undefined && { parameters: { version: query.version } }),
      }),
  );
}

function addUploads(app: App, models: Models, fileBytesMost: number): void {
  app.removeAllContentTypeParsers();
  for (const type of ["application/octet-stream", "text/html"])
    app.addContentTypeParser(type, { parseAs: "buffer" }, (_request, body, done) => done(null, body));

  app.put(
    "/api/models/:id",
    {
      bodyLimit: fileBytesMost,
      schema: {
        summary: "Registers an ONNX file, the body, as a version; metadata that it lacks as JSON in the header x-tradewind-metadata.",
        consumes: ["application/octet-stream"],
        params: idParams,
        querystring: z.strictObject({ state: state.default("candidate"), by }),
        response: { 200: changed },
      },
    },
    ({ params: { id }, query, body, headers }) =>
      models.upload(id, { ...query, file: bytesOf(body), metadata: metadataOf(headers["x-tradewind-metadata"]) }),
  );

  app.put(
    "/api/models/:id/card",
    {
      bodyLimit: CARD_BYTES_MOST,
      schema: {
        summary: "Keeps an HTML page about a version.",
        consumes: ["text/html"],
        params: idParams,
        querystring: versionQuery,
        response: { 200: z.object({ message: z.string() }) },
      },
    },
    async ({ params: { id }, query, body }) => {
      const sha256 = await models.putCard(id, query.version, bytesOf(body));
      return { message: `version ${sha256.slice(0, 8)} of model ${id} has its card` };
    },
  );
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array && body.length > 0) return body;
  throw inputFailure("BAD_REQUEST", "the body is the file itself, with content-type application/octet-stream (a card: text/html)");
}

function metadataOf(header: string | string[] | undefined): unknown {
  if (typeof header !== "string") return undefined;
  try {
    return JSON.parse(header) as unknown;
  } catch {
    throw inputFailure("BAD_REQUEST", "the header x-tradewind-metadata is not JSON");
  }
}
