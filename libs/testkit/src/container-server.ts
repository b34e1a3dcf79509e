import { execFileSync } from "node:child_process";
import { freePort } from "./machine.ts";
import type { Server } from "./server.ts";

export interface ContainerServerOptions {
  readonly image: string;
  readonly scheme: string;
  /** The port inside. */
  readonly port: number;
  readonly command: readonly string[];
  readonly files: readonly { readonly content: string; readonly target: string }[];
  /** What it logs when it serves. */
  readonly ready: RegExp;
}

/** Starts an image with testcontainers, on a free port of the host that stays the same over restarts. */
export async function startContainer({ image, scheme, port, command, files, ready }: ContainerServerOptions): Promise<Server> {
  // Ryuk's image may be missing where images cannot be pulled; the servers are removed by the tests themselves.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] ??= "true";
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import("testcontainers");
  const hostPort = await freePort();
  const started = await new GenericContainer(image)
    .withCommand([...command])
    .withCopyContentToContainer([...files])
    .withExposedPorts({ container: port, host: hostPort })
    .withWaitStrategy(Wait.forLogMessage(ready))
    .start();
  removeAtExit(started.getId());
  const host = started.getHost();
  const container = (await getContainerRuntimeClient()).container.getById(started.getId());
  const running = async (): Promise<boolean> => (await container.inspect()).State.Running;
  return {
    url: `${scheme}://${host}:${hostPort}`,
    host,
    port: hostPort,
    async stop() {
      if (await running()) await container.stop();
    },
    async kill() {
      if (await running()) await container.kill({ signal: "SIGKILL" });
    },
    restart: () => started.restart(),
    async [Symbol.asyncDispose]() {
      await started.stop({ timeout: 0 });
      left.delete(started.getId());
    },
  };
}

const left = new Set<string>();
let armed = false;

/** For what a test that was broken off has left behind. */
function removeAtExit(id: string): void {
  if (!armed) process.once("exit", () => left.size > 0 && execFileSync("docker", ["rm", "--force", ...left], { stdio: "ignore" }));
  armed = true;
  left.add(id);
}
