import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { refusals, refuse } from "./errors.ts";
import type { HttpMetrics } from "./http-metrics.ts";

/** The part of a WebSocket that is used. */
export interface Socket {
  readonly bufferedAmount: number;
  send(text: string): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: "close" | "error" | "pong", listener: () => void): void;
}

/** A stream to clients: `opened` gives what is to be done at its end. */
export interface SocketRoute {
  readonly url: string;
  readonly name: string;
  readonly summary: string;
  readonly query?: object;
  /** Throws what is wrong with a request before it becomes a stream. */
  readonly check?: (request: FastifyRequest) => void;
  readonly opened: (socket: Socket, request: FastifyRequest) => (() => void) | Promise<() => void>;
}

const CLIENTS_MOST = 64;
const PING_MS = 20_000;

/** Adds a WebSocket route: counted, bounded in number, ended when the other side has gone. */
export function addSocketRoute(
  app: FastifyInstance,
  metrics: HttpMetrics,
  { url, name, summary, query, check, opened }: SocketRoute,
): void {
  let clients = 0;
  metrics.clients.set({ stream: name }, 0);
  app.route({
    method: "GET",
    url,
    schema: { summary, ...(query && { querystring: query }) },
    preHandler: async (request: FastifyRequest, reply: FastifyReply) => {
      check?.(request);
      return request.ws && clients >= CLIENTS_MOST ? refuse(reply, refusals.clients) : undefined;
    },
    handler: (_request, reply) => refuse(reply.header("upgrade", "websocket"), refusals.upgrade),
    async wsHandler(raw: unknown, request) {
      const socket = raw as Socket;
      metrics.clients.set({ stream: name }, ++clients);
      let alive = true;
      let ended = false;
      let end: (() => void) | undefined;
      const beat = setInterval(() => {
        if (!alive) return socket.terminate();
        alive = false;
        socket.ping();
      }, PING_MS);
      socket.on("pong", () => (alive = true));
      socket.on("error", () => socket.terminate());
      socket.on("close", () => {
        clearInterval(beat);
        metrics.clients.set({ stream: name }, --clients);
        ended = true;
        end?.();
      });
      end = await opened(socket, request as FastifyRequest);
      if (ended) end();
    },
  });
}
