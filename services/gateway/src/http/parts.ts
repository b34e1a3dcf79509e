import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { variantIdText } from "../views.ts";

/** A server whose routes are typed by their schemas. */
export type App = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

export const by = z
  .string()
  .regex(/^[A-Za-z0-9 ._@-]{1,40}$/)
  .default("operator")
  .describe("Who asks, for the record.");
export const idParams = z.strictObject({ id: variantIdText });
export const byBody = z.strictObject({ by }).prefault({});
