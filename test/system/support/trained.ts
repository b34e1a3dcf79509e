import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const MAIN = join(import.meta.dirname, "../../../services/launcher/src/main.ts");
const OUTPUT_MAX_BYTES = 64 * 1_048_576;

/** Runs the command line to its end in a process of its own; throws with all it said when its exit code is not 0. */
export async function tradewind(cwd: string, ...argv: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...argv], { cwd, maxBuffer: OUTPUT_MAX_BYTES });
  return stdout;
}

/** The file that `tradewind train` makes in this folder of candles in a CSV, by an everyday course of few epochs. */
export async function trainedFile(dir: string, family: string, csv: string, ...flags: string[]): Promise<string> {
  const argv = ["--family", family, "--data", csv, "--broker", "bybit", "--horizon", "15", "--folds", "2", "--out", dir, ...flags];
  const { files } = JSON.parse(await tradewind(dir, "train", ...argv, "--json")) as { readonly files: { readonly model: string } };
  return files.model;
}

export function bytesOf(file: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(file));
}
