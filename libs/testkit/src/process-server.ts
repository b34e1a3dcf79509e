import { spawn, type ChildProcess } from "node:child_process";
import { connect } from "node:net";

/** A server that tests start, stop and kill. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Ends it in an orderly way. */
  stop(): Promise<void>;
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it again, same port and store; stops it first when it runs. */
  restart(): Promise<void>;
}

const START_MS = 10_000;
const RETRY_MS = 5;

export interface ProcessServerOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly scheme: string;
  readonly port: number;
}

/** Starts a program that listens on a port of this machine, and waits until it does. */
export async function startProcess({ command, args, scheme, port }: ProcessServerOptions): Promise<Server> {
  let child = await launch(command, args, port);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.ref();
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
  const listen = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-2000));
  child.stdout.on("data", listen);
  child.stderr.on("data", listen);
  let over = "";
  child.once("error", (error) => (over = error.message));
  child.once("exit", (code, signal) => (over ||= `ended with ${code ?? signal}`));
  const leave = (): void => void child.kill("SIGKILL");
  process.once("exit", leave);
  child.once("exit", () => process.removeListener("exit", leave));
  const deadline = performance.now() + START_MS;
  while (!(await listens(port))) {
    if (over !== "" || performance.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`${command} ${args.join(" ")} does not listen on ${port} (${over || `waited ${START_MS} ms`}): ${said.trim()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  child.unref();
  return child;
}

/** Whether somebody takes connections on a port of this machine. */
export function listens(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const tell = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", () => tell(true));
    socket.once("error", () => tell(false));
  });
}
