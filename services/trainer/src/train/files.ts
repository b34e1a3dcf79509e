import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes files of one folder, all of them or none: each is on the disk beside its place before the first takes it. */
export function writeTogether(dir: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  const names = Object.keys(files);
  const own = randomBytes(6).toString("hex");
  const staged = (name: string): string => join(dir, `${name}.${own}.part`);
  try {
    makeFolder(dir);
    for (const name of names) writeFileSync(staged(name), files[name]!, { flush: true });
  } catch (error) {
    for (const name of names) rmSync(staged(name), { force: true });
    throw error instanceof Error && "syscall" in error ? Object.assign(error, { path: dir, dest: undefined }) : error;
  }
  for (const name of names) renameSync(staged(name), join(dir, name));
}

/** Makes a folder and those above it. Node's own recursive mkdir never returns where a folder cannot be made (/proc). */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}
