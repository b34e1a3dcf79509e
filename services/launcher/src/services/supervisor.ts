import { spawn, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";
import { exitCodes } from "../command.ts";
import { freePort } from "../start/free-port.ts";

const SERVICES = resolve(import.meta.dirname, "../../..");
/** The services that can run as processes, with the one that people meet last. */
export const serviceNames: readonly string[] = [
  "market-data",
  "strategy",
  "model-inference",
  "orchestrator",
  "execution",
  "trainer",
  "gateway",
];

export interface SupervisorOptions {
  readonly names: readonly string[];
  readonly configDir: string;
  readonly host: string;
  /** Port of /health and /metrics of the first; the others follow. 0: any free one each. */
  readonly firstPort: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly say: (text: string) => void;
  /** Resolves when all are to end. */
  readonly ended: Promise<unknown>;
}

const RESTART_FIRST_MS = 500;
const RESTART_MOST_MS = 15_000;
/** One that ran so long starts again without waiting longer than the first time. */
const STEADY_MS = 30_000;
/** What has not ended by then is killed. */
const END_MOST_MS = 8_000;
const PORTS_TRIED = 20;

/** Runs one process per name and starts it again when it dies. Resolves with the exit code when all have ended. */
export async function superviseServices(options: SupervisorOptions): Promise<number> {
  const stop = new AbortController();
  void options.ended.then(() => stop.abort());
  options.say(`running ${options.names.join(", ")}; Ctrl-C ends them`);
  const codes = await Promise.all(options.names.map((name, i) => keepUp(options, name, i, stop.signal)));
  if (stop.signal.aborted) return exitCodes.done;
  return codes.includes(exitCodes.badInput) ? exitCodes.badInput : exitCodes.failed;
}

/** Runs one service until all are to end, or until its settings turn out wrong: no restart mends those. */
async function keepUp(options: SupervisorOptions, name: string, place: number, stop: AbortSignal): Promise<number> {
  for (let waitMs = RESTART_FIRST_MS; ;) {
    const startedAt = performance.now();
    const { code, how } = await runOnce(options, name, place, stop);
    if (stop.aborted) return exitCodes.done;
    if (code === exitCodes.badInput) {
      options.say(`${name} is left out: its settings are wrong (see above)`);
      return code;
    }
    if (performance.now() - startedAt > STEADY_MS) waitMs = RESTART_FIRST_MS;
    options.say(`${name} ended (${how}); starting it again in ${waitMs / 1000} s`);
    await pause(waitMs, stop);
    if (stop.aborted) return exitCodes.done;
    waitMs = Math.min(waitMs * 2, RESTART_MOST_MS);
  }
}

interface Ending {
  readonly code: number | null;
  readonly how: string;
}

/** The process's own place among the ports, or the next free one: other services may run on this machine. */
async function portFor({ host, firstPort, names }: SupervisorOptions, place: number): Promise<number> {
  if (firstPort === 0) return 0;
  for (let port = firstPort + place; port < firstPort + PORTS_TRIED * names.length; port += names.length)
    if (await freePort(host, port).catch(() => undefined)) return port;
  return firstPort + place;
}

async function runOnce(options: SupervisorOptions, name: string, place: number, stop: AbortSignal): Promise<Ending> {
  const port = await portFor(options, place);
  const child = spawn(process.execPath, [resolve(SERVICES, name, "src/main.ts")], {
    cwd: options.cwd,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...options.env, TRADEWIND_CONFIG: options.configDir, TRADEWIND__HTTP__PORT: String(port) },
  });
  const end = endAtMost(child);
  stop.addEventListener("abort", end);
  if (stop.aborted) end();
  return new Promise((done) => {
    const over = (ending: Ending): void => {
      stop.removeEventListener("abort", end);
      done(ending);
    };
    child.on("error", (error) => over({ code: null, how: error.message }));
    child.on("exit", (code, signal) => over({ code, how: signal ?? `exit code ${code}` }));
  });
}

/** Asks a process to end, and ends it when it does not. */
function endAtMost(child: ChildProcess): () => void {
  return () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), END_MOST_MS);
    child.once("exit", () => clearTimeout(timer));
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}
