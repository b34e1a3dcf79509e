import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** A file written beside its place, on disk in full, and not yet there. */
export interface StagedFile {
  /** Puts it in its place, where readers see the old file or the new one and nothing between. */
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/** Ends the name of a file that is not in its place. */
export const STAGED_SUFFIX = ".tmp";
let count = 0;

/** Writes `bytes` beside `path` and through to the disk. */
export async function stageFile(path: string, bytes: Uint8Array): Promise<StagedFile> {
  const temporary = `${path}.${process.pid}-${count++}${STAGED_SUFFIX}`;
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(temporary, "w");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return { commit: () => rename(temporary, path), discard: () => rm(temporary, { force: true }) };
}
