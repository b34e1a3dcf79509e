import { join } from "node:path";
import type { LoadedVariant } from "@tradewind/config";
import { inputFailure } from "@tradewind/core";
import type { DesiredVariant } from "@tradewind/contracts";
import type { ServiceContext } from "@tradewind/kit";
import { createCompiler } from "./compiler.ts";
import type { DesiredStore } from "./desired-store.ts";
import { createFolderReader, type FolderState } from "./folder.ts";
import { createReconcile, followFiles } from "./follow-files.ts";
import { createLedgerFits } from "./ledger-fits.ts";
import type { MarketTime } from "./market-time.ts";
import { createProblems } from "./problems.ts";
import { assertStartable, BY_FILE } from "./rules.ts";

/** What is to run: the folder's files and people's commands, written as desired variants. */
export interface ControlPlane {
  /** The folder as last read. */
  folder(): FolderState;
  /** By variant; under "" that of the folder. */
  problems(): ReadonlyMap<string, string>;
  /** From its file as it is now. Throws `VARIANT_MISSING`, `VARIANT_INVALID`, `MODE_NOT_STARTED`, `LEDGER_NEEDS`, `NO_MARKET_CLOCK`. */
  start(id: string, by: string): Promise<DesiredVariant>;
  /** Throws `VARIANT_MISSING`. */
  stopVariant(id: string, by: string): Promise<DesiredVariant>;
  /** What the desired text of a variant compiles to. */
  compiled(desired: DesiredVariant): LoadedVariant | undefined;
  stop(): Promise<void>;
}

export interface PlaneOptions {
  readonly store: DesiredStore;
  readonly time: MarketTime;
}

export function openControlPlane(context: ServiceContext, { store, time }: PlaneOptions): ControlPlane {
  const dir = join(context.configDir, "variants");
  const read = createFolderReader(dir);
  const problems = createProblems(context);
  const compiled = createCompiler(dir);
  const assertFits = createLedgerFits(context.bus);
  const files = followFiles(context, {
    dir,
    read,
    reconcile: createReconcile(context, { store, time, problems, compiled, assertFits }),
    known: () => store.all().keys(),
    done({ files: there, problem }) {
      problems.set("", problem);
      problems.keepOnly((id) => id === "" || there === undefined || there.has(id) || store.all().get(id)?.enabled === true);
    },
  });
  if (time.first() === undefined) context.state.note("waiting for the market's clock; variants start when its feed has set it");
  time.whenKnown(files.soon);
  files.soon();

  return {
    folder: files.folder,
    problems: () => problems.all(),
    compiled,
    stop: () => files.stop(),
    async start(id, by) {
      const { loaded, text } = fileOf(read(), id);
      assertStartable(loaded, context.config, context.run.clock);
      const before = store.all().get(id);
      await assertFits(loaded, before && compiled(before));
      const firstFrom = time.first();
      const changeFrom = await time.change(loaded.plan);
      if (firstFrom === undefined || changeFrom === undefined)
        throw inputFailure("NO_MARKET_CLOCK", `${id} cannot start before the market's clock is set; start market-data and ask again`);
      const { configHash } = loaded;
      const record = { id, enabled: true, text, configHash, by };
      const desired = await store.change(id, (current) => {
        if (current?.enabled === true && current.text === text && current.configHash === configHash) return undefined;
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
      if (desired === undefined) throw inputFailure("VARIANT_MISSING", missing(id, store.all().keys()));
      return desired;
    },
  };
}

function fileOf({ files, problem }: FolderState, id: string): { readonly loaded: LoadedVariant; readonly text: string } {
  const file = files?.get(id);
  if (file === undefined) throw inputFailure("VARIANT_MISSING", problem ?? missing(id, files?.keys() ?? []));
  if (file.loaded === undefined) throw inputFailure("VARIANT_INVALID", file.problem ?? `${id} cannot be read`);
  return { loaded: file.loaded, text: file.text };
}

function missing(id: string, there: Iterable<string>): string {
  const names = [...there].sort();
  return `no variant "${id}"; there ${names.length === 0 ? "are none" : `are ${names.join(", ")}`}`;
}
