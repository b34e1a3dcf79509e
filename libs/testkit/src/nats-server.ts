import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { backendOf } from "./backend.ts";
import { startContainer } from "./container-server.ts";
import { freePort, tempDir } from "./machine.ts";
import { startProcess } from "./process-server.ts";
import type { Server } from "./server.ts";

export type NatsServer = Server;

const PORT = 4222;

export interface NatsServerOptions {
  /** Text added to the server's configuration: users, accounts, permissions. */
  readonly config?: string;
  /** A file whose text is added too. */
  readonly configFile?: string;
}

/** A real nats-server with JetStream on a free port, its store in a folder of its own. */
export async function startNats({ config = "", configFile }: NatsServerOptions = {}): Promise<NatsServer> {
  const added = `${configFile === undefined ? "" : readFileSync(configFile, "utf8")}\n${config}`;
  const backend = await backendOf("nats-server");
  if (backend.kind === "container")
    return startContainer({
      image: "nats:2.12-alpine",
      scheme: "nats",
      port: PORT,
      command: ["--config", "/etc/nats/test.conf"],
      files: [{ content: configText(`0.0.0.0:${PORT}`, "/data", added), target: "/etc/nats/test.conf" }],
      ready: /Server is ready/,
    });
  const dir = tempDir("tradewind-nats-");
  const port = await freePort();
  mkdirSync(join(dir, "store"));
  const file = join(dir, "nats.conf");
  writeFileSync(file, configText(`127.0.0.1:${port}`, join(dir, "store"), added));
  return startProcess({ command: backend.program, args: ["-c", file], scheme: "nats", port });
}

function configText(listen: string, store: string, added: string): string {
  return `listen: "${listen}"\njetstream { store_dir: ${JSON.stringify(store)} }\n${added}\n`;
}
