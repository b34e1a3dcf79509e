import { createHash } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { basename, dirname, join } from "node:path";
import { decodeEntry, encodeEntry, inputFailure, type LedgerEntry } from "@tradewind/core";
import type { LoadedVariant } from "@tradewind/config";
import type { BacktestResult } from "./result.ts";

const MANIFEST = "manifest.json";
const LEDGER = "ledger.jsonl";
const LINE_FEED = 10;

/** Names a run and what it was made of. */
export interface RunManifest {
  readonly run: string;
  readonly clock: "events";
  readonly variant: string;
  readonly config_hash: string;
  readonly ledger_hash: string;
  /** Of the bytes of the ledger's file: `ledger_hash` is over the canonical lines, which leave out the postings. */
  readonly file_sha256: string;
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
export async function saveRun(
  dataDir: string,
  variant: LoadedVariant,
  result: BacktestResult,
  entries: readonly LedgerEntry[],
): Promise<StoredRun> {
  const run = `${result.variant}-${result.ledger_hash.slice(0, 12)}`;
  const dir = join(dataDir, "runs", run);
  const staged = `${dir}.${process.pid}.part`;
  try {
    makeFolder(staged);
    const fileHash = createHash("sha256");
    const out = createWriteStream(join(staged, LEDGER));
    await once(out, "open");
    for (const entry of entries) {
      const line = `${encodeEntry(entry)}\n`;
      fileHash.update(line);
      if (!out.write(line)) await once(out, "drain");
    }
    out.end();
    await once(out, "finish");
    const { variant: id, config_hash, ledger_hash } = result;
    const file_sha256 = fileHash.digest("hex");
    const manifest: RunManifest = {
      run,
      clock: "events",
      variant: id,
      config_hash,
      ledger_hash,
      file_sha256,
      entries: entries.length,
      config: variant.config,
      result,
    };
    writeFileSync(join(staged, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    replaceFolder(staged, dir);
    return { dir, manifest, ledgerFile: join(dir, LEDGER) };
  } catch (error) {
    rmSync(staged, { recursive: true, force: true });
    throw atPlace(error, dir);
  }
}

/** The error of a file operation, naming the place a person knows: not the staging file, and not nothing (a full disk). */
export function atPlace(error: unknown, path: string): unknown {
  return error instanceof Error && "syscall" in error ? Object.assign(error, { path, dest: undefined }) : error;
}

/** Makes a folder and those above it. Node's own recursive mkdir never returns where a folder cannot be made (/proc). */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have been faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Puts `staged` in the place of `dir`; where another process is putting the same run there, its copy may stay. */
function replaceFolder(staged: string, dir: string): void {
  rmSync(dir, { recursive: true, force: true });
  try {
    renameSync(staged, dir);
  } catch (error) {
    if (!existsSync(join(dir, MANIFEST))) throw error;
    rmSync(staged, { recursive: true, force: true });
  }
}

/** A run by name, by the start of its name, or the newest one when left out. Throws `NO_RUN` naming what is there. */
export function findRun(dataDir: string, name: string | undefined): StoredRun {
  const root = join(dataDir, "runs");
  const runs = listRuns(root);
  const found = name === undefined ? runs[0] : (runs.find((run) => run === name) ?? only(runs.filter((run) => run.startsWith(name))));
  if (found === undefined) {
    const there = runs.length === 0 ? "make one: tradewind backtest VARIANT --data FILE" : `there are ${runs.slice(0, 8).join(", ")}`;
    throw inputFailure("NO_RUN", name === undefined ? `no run in ${root}; ${there}` : `no single run "${name}" in ${root}; ${there}`);
  }
  const dir = join(root, found);
  return { dir, manifest: readManifest(dir), ledgerFile: join(dir, LEDGER) };
}

function readManifest(dir: string): RunManifest {
  const path = join(dir, MANIFEST);
  let manifest: Partial<RunManifest> | null;
  try {
    manifest = JSON.parse(readFileSync(path, "utf8")) as Partial<RunManifest> | null;
  } catch (error) {
    throw inputFailure(
      "BAD_MANIFEST",
      `${path}: cannot be read (${error instanceof Error ? error.message : String(error)}); run the backtest again`,
    );
  }
  if (typeof manifest?.ledger_hash !== "string" || typeof manifest.run !== "string")
    throw inputFailure("BAD_MANIFEST", `${path}: is no manifest of a run; run the backtest again`);
  return manifest as RunManifest;
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

/** The run that a ledger file belongs to, where its manifest lies beside it. */
export function runOf(ledgerFile: string): StoredRun | undefined {
  const dir = dirname(ledgerFile);
  if (basename(ledgerFile) !== LEDGER || !existsSync(join(dir, MANIFEST))) return undefined;
  return { dir, manifest: readManifest(dir), ledgerFile };
}

/** Reads a ledger file entry by entry; `hashed` gets the SHA-256 of its bytes. Throws `BAD_LEDGER_LINE`, `NO_LEDGER`. */
export function* readLedger(file: string, hashed?: (sha256: string) => void): Generator<LedgerEntry> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw inputFailure(
      "NO_LEDGER",
      code === "EISDIR" ? `"${file}" is a folder; name a ledger file or a run` : `no ledger at "${file}" (${code}); check the path`,
    );
  }
  hashed?.(createHash("sha256").update(bytes).digest("hex"));
  let line = 0;
  for (let from = 0; from < bytes.length;) {
    const to = bytes.indexOf(LINE_FEED, from);
    line += 1;
    if (to < 0) throw inputFailure("BAD_LEDGER_LINE", `${file}:${line}: the last line is cut off; export the ledger again`);
    yield decodeEntry(bytes.toString("utf8", from, to), `${file}:${line}`);
    from = to + 1;
  }
}
