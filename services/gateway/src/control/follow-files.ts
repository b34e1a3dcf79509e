import { isFailure } from "@tradewind/core";
import { lineOf, type ServiceContext } from "@tradewind/kit";
import type { Compile } from "./compiler.ts";
import type { DesiredStore } from "./desired-store.ts";
import type { FolderState, VariantFile } from "./folder.ts";
import type { AssertLedgerFits } from "./ledger-fits.ts";
import type { MarketTime } from "./market-time.ts";
import type { Problems } from "./problems.ts";
import { byFile, fitsGlobs, type FileFacts } from "./rules.ts";
import { watchFolder } from "./watch-folder.ts";

/** An editor writes a file in several steps. */
const SETTLE_MS = 200;
/** Not every file system tells of changes. */
const RESCAN_MS = 3_000;
/** A file that is being replaced is away for a moment. */
const GONE_AFTER_MS = 800;

export interface FollowedFiles {
  /** As last read. */
  folder(): FolderState;
  stop(): Promise<void>;
}

export interface FollowOptions {
  readonly dir: string;
  readonly read: () => FolderState;
  readonly reconcile: (id: string, file: VariantFile | undefined) => Promise<void>;
  readonly known: () => Iterable<string>;
  /** Called after each reading. */
  readonly done: (folder: FolderState) => void;
}

/** Reads the folder at changes and every few seconds, one reading at a time, and hands over each file, there or gone. */
export function followFiles(
  context: ServiceContext,
  { dir, read, reconcile, known, done }: FollowOptions,
): FollowedFiles & { soon(): void } {
  const missingSince = new Map<string, number>();
  let folder: FolderState = {};
  let scanning: Promise<void> = Promise.resolve();
  let settling: NodeJS.Timeout | undefined;
  let stopped = false;

  /** Whether a file is not there, and has not been for long enough to say so. */
  function isGone(id: string): boolean {
    const since = missingSince.get(id) ?? Date.now();
    missingSince.set(id, since);
    if (Date.now() - since >= GONE_AFTER_MS) return true;
    soon(GONE_AFTER_MS);
    return false;
  }

  async function scan(): Promise<void> {
    // What is decided could not be written; the next reading sees the same files.
    if (stopped || !context.bus.connected) return;
    if (folder.files === undefined) watcher.renew();
    folder = read();
    const { files } = folder;
    if (files !== undefined)
      for (const id of new Set([...files.keys(), ...known()])) {
        const file = files.get(id);
        if (file !== undefined) missingSince.delete(id);
        else if (!isGone(id)) continue;
        await reconcile(id, file);
      }
    done(folder);
  }

  function rescan(): void {
    scanning = scanning.then(scan).catch((error: unknown) => context.log.warn(`the folder of variants: ${lineOf(error)}`));
  }

  function soon(ms = 0): void {
    clearTimeout(settling);
    settling = setTimeout(rescan, ms);
  }

  const watcher = watchFolder(dir, () => soon(SETTLE_MS));
  const timer = setInterval(rescan, RESCAN_MS);
  return {
    folder: () => folder,
    soon: () => soon(),
    async stop() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(settling);
      watcher.close();
      await scanning;
    },
  };
}

export interface ReconcileParts {
  readonly store: DesiredStore;
  readonly time: MarketTime;
  readonly problems: Problems;
  readonly compiled: Compile;
  readonly assertFits: AssertLedgerFits;
}

/** Writes what one file asks of its variant, if anything. */
export function createReconcile(
  context: ServiceContext,
  { store, time, problems, compiled, assertFits }: ReconcileParts,
): FollowOptions["reconcile"] {
  const { config, log } = context;

  async function write(id: string, facts: FileFacts): Promise<string | undefined> {
    const before = store.all().get(id);
    const seen = byFile(before, { ...facts, running: before && compiled(before) });
    if (seen.next === undefined) return seen.problem;
    if (seen.next.enabled && facts.loaded !== undefined) await assertFits(facts.loaded, before && compiled(before));
    const firstFrom = time.first();
    const changeFrom = await time.change(before && compiled(before)?.plan);
    // Without the market's clock nothing can begin; it is asked again when the clock is known.
    if (firstFrom === undefined || changeFrom === undefined) return undefined;
    let problem: string | undefined;
    const now = await store.change(id, (current) => {
      const verdict = byFile(current, { ...facts, running: current && compiled(current), firstFrom, changeFrom });
      problem = verdict.problem;
      return verdict.next;
    });
    if (now !== undefined && now.revision !== before?.revision)
      log.info(`variant ${id}: revision ${now.revision} ${now.enabled ? "is to run" : "is to stop"}, by its file`);
    return problem;
  }

  return async (id, file) => {
    if (file?.problem !== undefined) return problems.set(id, file.problem);
    const startsAlone = file?.loaded?.plan.mode === "paper" && fitsGlobs(id, config.start.variants);
    const facts = { id, text: file?.text, loaded: file?.loaded, running: undefined, startsAlone, firstFrom: 0, changeFrom: 0 };
    try {
      problems.set(id, await write(id, facts));
    } catch (error) {
      if (!isFailure(error) || error.action !== "retry") problems.set(id, lineOf(error));
    }
  };
}
