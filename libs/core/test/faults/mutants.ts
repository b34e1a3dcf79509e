import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Code } from "./life.ts";

/** One exact piece of the sources, and what a mutant has in its place. */
export interface Patch {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const source = fileURLToPath(new URL("../../src", import.meta.url));

/** The account machine with patches, from a copy of the sources. Throws when a piece is not there exactly once. */
export async function mutate(patches: readonly Patch[]): Promise<Code> {
  const folder = mkdtempSync(join(tmpdir(), "tradewind-mutant-"));
  cpSync(source, folder, { recursive: true });
  for (const { file, from, to } of patches) {
    const path = join(folder, file);
    const pieces = readFileSync(path, "utf8").split(from);
    if (pieces.length !== 2) throw new Error(`${file} has the piece to mutate ${pieces.length - 1} times, not once: ${from}`);
    writeFileSync(path, pieces.join(to));
  }
  const load = (file: string) => import(/* @vite-ignore */ pathToFileURL(join(folder, file)).href) as Promise<never>;
  try {
    return { trade: await load("trade/trade.ts"), snapshot: await load("trade/account-snapshot.ts") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
