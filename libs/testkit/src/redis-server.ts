import { freePort, tempDir } from "./machine.ts";
import { startProcess, type Server } from "./process-server.ts";

export type RedisServer = Server;

export interface RedisServerOptions {
  readonly password?: string;
}

/** A real redis-server on a free port that keeps nothing. */
export async function startRedis({ password }: RedisServerOptions = {}): Promise<RedisServer> {
  const dir = tempDir("tradewind-redis-");
  const port = await freePort();
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no"];
  if (password !== undefined) args.push("--requirepass", password);
  return startProcess({ command: "redis-server", args, scheme: "redis", port });
}
