import { join } from "node:path";
import { parseVariant, type LoadedVariant } from "@tradewind/config";
import type { DesiredVariant } from "@tradewind/contracts";

/** What the desired text of a variant compiles to; undefined when it does not, here. */
export type Compile = (desired: DesiredVariant) => LoadedVariant | undefined;

/** Compiles desired texts, each once. Their relative paths are those of the folder of variants. */
export function createCompiler(dir: string): Compile {
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
