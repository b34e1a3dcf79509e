import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Execution as a process of its own. */
export interface ExecutionProcess {
  readonly instance: string;
  /** Standard error so far. */
  readonly output: () => string;
  /** Sends a signal without waiting for anything. */
  signal(signal: NodeJS.Signals): void;
  /** Kills it and waits for its end. */
  end(): Promise<void>;
}

/** Writes the settings that the processes of one test share into `folder`. */
export function writeSettings(folder: string, natsUrl: string, venueUrl: string): void {
  const lines = ["bus:", `  url: ${natsUrl}`, "http:", "  port: 0", "log:", "  level: warn", "venues:", "  bybit:", `    url: ${venueUrl}`];
  writeFileSync(join(folder, "system.yaml"), `${lines.join("\n")}\n`);
}

export function startProcess(instance: string, folder: string, env: NodeJS.ProcessEnv = {}): ExecutionProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../src/main.ts")], {
    env: { ...process.env, TRADEWIND_CONFIG: folder, TRADEWIND_INSTANCE: instance, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr.on("data", (part: Buffer) => (text = (text + part.toString()).slice(-20_000)));
  return {
    instance,
    output: () => text,
    signal: (signal) => void child.kill(signal),
    end() {
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
      return new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill("SIGKILL");
      });
    },
  };
}
