import { isAbsolute, join, resolve } from "node:path";
import { existsSync, statSync } from "node:fs";
import { loadSystem, type SystemConfig } from "@tradewind/config";
import { inputFailure } from "@tradewind/core";
import type { Arguments, Io, Option } from "./command.ts";

/** The project's own folder of settings, found from this file. */
export const projectConfigs = resolve(import.meta.dirname, "../../../configs");

/** Flag of every command that reads settings or variant files. */
export const configOption: Readonly<Record<string, Option>> = {
  config: {
    type: "string",
    value: "DIR",
    doc: "folder of system.yaml and variants/ (default: TRADEWIND_CONFIG, else the project's configs)",
  },
};

export interface Settings {
  readonly config: SystemConfig;
  /** Absolute. */
  readonly configDir: string;
}

/** The system's settings with every path absolute. `flags` are laid over them, e.g. `{market: {speed: 10}}`. */
export function settingsOf(args: Arguments, io: Io, flags: unknown = {}): Settings {
  const named = args.text("config") ?? io.env["TRADEWIND_CONFIG"];
  const configDir = named === undefined ? projectConfigs : resolve(io.cwd, named);
  if (named !== undefined && !(existsSync(configDir) && statSync(configDir).isDirectory()))
    throw inputFailure("NO_FOLDER", `no folder at "${configDir}"; name the folder of system.yaml and variants/`);
  const config = loadSystem(configDir, io.env, flags);
  const place = (path: string): string => resolve(io.cwd, path);
  return {
    configDir,
    config: {
      ...config,
      data: { ...config.data, dir: place(config.data.dir), cache_dir: place(config.data.cache_dir) },
      bus: { ...config.bus, file: place(config.bus.file) },
      training: { ...config.training, dir: place(config.training.dir) },
      gateway: { ...config.gateway, token_file: place(config.gateway.token_file) },
    },
  };
}

/** Folder of the variant files. */
export function variantsFolder(configDir: string): string {
  return join(configDir, "variants");
}

/** A path as people like it: from the working directory where it is below. */
export function shownPath(path: string, cwd: string): string {
  return isAbsolute(path) && path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}

/** A number from `least` to `most` that a flag was given; whole where asked. */
export function numberFlag(args: Arguments, name: string, least: number, most: number, whole: boolean): number | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value >= least && value <= most) || (whole && !Number.isInteger(value)))
    throw inputFailure("BAD_FLAG", `--${name} "${text}" is not a ${whole ? "whole " : ""}number from ${least} to ${most}`);
  return value;
}

/** One of a few words that a flag was given. */
export function choiceFlag<T extends string>(args: Arguments, name: string, choices: readonly T[]): T | undefined {
  const text = args.text(name);
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw inputFailure("BAD_FLAG", `--${name} "${text}" is not one of ${choices.join(", ")}`);
  return found;
}
