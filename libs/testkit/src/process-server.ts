import { spawn, type ChildProcess } from "node:child_process";
import { connect, type Socket } from "node:net";
import { eventually } from "./eventually.ts";
import type { Server } from "./server.ts";

const START_MS = 10_000;

export interface ProcessServerOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly scheme: string;
  readonly port: number;
}

/** Starts a program that listens on a port of this machine, and waits until it does. It goes with this process. */
export async function startProcess({ command, args, scheme, port }: ProcessServerOptions): Promise<Server> {
  let child = await launch(command, args, port);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const ended = new Promise((resolve) => child.once("exit", resolve));
    // One that a test has stopped must hear the end.
    child.kill("SIGCONT");
    child.kill(signal);
    await ended;
  };
  return {
    url: `${scheme}://127.0.0.1:${port}`,
    host: "127.0.0.1",
    port,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    async restart() {
      await end("SIGTERM");
      child = await launch(command, args, port);
    },
    [Symbol.asyncDispose]: () => end("SIGKILL"),
  };
}

async function launch(command: string, args: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  // The server's own words, for the error when it does not start.
  let said = "";
  let over: string | undefined;
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  child.once("error", (error) => (over = error.message));
  const leave = (): void => void child.kill("SIGKILL");
  process.once("exit", leave);
  child.once("exit", (code, signal) => {
    over ??= `it ended with ${code ?? signal}`;
    process.removeListener("exit", leave);
  });
  const check = async (): Promise<boolean> => over !== undefined || (await listens(port));
  await eventually(check, { timeoutMs: START_MS }).catch((error: Error) => (over ??= error.message));
  if (over !== undefined) {
    child.kill("SIGKILL");
    throw new Error(`${command} ${args.join(" ")} did not start: ${over}. ${said.trim()}`);
  }
  child.unref();
  (child.stdout as unknown as Socket).unref();
  (child.stderr as unknown as Socket).unref();
  return child;
}

/** Whether somebody takes connections on a port. */
function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const tell = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", () => tell(true));
    socket.once("error", () => tell(false));
  });
}
