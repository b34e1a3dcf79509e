import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPrng } from "@tradewind/core";
import { runCli } from "../src/cli.ts";

/** Path of a file of this repository. */
export function repo(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A folder of its own for commands to work in; gone after `dispose`. */
export interface Workplace {
  readonly path: string;
  write(name: string, content: string): string;
  /** Runs a command in this process. */
  cli(...argv: string[]): Promise<Outcome>;
  /** Every file below, with its content. */
  files(): Map<string, string>;
  dispose(): void;
}

export function workplace(env: Readonly<Record<string, string>> = {}): Workplace {
  const path = mkdtempSync(join(tmpdir(), "tradewind-"));
  return {
    path,
    write(name, content) {
      writeFileSync(join(path, name), content);
      return join(path, name);
    },
    cli: (...argv) => cliIn(path, argv, env),
    files: () => filesBelow(path),
    dispose: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Runs a command in this process. */
export async function cliIn(cwd: string, argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Outcome> {
  let out = "";
  let err = "";
  const code = await runCli(argv, {
    out: (text) => void (out += text),
    say: (text) => void (err += `${text}\n`),
    progress: () => undefined,
    cwd,
    env,
  });
  return { code, out, err };
}

function filesBelow(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    const path = join(folder, name);
    found.set(name, statSync(path).isFile() ? readFileSync(path, "latin1") : "");
  }
  return found;
}

/** Runs a program to its end. */
export function program(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? -1, out, err }));
  });
}

/** The command line as a process of its own. */
export function tradewind(cwd: string, ...argv: string[]): Promise<Outcome> {
  return program(process.execPath, [repo("services/launcher/src/main.ts"), ...argv], cwd);
}

export const T0 = Date.UTC(2024, 0, 1);
const MINUTE = 60_000;

/** A seeded random walk of 1m candles as a CSV. */
export function walkCsv(length: number, seed = 1, from = T0, price = 40_000): string {
  const prng = createPrng(seed);
  const lines = ["time_ms,open,high,low,close,volume"];
  let close = price;
  for (let i = 0; i < length; i++) {
    const open = close;
    close = Math.round(open * (1 + 0.002 * prng.normal()) * 100) / 100;
    const high = Math.round(Math.max(open, close) * (1 + 0.0005 * prng.next()) * 100) / 100;
    const low = Math.round(Math.min(open, close) * (1 - 0.0005 * prng.next()) * 100) / 100;
    lines.push(
      [from + i * MINUTE, open, Math.max(high, open, close), Math.min(low, open, close), close, 100 + Math.floor(900 * prng.next())].join(
        ",",
      ),
    );
  }
  return `${lines.join("\n")}\n`;
}

/** A variant file's text; `over` adds or replaces blocks. */
export function variantText(over: Readonly<Record<string, unknown>> = {}, choices: Readonly<Record<string, string>> = {}): string {
  return JSON.stringify({
    variants: { broker: "bybit", strategy: "momentum", mode: "paper", asset_class: "futures", ...choices },
    trading_symbols: ["BTC/USDT:USDT"],
    ...over,
  });
}

/** A variant that runs the strategy in `file`, beside it. */
export function customVariant(file: string): string {
  return variantText({ strategy_file: `./${file}` }, { strategy: "custom" });
}
