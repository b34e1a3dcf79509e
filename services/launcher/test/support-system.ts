import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@tradewind/testkit";
import { cliIn, program, repo, type Outcome } from "./support.ts";

/** One JSON line of a start. */
export interface Told {
  readonly type: string;
  readonly [key: string]: unknown;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly err: string;
}

/** A `tradewind start` in a process of its own. */
export interface System {
  readonly pid: number;
  readonly url: string;
  readonly told: readonly Told[];
  /** Waits until so many fills were told since its start. */
  fills(count: number): Promise<void>;
  /** Ends it by a signal and gives how it ended. */
  end(signal?: NodeJS.Signals): Promise<Ended>;
  /** A command against it. */
  run(...argv: string[]): Promise<Outcome>;
}

/** A folder with settings and variants of its own, and the systems started in it; all end with `dispose`. */
export interface Ground {
  readonly path: string;
  readonly configDir: string;
  start(...argv: string[]): Promise<System>;
  /** A command in this process, for what ends before anything is started. */
  cli(...argv: string[]): Promise<Outcome>;
  /** A start that is to end by itself. */
  run(...argv: string[]): Promise<Outcome>;
  dispose(): Promise<void>;
}

/** Trades on nearly every close of the simulated market. */
export function busyVariant(over: Readonly<Record<string, unknown>> = {}): unknown {
  return {
    variants: { broker: "bybit", strategy: "momentum", mode: "paper", asset_class: "crypto" },
    strategy_config: { lookback_period: 2, threshold_buy: 0.01, threshold_sell: -0.01 },
    trading_symbols: ["BTC/USDT"],
    risk_settings: { risk_per_trade: 0.001, stop_loss_pct: 0.3, take_profit_pct: 0.6, max_daily_loss_pct: null, max_drawdown_pct: null },
    exits: { max_hold_closes: 3 },
    ...over,
  };
}

const MAIN = repo("services/launcher/src/main.ts");
const UP_MS = 60_000;

export function ground(variants: Readonly<Record<string, unknown>>, system: Readonly<Record<string, unknown>> = {}): Ground {
  const path = mkdtempSync(join(tmpdir(), "tradewind-start-"));
  const configDir = join(path, "configs");
  mkdirSync(join(configDir, "variants"), { recursive: true });
  writeFileSync(join(configDir, "system.yaml"), JSON.stringify(system));
  for (const [id, variant] of Object.entries(variants)) writeFileSync(join(configDir, "variants", `${id}.json`), JSON.stringify(variant));
  const children = new Set<ChildProcess>();
  return {
    path,
    configDir,
    async start(...argv) {
      const args = ["start", "--json", "--port", "0", "--no-open", "--config", configDir, ...argv];
      const child = spawn(process.execPath, [MAIN, ...args], { cwd: path, stdio: ["ignore", "pipe", "pipe"] });
      children.add(child);
      child.once("close", () => children.delete(child));
      return followed(child, path, configDir);
    },
    cli: (...argv) => cliIn(path, [...argv, "--config", configDir], {}),
    run: (...argv) => program(process.execPath, [MAIN, "start", "--config", configDir, ...argv], path),
    async dispose() {
      const left = [...children].map((child) => new Promise((resolve) => child.once("close", resolve)));
      for (const child of children) child.kill("SIGKILL");
      await Promise.all(left);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** A start from its first line that says it is up. */
async function followed(child: ChildProcess, path: string, configDir: string): Promise<System> {
  const told: Told[] = [];
  let err = "";
  let rest = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) told.push(JSON.parse(line) as Told);
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<Ended>((resolve) => child.on("close", (code, signal) => resolve({ code, signal, err })));
  const ready = await eventually(
    () => {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${err}`);
      return told.find(({ type }) => type === "ready");
    },
    { timeoutMs: UP_MS, message: "the system is up" },
  );
  const url = String(ready["url"]);
  const news = (): string => JSON.stringify(told.filter(({ type }) => type !== "fill" && type !== "order").slice(-5));
  return {
    pid: child.pid!,
    url,
    told,
    async fills(count) {
      await eventually(() => told.filter(({ type }) => type === "fill").length >= count, {
        timeoutMs: UP_MS,
        message: `${count} fills`,
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}; it told ${news()} ${err}`, { cause: error });
      });
    },
    end(signal = "SIGINT") {
      child.kill(signal);
      return ended;
    },
    run: (...words) => cliIn(path, [...words, ...(words.includes("--url") ? [] : ["--url", url]), "--config", configDir], {}),
  };
}
