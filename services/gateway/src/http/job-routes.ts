import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import type { JobRecord } from "@tradewind/contracts";
import { askJob, cancelJob, jobUnknown, readJob, readJobs, type ServiceContext } from "@tradewind/kit";
import type { Services } from "../model/services.ts";
import { by, byBody, idParams } from "./parts.ts";

const time = z.number().describe("ms since the epoch");
const jobView = z.object({
  id: z.string(),
  kind: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  state: z.enum(["queued", "running", "done", "failed", "cancelled"]),
  by: z.string(),
  askedAt: time,
  changedAt: time,
  worker: z.string().optional(),
  progress: z.number().optional().describe("0 to 1."),
  message: z.string(),
  result: z.unknown().optional(),
});
const view = ({ parameters, ...rest }: JobRecord): z.infer<typeof jobView> => ({ ...rest, parameters: { ...parameters } });

const text = z
  .string()
  .max(200)
  .regex(/^\P{Cc}*$/u);
const value = z.union([text, z.number(), z.boolean(), z.array(z.union([text, z.number()])).max(50)]);
const wanted = z.strictObject({
  kind: z.literal("train"),
  parameters: z
    .record(z.string().regex(/^[A-Za-z0-9_-]{1,40}$/), z.union([value, z.record(z.string(), value)]))
    .describe("Of train: the flags of `tradewind train` without their dashes: family, broker, symbol, timeframe, days, seed."),
  by,
});
const listQuery = z.strictObject({
  state: jobView.shape.state.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

/** Work that takes a while, done by whoever is free. */
export function addJobRoutes(bare: FastifyInstance, context: ServiceContext, services: Services): void {
  const { bus } = context;
  const app = bare.withTypeProvider<ZodTypeProvider>();

  app.get(
    "/api/jobs",
    { schema: { summary: "Jobs, the latest first.", querystring: listQuery, response: { 200: z.array(jobView) } } },
    async ({ query }) => {
      const jobs = await readJobs(bus);
      return jobs
        .filter(({ state }) => query.state === undefined || state === query.state)
        .slice(0, query.limit)
        .map(view);
    },
  );

  app.get(
    "/api/jobs/:id",
    { schema: { summary: "One job.", params: idParams, response: { 200: jobView } } },
    async ({ params: { id } }) => {
      const job = await readJob(bus, id);
      if (job === undefined) throw jobUnknown(id);
      return view(job);
    },
  );

  app.post(
    "/api/jobs",
    {
      schema: {
        summary: "Asks for a training; it waits until a trainer is free.",
        body: wanted,
        response: { 200: z.object({ job: jobView, message: z.string() }) },
      },
    },
    async ({ body: { kind, parameters, by: who } }) => {
      const job = await askJob(context, { id: `${kind}-${randomUUID().slice(0, 8)}`, kind, parameters, by: who });
      const trainers = services.all().filter(({ service, state }) => service === "trainer" && state !== "silent").length;
      return { job: view(job), message: `job ${job.id} waits for a trainer${trainers === 0 ? "; none runs now" : ""}` };
    },
  );

  app.post(
    "/api/jobs/:id/cancel",
    {
      schema: { summary: "Ends a job, or keeps it from beginning.", params: idParams, body: byBody, response: { 200: jobView } },
    },
    async ({ params: { id }, body }) => view(await cancelJob(bus, id, body.by)),
  );
}
