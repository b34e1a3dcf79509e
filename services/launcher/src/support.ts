import { accessSync, constants, existsSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { loadSystem, type SystemConfig } from "@tradewind/config";
import { inputFailure } from "@tradewind/core";
import { atPlace, makeFolder } from "@tradewind/lab";
import type { Arguments, Io } from "./command.ts";
import { projectConfigs } from "./settings.ts";

/** System settings for this environment, folders made absolute from the working directory. */
export function systemOf(io: Io): { readonly config: SystemConfig; readonly dataDir: string; readonly cacheDir: string } {
  const config = loadSystem(projectConfigs, io.env);
  return { config, dataDir: resolve(io.cwd, config.data.dir), cacheDir: resolve(io.cwd, config.data.cache_dir) };
}

/** The one positional argument a command needs. */
export function required(args: Arguments, index: number, name: string, hint: string): string {
  const value = args.positionals[index];
  if (value === undefined) throw inputFailure("MISSING_ARGUMENT", `${name} is missing; ${hint}`);
  return value;
}

/** Refuses arguments beyond those a command takes. */
export function noMoreThan(args: Arguments, count: number): void {
  const extra = args.positionals[count];
  if (extra !== undefined) throw inputFailure("EXTRA_ARGUMENT", `"${extra}" is one argument too many; see --help`);
}

/** A point in time: ISO date or date-time (UTC where no zone is given), or ms since the epoch. */
export function parseTime(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{12,}$/.test(text)) return Number(text);
  const zoned = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : /(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text}Z`;
  const day = /^\d{4}-\d{2}-\d{2}/.exec(text)?.[0] ?? "";
  // Date.parse takes 31 February for 3 March.
  const real = !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
  const time = real ? Date.parse(zoned) : Number.NaN;
  if (Number.isNaN(time)) throw inputFailure("BAD_TIME", `--${flag} "${text}" is not a time; write 2022-01-31 or 2022-01-31T14:30`);
  return time;
}

/** "1,234.5" for people; fixed decimals. */
export function show(value: number | null, decimals = 2): string {
  return value === null ? "n/a" : value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** "1 order", "2 orders". */
export function counted(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** Share done and speed, as a line that overwrites itself. */
export function progressLine(io: Io, what: string): (done: number, total: number) => void {
  const start = performance.now();
  return (done, total) => {
    if (done >= total) return io.progress("");
    const perSecond = done / Math.max((performance.now() - start) / 1000, 1e-3);
    io.progress(`${what} ${Math.floor((100 * done) / total)} %  ${show(perSecond / 1e6, 2)} M/s`);
  };
}

/** Refuses a path that no file can be written to, before any work is done for it. */
export function checkTarget(path: string, flag: string): void {
  if (existsSync(path) && statSync(path).isDirectory())
    throw inputFailure("BAD_TARGET", `--${flag} "${path}" is a folder; name a file in it`);
  const folder = dirname(path);
  makeFolder(folder);
  if (!statSync(folder).isDirectory())
    throw inputFailure("BAD_TARGET", `--${flag} "${path}": "${folder}" is a file, not a folder; choose another place`);
  accessSync(folder, constants.W_OK);
}

/** Writes a file whole or not at all. */
export function writeWhole(path: string, text: string): void {
  const staged = `${path}.${process.pid}.part`;
  try {
    writeFileSync(staged, text);
    renameSync(staged, path);
  } catch (error) {
    rmSync(staged, { force: true });
    throw atPlace(error, path);
  }
}
