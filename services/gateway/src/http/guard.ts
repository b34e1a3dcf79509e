import type { FastifyInstance, FastifyRequest } from "fastify";
import { refusals, refuse, type Refusal } from "./errors.ts";

const URL_LENGTH_MOST = 2_048;

const headers: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
};

/** Before anything else of a request: its length, its origin, its token. What is not known is closed. */
export function guard(app: FastifyInstance, isToken: (given: string) => boolean): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(headers);
    const { config } = request.routeOptions;
    if (config.open !== true) reply.header("cache-control", "no-store");
    const refusal = judge(request, config.open === true, isToken);
    if (refusal !== undefined) return refuse(reply, refusal);
    return undefined;
  });
}

function judge(request: FastifyRequest, open: boolean, isToken: (given: string) => boolean): Refusal | undefined {
  if (request.url.length > URL_LENGTH_MOST) return refusals.url;
  if (open) return undefined;
  if (!sameOrigin(request)) return refusals.origin;
  const given = tokenIn(request);
  return given !== undefined && isToken(given) ? undefined : refusals.token;
}

/** Programs send no origin; a page of another site does. */
function sameOrigin({ headers: { origin, host } }: FastifyRequest): boolean {
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** In the header; a browser's WebSocket cannot set one, so there it may be a protocol or a parameter too. */
function tokenIn(request: FastifyRequest): string | undefined {
  const bearer = /^Bearer ([\x21-\x7e]+)$/i.exec(request.headers.authorization ?? "");
  if (bearer !== null) return bearer[1];
  if (!request.ws) return undefined;
  const protocols = (request.headers["sec-websocket-protocol"] ?? "").split(",").map((name) => name.trim());
  const named = protocols.find((name) => name.startsWith("bearer."));
  if (named !== undefined) return named.slice("bearer.".length);
  const { token } = request.query as { token?: unknown };
  return typeof token === "string" ? token : undefined;
}
