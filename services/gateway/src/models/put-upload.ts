import { randomUUID } from "node:crypto";
import type { Blobs } from "@tradewind/bus";

/** Nobody tries a file out for so long: its gateway ended in the middle. */
const LEFT_AFTER_MS = 600_000;

/** Puts a file where model-inference takes it from, after those that were left behind. Gives its name. */
export async function putUpload(files: Blobs, file: Uint8Array): Promise<string> {
  const now = Date.now();
  for (const name of await files.list()) {
    const [, at] = /^upload-(\d+)-/.exec(name) ?? [];
    if (at !== undefined && now - Number(at) > LEFT_AFTER_MS) await files.delete(name);
  }
  const name = `upload-${now}-${randomUUID()}`;
  await files.put(name, file);
  return name;
}
