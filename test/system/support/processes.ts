import { spawn, type ChildProcess } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

/** A service as a process of its own. */
export interface ServiceProcess {
  readonly name: string;
  readonly child: ChildProcess;
  /** Standard error so far. */
  output(): string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

export type ServiceName = "market-data" | "strategy" | "model-inference" | "trainer" | "orchestrator" | "execution" | "gateway";

/** Starts `services/{name}/src/main.ts`. `env` is laid over the process's own. */
export function startProcess(name: ServiceName, configDir: string, env: NodeJS.ProcessEnv): ServiceProcess {
  const child = spawn(process.execPath, [join(root, "services", name, "src/main.ts")], {
    env: { ...process.env, TRADEWIND_CONFIG: configDir, TRADEWIND__HTTP__PORT: "0", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => (text = (text + chunk.toString()).slice(-20_000)));
  return {
    name,
    child,
    output: () => text,
    kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
      return new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill(signal);
      });
    },
  };
}
