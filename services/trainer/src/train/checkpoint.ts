import { closeSync, existsSync, fsyncSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { makeFolder } from "./files.ts";

/** Where a training has got to, on disk: under a key that names everything the training is a function of. */
export interface CheckpointFile {
  readonly path: string;
  /** What was saved last; undefined when nothing is there, or nothing that can be read. */
  read(): unknown;
  /** Whole or not at all, and on the disk when it returns. */
  save(state: unknown): void;
  remove(): void;
}

/** The key of a training: equal for equal settings on equal data, and for nothing else. */
export function checkpointKey(of: unknown): string {
  return createHash("sha256").update(JSON.stringify(of)).digest("hex").slice(0, 24);
}

const FORGOTTEN_MS = 30 * 86_400_000;

/** Removes checkpoints that nobody has gone on from for a month, and what a crash left of others. */
export function dropForgotten(dir: string): void {
  const folder = join(dir, ".checkpoints");
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const since = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (since < Date.now() - FORGOTTEN_MS) rmSync(path, { force: true });
  }
}

export function openCheckpoint(dir: string, key: string): CheckpointFile {
  const path = join(dir, ".checkpoints", key);
  return {
    path,
    read() {
      let bytes: Buffer;
      try {
        bytes = readFileSync(path);
      } catch {
        return undefined;
      }
      // A half-written file has no place under this name; one that was damaged later fails its hash.
      const sum = createHash("sha256").update(bytes.subarray(32)).digest();
      return sum.equals(bytes.subarray(0, 32)) ? (deserialize(bytes.subarray(32)) as unknown) : undefined;
    },
    save(state) {
      const bytes = serialize(state);
      makeFolder(dirname(path));
      const staged = `${path}.${randomBytes(6).toString("hex")}.part`;
      const file = openSync(staged, "w");
      try {
        writeSync(file, createHash("sha256").update(bytes).digest());
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
        fsyncSync(file);
      } catch (error) {
        rmSync(staged, { force: true });
        throw error;
      } finally {
        closeSync(file);
      }
      renameSync(staged, path);
    },
    remove() {
      // What a kill in mid-save has left goes with it.
      const folder = dirname(path);
      for (const name of existsSync(folder) ? readdirSync(folder) : [])
        if (name.startsWith(key)) rmSync(join(folder, name), { force: true });
    },
  };
}
