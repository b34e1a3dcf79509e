import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseVariant, type LoadedVariant } from "@tradewind/config";
import { isFailure } from "@tradewind/core";
import { lineOf } from "@tradewind/kit";

/** A variant's file: what it compiles to, or why it does not, in one line. */
export interface VariantFile {
  readonly id: string;
  readonly text: string;
  readonly loaded?: LoadedVariant;
  readonly problem?: string;
}

/** The folder as it is now. When it cannot be read, `files` is undefined: nobody may conclude that files are gone. */
export interface FolderState {
  readonly files?: ReadonlyMap<string, VariantFile>;
  readonly problem?: string;
}

const BYTES_MOST = 262_144;

/** Reads the variant files of a folder; those whose text has not changed are not compiled again. */
export function createFolderReader(folder: string): () => FolderState {
  let known = new Map<string, VariantFile>();

  function readOne(id: string, name: string): VariantFile {
    const path = join(folder, name);
    try {
      const stat = statSync(path);
      if (!stat.isFile()) return { id, text: "", problem: `${name}: is not a file` };
      if (stat.size > BYTES_MOST) return { id, text: "", problem: `${name}: has ${stat.size} bytes; a variant has at most ${BYTES_MOST}` };
      const text = readFileSync(path, "utf8");
      const before = known.get(id);
      if (before !== undefined && before.text === text && before.loaded?.strategyFile === null) return before;
      return compile(id, text, path);
    } catch (error) {
      return { id, text: "", problem: `${name}: cannot be read: ${lineOf(error)}` };
    }
  }

  return () => {
    let names: string[];
    try {
      names = readdirSync(folder).filter((name) => /\.jsonc?$/.test(name) && !name.startsWith("."));
    } catch (error) {
      return { problem: `the folder of variants cannot be read: ${lineOf(error)}; what runs goes on` };
    }
    const files = new Map<string, VariantFile>();
    for (const name of names.sort()) {
      const id = name.replace(/\.jsonc?$/, "");
      const twin = files.has(id);
      files.set(id, twin ? { id, text: "", problem: `${id}.json and ${id}.jsonc are both there; keep one of them` } : readOne(id, name));
    }
    known = files;
    return { files };
  };
}

/** All faults of a file in one line; its folder is known to whoever reads this. */
function problemLine(error: unknown, path: string): string {
  if (!isFailure(error)) return lineOf(error);
  return error.message
    .replaceAll(`${dirname(path)}/`, "")
    .split(/\s*\n\s*/)
    .join("; ");
}

function compile(id: string, text: string, path: string): VariantFile {
  try {
    return { id, text, loaded: parseVariant(text, path) };
  } catch (error) {
    return { id, text, problem: problemLine(error, path) };
  }
}
