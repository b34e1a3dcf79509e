import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, tempDir } from "./machine.ts";
import { startProcess, type Server } from "./process-server.ts";

export type NatsServer = Server;

export interface NatsServerOptions {
  /** Text added to the server's configuration: users, accounts, permissions. */
  readonly config?: string;
  /** A configuration file to include. */
  readonly configFile?: string;
}

/** A real nats-server with JetStream on a free port, its store in a folder of its own. */
export async function startNats(options: NatsServerOptions = {}): Promise<NatsServer> {
  const dir = tempDir("tradewind-nats-");
  const port = await freePort();
  const store = join(dir, "store");
  mkdirSync(store);
  const file = join(dir, "nats.conf");
  writeFileSync(file, natsConfig({ listen: `127.0.0.1:${port}`, store, ...options }));
  return startProcess({ command: "nats-server", args: ["-c", file], scheme: "nats", port });
}

function natsConfig({
  listen,
  store,
  config = "",
  configFile,
}: NatsServerOptions & { readonly listen: string; readonly store: string }): string {
  const include = configFile === undefined ? "" : `include ${JSON.stringify(configFile)}`;
  return `listen: "${listen}"\njetstream { store_dir: ${JSON.stringify(store)} }\n${include}\n${config}\n`;
}
