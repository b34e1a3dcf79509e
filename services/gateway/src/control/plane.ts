import { watch, type FSWatcher } from "node:fs";
import { join } from "node:path";
import { parseVariant, type LoadedVariant } from "@tradewind/config";
import { inputFailure } from "@tradewind/core";
import type { DesiredVariant } from "@tradewind/contracts";
import { lineOf, type ServiceContext } from "@tradewind/kit";
import type { DesiredStore } from "./desired-store.ts";
import { createFolderReader, type FolderState, type VariantFile } from "./folder.ts";
import type { MarketTime } from "./market-time.ts";
import { createProblems } from "./problems.ts";
import { assertStartable, BY_FILE, byFile, fitsGlobs } from "./rules.ts";

/** What is to run: the folder's files and people's commands, written as desired variants. */
export interface ControlPlane {
  /** The folder as last read. */
  folder(): FolderState;
  problems(): ReadonlyMap<string, string>;
  /** From its file as it is now. Throws `VARIANT_MISSING`, `VARIANT_INVALID`, `MODE_NOT_STARTED`. */
  start(id: string, by: string): Promise<DesiredVariant>;
  /** Throws `VARIANT_MISSING`. */
  stopVariant(id: string, by: string): Promise<DesiredVariant>;
  /** What the desired text of a variant compiles to. */
  compiled(desired: DesiredVariant): LoadedVariant | undefined;
  stop(): Promise<void>;
}

/** An editor writes a file in several steps. */
const SETTLE_MS = 200;
/** Not every file system tells of changes. */
const RESCAN_MS = 3_000;
/** A file that is being replaced is away for a moment. */
const GONE_AFTER_MS = 800;

export interface PlaneOptions {
  readonly store: DesiredStore;
  readonly time: MarketTime;
}

