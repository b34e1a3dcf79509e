import { createServer, type Server } from "node:http";
import { Failure } from "@tradewind/core";

/** What an HTTP probe is told. */
export interface HealthSource {
  /** Undefined when ready to work; else why not, in one line. */
  readonly notReady: () => string | undefined;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
}

/** GET /health/live, /health/ready, /metrics. Throws `PORT_TAKEN` and `PORT_REFUSED` (input). */
export async function serveHealth(host: string, port: number, source: HealthSource): Promise<{ port: number; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const send = (status: number, text: string, type = "text/plain; charset=utf-8"): void => {
      response.writeHead(status, { "content-type": type });
      response.end(text);
    };
    if (request.url === "/health/live") return send(200, "ok\n");
    if (request.url === "/health/ready") {
      const why = source.notReady();
      return why === undefined ? send(200, "ready\n") : send(503, `${why}\n`);
    }
    if (request.url !== "/metrics") return send(404, "GET /health/live, /health/ready or /metrics\n");
    source.metrics().then(
      (text) => send(200, text, "text/plain; version=0.0.4; charset=utf-8"),
      () => send(500, "metrics failed\n"),
    );
  });
  await listen(server, host, port);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new Failure("input", "PORT_TAKEN", `port ${port} of ${host} is taken; set http.port to another one or end what listens there`)
          : new Failure(
              "input",
              "PORT_REFUSED",
              `cannot listen on port ${port} of ${host} (${error.code}); correct http.host and http.port`,
            ),
      ),
    );
    server.listen(port, host, () => resolve());
  });
}
