import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type RouteOptions } from "fastify";
import websocket from "@fastify/websocket";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { ServiceContext } from "@tradewind/kit";
import { methodRefusal, refusalOf, refusals, refuse } from "./errors.ts";
import { guard } from "./guard.ts";
import type { HttpMetrics } from "./http-metrics.ts";

/** Routes that need no token say so in their `config`; every other one asks for it. */
declare module "fastify" {
  interface FastifyContextConfig {
    readonly open?: boolean;
  }
}

const BODY_BYTES_MOST = 65_536;
const HEADER_BYTES_MOST = 16_384;
const PARAMETER_MOST = 128;
const FRAME_BYTES_MOST = 1_024;
/** A model's file is on its way for as long. */
const REQUEST_MOST_MS = 60_000;
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

export interface AppOptions {
  readonly log: ServiceContext["log"];
  readonly isToken: (given: string) => boolean;
  readonly metrics: HttpMetrics;
}

export type RouteList = readonly Pick<RouteOptions, "method" | "url" | "schema">[];

/** A server with every guard and no route yet. */
export async function createApp({ log, isToken, metrics }: AppOptions): Promise<{ app: FastifyInstance; routes: RouteList }> {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MOST,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    requestTimeout: REQUEST_MOST_MS,
    keepAliveTimeout: 10_000,
    http: { maxHeaderSize: HEADER_BYTES_MOST },
    routerOptions: { maxParamLength: PARAMETER_MOST },
    frameworkErrors: (error, _request, reply) => void refuse(reply as FastifyReply, refusalOf(error)),
    clientErrorHandler(error, socket) {
      const tooLarge = error.code === "HPE_HEADER_OVERFLOW";
      const status = tooLarge ? "431 Request Header Fields Too Large" : "400 Bad Request";
      const body = JSON.stringify({
        error: { code: tooLarge ? "HEADERS_TOO_LARGE" : "BAD_REQUEST", message: "the request cannot be read" },
      });
      const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
      if (socket.writable) socket.end(head + body);
      else socket.destroy();
    },
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const routes: RouteList[number][] = [];
  app.addHook("onRoute", ({ method, url, schema }) => void routes.push({ method, url, ...(schema && { schema }) }));
  app.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error, request.routeOptions.bodyLimit);
    const route = `${request.method} ${request.routeOptions.url ?? "?"}`;
    if (refusal.status === 500) log.error({ err: error }, `${route} failed`);
    else if (refusal.status > 500) log.warn(`${route}: ${refusal.message}`);
    return refuse(reply, refusal);
  });
  app.addHook("onResponse", (request, reply, done) => {
    metrics.requests.inc({ route: request.routeOptions.url ?? "none", method: request.method, status: String(reply.statusCode) });
    done();
  });
  await app.register(websocket, {
    options: {
      maxPayload: FRAME_BYTES_MOST,
      perMessageDeflate: false,
      // A browser sends its token as a protocol; it is never the one that is agreed on, if there is another.
      handleProtocols: (offered: Set<string>) => [...offered].find((name) => !name.startsWith("bearer.")) ?? [...offered][0] ?? false,
    },
  });
  guard(app, isToken);
  app.setNotFoundHandler((_request, reply) => refuse(reply, refusals.route));
  return { app, routes };
}

/** Every other method on a known address is told which ones there are. */
export function refuseOtherMethods(app: FastifyInstance, routes: RouteList): void {
  const byUrl = Map.groupBy([...routes], ({ url }) => url);
  for (const [url, known] of byUrl) {
    const allowed = known.flatMap(({ method }) => method);
    const others = METHODS.filter((method) => !allowed.includes(method));
    const handler = (_request: FastifyRequest, reply: FastifyReply): FastifyReply =>
      refuse(reply.header("allow", allowed.join(", ")), methodRefusal(allowed));
    app.route({ method: [...others], url, handler, schema: { hide: true } });
  }
}
