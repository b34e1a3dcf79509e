import { createServer } from "node:net";
import { inputFailure } from "@tradewind/core";

/** The port itself when it is free, any free one for 0. Throws `PORT_TAKEN`, `BAD_HOST` (input). */
export function freePort(host: string, port: number): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE"
          ? inputFailure(
              "PORT_TAKEN",
              `port ${port} of ${host} is taken; end what listens there, or choose another with --port (0: any free one)`,
            )
          : inputFailure(
              "BAD_HOST",
              `cannot listen on ${host}:${port} (${error.code ?? error.message}); correct gateway.host and gateway.port, or give --port`,
            );
      reject(why);
    });
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}
