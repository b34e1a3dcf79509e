import { backendOf } from "./backend.ts";
import { startContainer } from "./container-server.ts";
import { freePort, tempDir } from "./machine.ts";
import { startProcess } from "./process-server.ts";
import type { Server } from "./server.ts";

export type RedisServer = Server;

const PORT = 6379;

export interface RedisServerOptions {
  readonly password?: string;
}

/** A real redis-server on a free port that keeps nothing. The password is not part of `url`. */
export async function startRedis({ password }: RedisServerOptions = {}): Promise<RedisServer> {
  const settings = ["--save", "", "--appendonly", "no", ...(password === undefined ? [] : ["--requirepass", password])];
  const backend = await backendOf("redis-server");
  if (backend.kind === "container")
    return startContainer({
      image: "redis:8-alpine",
      scheme: "redis",
      port: PORT,
      command: ["redis-server", ...settings, ...(password === undefined ? ["--protected-mode", "no"] : [])],
      files: [],
      ready: /Ready to accept connections/,
    });
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", tempDir("tradewind-redis-"), ...settings];
  return startProcess({ command: backend.program, args, scheme: "redis", port });
}
