import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { subjectOf } from "@tradewind/contracts";
import type { ServiceContext } from "@tradewind/kit";
import { command } from "../commands.ts";
import type { ControlPlane } from "../control/plane.ts";
import { rawData } from "../model/raw-data.ts";
import type { ReadModel } from "../model/read-model.ts";
import type { Overview } from "../overview.ts";
import { decisionView, equityView, fillView, statusView, variantIdText, variantView, whyView } from "../views.ts";
import type { Why } from "../why/why.ts";
import type { RouteList } from "./app.ts";
import { openApiOf } from "./openapi.ts";
import { by, byBody, idParams, type App } from "./parts.ts";

export interface RouteParts {
  readonly context: ServiceContext;
  readonly overview: Overview;
  readonly plane: ControlPlane;
  readonly model: ReadModel;
  readonly why: Why;
  readonly routes: RouteList;
}

const token = variantIdText;
const limit = z.coerce.number().int().min(1).max(500).default(50);
const listQuery = z.strictObject({ variant: token.optional(), limit });
const started = z.object({ variant: variantView, message: z.string() });

const order = z
  .strictObject({
    verb: z.enum(["halt", "resume", "close", "pause"]).describe("pause halts one variant."),
    variant: token.optional(),
    account: token.optional(),
    instrument: token.optional(),
    by,
  })
  .refine(({ verb, variant }) => verb !== "pause" || variant !== undefined, {
    message: "pause needs a variant; halt takes an account or all",
  });
const outcome = z.object({
  ok: z.boolean(),
  message: z.string(),
  results: z.array(z.object({ account: z.string(), ok: z.boolean(), message: z.string() })),
});

const whyQuery = z
  .strictObject({
    order: z
      .string()
      .regex(/^[0-9a-f]{32}$/, { message: "an order's id has 32 hexadecimal digits" })
      .optional(),
    variant: token.optional(),
    instrument: token.optional(),
    at: z
      .union([z.iso.datetime({ offset: true }), z.iso.datetime({ local: true }), z.iso.date()])
      .optional()
      .describe("Market time, ISO, UTC unless it says otherwise; left out, the latest."),
  })
  .refine((query) => query.order !== undefined || query.variant !== undefined, { message: "give an order, or a variant" });

export function addRoutes(bare: FastifyInstance, parts: RouteParts): void {
  const app = bare.withTypeProvider<ZodTypeProvider>();
  addControlRoutes(app, parts);
  addRecordRoutes(app, parts);
}

/** What runs, and what it is told to do. */
function addControlRoutes(app: App, { context, overview, plane, routes }: RouteParts): void {
  app.get("/health", { config: { open: true } }, (_request, reply) => reply.send({ ok: true }));

  app.get("/api/openapi.json", { schema: { summary: "This document." } }, (_request, reply) => reply.send(openApiOf(routes)));

  app.get(
    "/api/status",
    { schema: { summary: "The run, its services, its variants, what is wrong.", response: { 200: statusView } } },
    () => overview.status(),
  );

  app.get("/api/variants", { schema: { summary: "All variants.", response: { 200: z.array(variantView) } } }, () => overview.variants());

  app.post(
    "/api/variants/:id/start",
    { schema: { summary: "Starts a variant from its file as it is now.", params: idParams, body: byBody, response: { 200: started } } },
    async ({ params: { id }, body }) => {
      const { revision } = await plane.start(id, body.by);
      return { variant: overview.variant(id)!, message: `${id} is to run, revision ${revision}` };
    },
  );

  app.post(
    "/api/variants/:id/stop",
    { schema: { summary: "Stops a variant; its positions stay.", params: idParams, body: byBody, response: { 200: started } } },
    async ({ params: { id }, body }) => {
      const { revision } = await plane.stopVariant(id, body.by);
      return {
        variant: overview.variant(id)!,
        message: `${id} is to stop, revision ${revision}; its positions and stops stay as they are`,
      };
    },
  );

  app.post(
    "/api/commands",
    {
      schema: { summary: "Halts, resumes or closes a variant, an account, or all of them.", body: order, response: { 200: outcome } },
    },
    async ({ body }) => {
      const { results, ...rest } = await command(context, overview, body);
      return { ...rest, results: [...results] };
    },
  );
}

/** What has happened, and why. */
function addRecordRoutes(app: App, { context, overview, model, why }: RouteParts): void {
  app.get(
    "/api/why",
    { schema: { summary: "Why an order was made, or what was decided at a time.", querystring: whyQuery, response: { 200: whyView } } },
    ({ query }) => why(query),
  );

  app.get(
    "/api/decisions",
    { schema: { summary: "Latest decisions, newest first.", querystring: listQuery, response: { 200: z.array(decisionView) } } },
    ({ query }) => model.decisions.latest(query.variant, query.limit),
  );

  app.get(
    "/api/fills",
    { schema: { summary: "Latest fills, newest first.", querystring: listQuery, response: { 200: z.array(fillView) } } },
    ({ query }) => model.accounts.fills(query.variant, query.limit),
  );

  app.get(
    "/api/equity",
    {
      schema: {
        summary: "A variant's equity over market time.",
        querystring: z.strictObject({ variant: token }),
        response: { 200: equityView },
      },
    },
    ({ query: { variant } }) => ({
      variant,
      currency: overview.variant(variant)?.currency,
      points: (model.equity.series(variant)?.points() ?? []).map(([time, equity]): [number, number] => [time, equity]),
    }),
  );

  app.get(
    "/api/ledger",
    { schema: { summary: "An account's ledger: one entry a line.", querystring: z.strictObject({ account: token }) } },
    ({ query }, reply) => reply.type("application/x-ndjson").send(Readable.from(lines(query.account))),
  );

  async function* lines(account: string): AsyncGenerator<string> {
    for await (const { data } of context.bus.read(subjectOf("ledger", { account }), { after: 0 })) yield `${rawData(data)}\n`;
  }
}
