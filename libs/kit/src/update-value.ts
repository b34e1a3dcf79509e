import type { Kv } from "@tradewind/bus";

/**
 * Changes the value of a key by compare-and-set: `change` gets the value as it is, and is called again when somebody else
 * was faster. The same object from it writes nothing, undefined deletes the key. Gives the value as it is then.
 */
export async function updateValue<T>(
  kv: Kv,
  key: string,
  decode: (text: string) => T,
  change: (value: T | undefined) => T | undefined,
): Promise<T | undefined> {
  for (;;) {
    const entry = await kv.get(key);
    const before = entry && decode(entry.value);
    const after = change(before);
    if (after === before) return before;
    if (await write(kv, key, entry?.revision, after === undefined ? undefined : JSON.stringify(after))) return after;
  }
}

async function write(kv: Kv, key: string, revision: number | undefined, text: string | undefined): Promise<boolean> {
  if (text === undefined) return kv.delete(key, revision);
  return (revision === undefined ? await kv.create(key, text) : await kv.update(key, text, revision)) !== undefined;
}