export function openControlPlane(context: ServiceContext, { store, time }: PlaneOptions): ControlPlane {
  const { config, run, log } = context;
  const dir = join(context.configDir, "variants");
  const readFolder = createFolderReader(dir);
  const problems = createProblems(context);
  const compiled = createCompiler(dir);
  const missingSince = new Map<string, number>();
  let folder: FolderState = {};
  let scanning: Promise<void> = Promise.resolve();
  let settling: NodeJS.Timeout | undefined;
  let stopped = false;

  /** Files that are not there, and have not been for long enough to say so. */
  function isGone(id: string, files: ReadonlyMap<string, VariantFile>): boolean {
    if (files.has(id)) return missingSince.delete(id) && false;
    const since = missingSince.get(id) ?? Date.now();
    missingSince.set(id, since);
    if (Date.now() - since >= GONE_AFTER_MS) return true;
    soon(GONE_AFTER_MS);
    return false;
  }

  async function reconcile(id: string, files: ReadonlyMap<string, VariantFile>): Promise<void> {
    const file = files.get(id);
    const known = store.all().get(id);
    const gone = isGone(id, files);
    if (file === undefined && !gone) return;
    if (file?.problem !== undefined) return problems.set(id, file.problem);
    const loaded = file?.loaded;
    const firstFrom = time.first();
    const changeFrom = await time.change(known && compiled(known)?.plan);
    if (firstFrom === undefined || changeFrom === undefined) return;
    const startsAlone = loaded?.plan.mode === "paper" && fitsGlobs(id, config.start.variants);
    let problem: string | undefined;
    const before = store.all().get(id)?.revision;
    const now = await store.change(id, (current) => {
      const running = current && compiled(current);
      const verdict = byFile(current, { id, text: file?.text, loaded, running, startsAlone, firstFrom, changeFrom });
      problem = verdict.problem;
      return verdict.next;
    });
    problems.set(id, problem);
    if (now !== undefined && now.revision !== before)
      log.info(`variant ${id}: revision ${now.revision} ${now.enabled ? "is to run" : "is to stop"}, by its file`);
  }

  async function scan(): Promise<void> {
    if (stopped) return;
    folder = readFolder();
    problems.set("", folder.problem);
    const { files } = folder;
    if (files !== undefined)
      for (const id of new Set([...files.keys(), ...store.all().keys()]))
        await reconcile(id, files).catch((error: unknown) => problems.set(id, lineOf(error)));
    problems.keepOnly((id) => id === "" || files === undefined || files.has(id) || store.all().get(id)?.enabled === true);
  }

  function rescan(): Promise<void> {
    scanning = scanning.then(scan);
    return scanning;
  }

  function soon(ms: number): void {
    clearTimeout(settling);
    settling = setTimeout(() => void rescan(), ms);
  }

  const watcher = watchFolder(dir, () => soon(SETTLE_MS));
  const timer = setInterval(() => void rescan(), RESCAN_MS);
  time.whenKnown(() => void rescan());
  if (time.first() === undefined) context.state.note("waiting for the market's clock; variants start when its feed has set it");
  void rescan();

  return {
    folder: () => folder,
    problems: () => problems.all(),
    compiled,
    async start(id, by) {
      const { files, problem } = readFolder();
      const file = files?.get(id);
      if (file === undefined) throw inputFailure("VARIANT_MISSING", problem ?? missing(id, [...(files?.keys() ?? [])]));
      const { loaded } = file;
      if (loaded === undefined) throw inputFailure("VARIANT_INVALID", file.problem!);
      assertStartable(loaded, config, run.clock);
      const firstFrom = time.first();
      const changeFrom = await time.change(loaded.plan);
      if (firstFrom === undefined || changeFrom === undefined)
        throw inputFailure("NO_MARKET_CLOCK", `${id} cannot start before the market's clock is set; start market-data and ask again`);
      const record = { id, enabled: true, text: file.text, configHash: loaded.configHash, by };
      const desired = await store.change(id, (current) => {
        if (current?.enabled === true && current.text === file.text && current.configHash === loaded.configHash) return undefined;
        return current === undefined
          ? { ...record, revision: 1, effectiveFrom: firstFrom }
          : { ...record, revision: current.revision + 1, effectiveFrom: changeFrom };
      });
      problems.set(id, undefined);
      return desired!;
    },
    async stopVariant(id, by) {
      const changeFrom = await time.change(undefined);
      const desired = await store.change(id, (current) =>
        current === undefined || (!current.enabled && current.by !== BY_FILE)
          ? undefined
          : { ...current, revision: current.revision + 1, effectiveFrom: changeFrom ?? current.effectiveFrom, enabled: false, by },
      );
      if (desired === undefined) throw inputFailure("VARIANT_MISSING", missing(id, [...store.all().keys()]));
      return desired;
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(settling);
      watcher.close();
      await scanning;
    },
  };
}

function missing(id: string, there: readonly string[]): string {
  return `no variant "${id}"; there ${there.length === 0 ? "are none" : `are ${there.toSorted().join(", ")}`}`;
}

/** Compiles desired texts, each once. */
function createCompiler(dir: string): (desired: DesiredVariant) => LoadedVariant | undefined {
  const known = new Map<string, { readonly revision: number; readonly text: string; readonly loaded: LoadedVariant | undefined }>();
  return (desired) => {
    const before = known.get(desired.id);
    if (before?.revision === desired.revision && before.text === desired.text) return before.loaded;
    let loaded: LoadedVariant | undefined;
    try {
      loaded = parseVariant(desired.text, join(dir, `${desired.id}.json`));
    } catch {
      loaded = undefined;
    }
    known.set(desired.id, { revision: desired.revision, text: desired.text, loaded });
    return loaded;
  };
}

/** Tells of changes where the system can; the scan every few seconds does the rest. */
function watchFolder(dir: string, changed: () => void): { close(): void } {
  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dir, { persistent: false }, changed);
    watcher.on("error", () => watcher?.close());
  } catch {
    watcher = undefined;
  }
  return { close: () => watcher?.close() };
}
