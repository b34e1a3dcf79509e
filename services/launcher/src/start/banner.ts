import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SystemConfig } from "@tradewind/config";
import type { VariantPlan } from "@tradewind/core";
import { shownPath } from "../settings.ts";

export interface BannerFacts {
  readonly config: SystemConfig;
  /** A run of before goes on. */
  readonly continued: boolean;
  readonly plans: readonly VariantPlan[];
  /** Of the dashboard, with the token. */
  readonly url: string;
  /** What other commands need to find this system: empty where its settings say it. */
  readonly flags: string;
  readonly cwd: string;
}

/** What runs, where, and how to look at it. */
export function banner({ config, continued, plans, url, flags, cwd }: BannerFacts): string {
  const { market, run } = config;
  const what = market.feed === "simulated" ? "SIMULATED MARKET" : "RECORDED MARKET";
  const how =
    market.feed === "simulated"
      ? `simulated, seed ${market.seed}, ${market.speed} times as fast as real time`
      : `replay of recorded candles, clock of ${run.clock}`;
  const variants = plans.map(({ id, instruments }) => `${id} (${instruments.map(({ symbol }) => symbol).join(", ")})`);
  const rows: readonly (readonly [string, string])[] = [
    ["market", how],
    ["variants", variants.join(`\n${" ".repeat(13)}`) || "none; start one with: npx tradewind variants start ID"],
    ["data", `${shownPath(config.bus.file, cwd)}${continued ? ", the run there goes on" : ", a new run"}`],
    ["dashboard", url],
    ["ask it", `npx tradewind status${flags}`],
    ["ends", "with Ctrl-C"],
  ];
  return `Tradewind: ${what}, PAPER MONEY. No order leaves this computer.\n${rows.map(([name, text]) => `  ${name.padEnd(11)}${text}`).join("\n")}\n`;
}

const openers: Readonly<Record<string, readonly string[]>> = { darwin: ["open"], win32: ["cmd", "/c", "start", ""], linux: ["xdg-open"] };

/**
 * Shows the dashboard in the browser of a person who sits at a screen. The address holds the token, and the arguments
 * of a process are anybody's to read: the browser is given a file that only this user reads.
 */
export function openPage(url: string, folder: string): void {
  const [command, ...args] = openers[process.platform] ?? [];
  const seen = process.platform !== "linux" || process.env["DISPLAY"] || process.env["WAYLAND_DISPLAY"];
  if (command === undefined || !seen || !process.stdout.isTTY || process.env["CI"]) return;
  const file = join(folder, "dashboard.html");
  try {
    writeFileSync(file, `<!doctype html><meta http-equiv="refresh" content="0;url=${url}">`, { mode: 0o600 });
    spawn(command, [...args, file], { stdio: "ignore", detached: true })
      .on("error", () => undefined)
      .unref();
  } catch {
    // The address is on the screen as well.
  }
}
