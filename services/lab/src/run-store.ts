import { createWriteStream, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { decodeEntry, encodeEntry, inputFailure, type LedgerEntry } from "@tradewind/core";
import type { LoadedVariant } from "@tradewind/config";
import type { BacktestResult } from "./result.ts";

const MANIFEST = "manifest.json";
const LEDGER = "ledger.jsonl";

/** Names a run and what it was made of. */
export interface RunManifest {
  readonly run: string;
  readonly clock: "events";
  readonly variant: string;
  readonly config_hash: string;
  readonly ledger_hash: string;
  readonly entries: number;
  /** The effective variant file; secrets as `${NAME}`. */
  readonly config: unknown;
  readonly result: BacktestResult;
}

/** A run on disk. */
export interface StoredRun {
  readonly dir: string;
  readonly manifest: RunManifest;
  readonly ledgerFile: string;
}

/**
 * Keeps a run under <dataDir>/runs/<run>/: its manifest and its ledger, an entry a line. The folder appears whole or
 * not at all; the same run again replaces itself.
 */
export async function saveRun(dataDir: string, variant: LoadedVariant, result: BacktestResult, entries: readonly LedgerEntry[]): Promise<StoredRun> {
  const run = `${result.variant}-${result.ledger_hash.slice(0, 12)}`;
  const dir = join(dataDir, "runs", run);
  const staged = `${dir}.${process.pid}.part`;
  mkdirSync(staged, { recursive: true });
  try {
    const out = createWriteStream(join(staged, LEDGER));
    for (const entry of entries) if (!out.write(`${encodeEntry(entry)}\n`)) await once(out, "drain");
    out.end();
    await once(out, "finish");
    const manifest: RunManifest = { run, clock: "events", variant: result.variant, config_hash: result.config_hash, ledger_hash: result.ledger_hash, entries: entries.length, config: variant.config, result };
    writeFileSync(join(staged, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    rmSync(dir, { recursive: true, force: true });
    renameSync(staged, dir);
    return { dir, manifest, ledgerFile: join(dir, LEDGER) };
  } catch (error) {
    rmSync(staged, { recursive: true, force: true });
    throw error;
  }
}

/** A run by name, by the start of its name, or the newest one when left out. Throws `NO_RUN` naming what is there. */
export function findRun(dataDir: string, name: string | undefined): StoredRun {
  const root = join(dataDir, "runs");
  const runs = listRuns(root);
  const found = name === undefined ? runs[0] : runs.find((run) => run === name) ?? only(runs.filter((run) => run.startsWith(name)));
  if (found === undefined) {
    const there = runs.length === 0 ? "make one: tradewind backtest VARIANT --data FILE" : `there are ${runs.slice(0, 8).join(", ")}`;
    throw inputFailure("NO_RUN", name === undefined ? `no run in ${root}; ${there}` : `no single run "${name}" in ${root}; ${there}`);
  }
  const dir = join(root, found);
  return { dir, manifest: JSON.parse(readFileSync(join(dir, MANIFEST), "utf8")) as RunManifest, ledgerFile: join(dir, LEDGER) };
}

function only<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined;
}

/** Newest first. */
function listRuns(root: string): string[] {
  let names: string[];
  try {
    names = readdirSync(root).filter((name) => !name.endsWith(".part"));
  } catch {
    return [];
  }
  const age = (name: string) => statSync(join(root, name)).mtimeMs;
  return names.sort((a, b) => age(b) - age(a));
}

/** Reads a ledger file entry by entry. Throws `BAD_LEDGER_LINE`, `NO_LEDGER`. */
export function* readLedger(file: string): Generator<LedgerEntry> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw inputFailure("NO_LEDGER", `no ledger at "${file}" (${error instanceof Error ? error.message : String(error)})`);
  }
  let line = 0;
  let from = 0;
  while (from < text.length) {
    const to = text.indexOf("\n", from);
    line += 1;
    if (to < 0) throw inputFailure("BAD_LEDGER_LINE", `${file}:${line}: the last line is cut off; export the ledger again`);
    yield decodeEntry(text.slice(from, to), `${file}:${line}`);
    from = to + 1;
  }
}
