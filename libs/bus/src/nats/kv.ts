import type { BucketName } from "@tradewind/contracts";
import type { Kv, KvChange, KvEntry } from "../bus.ts";
import { checkKey } from "../subject.ts";
import { store, type StoreOptions } from "./append.ts";
import type { Link } from "./link.ts";
import type { Delivered } from "./pull.ts";
import { openReader, type Reader, type Source } from "./reader.ts";
import { textOf } from "./text.ts";

/** A bucket in the layout of NATS's own clients: one stream, one subject per key, deletion as a marker. */
export function openKv(link: Link, bucket: BucketName, onError: (error: unknown, where: string) => void): Kv {
  const stream = `KV_${bucket}`;
  const prefix = `$KV.${bucket}.`;
  const source: Source = { link, stream, filter: `${prefix}>`, start: "last per subject" };
  const changeOf = ({ subject, seq, message }: Delivered): KvChange => ({
    key: subject.slice(prefix.length),
    value: isDeletion(message) ? undefined : textOf(message.data),
    revision: seq,
  });

  async function last(key: string): Promise<(KvEntry & { readonly deleted: boolean }) | undefined> {
    checkKey(key);
    const message = await link.call(`key "${key}" of ${bucket}`, () => link.jsm.streams.getMessage(stream, { last_by_subj: prefix + key }));
    if (message === null) return undefined;
    return { key, value: textOf(message.data), revision: message.seq, deleted: message.header.get("KV-Operation") !== "" };
  }
  async function write(key: string, value: string, options: Omit<StoreOptions, "unclear"> = {}): Promise<number | undefined> {
    const added = await store(link, prefix + checkKey(key), value, `key "${key}" of ${bucket}`, { ...options, unclear: "BUS_UNAVAILABLE" });
    return added?.seq;
  }

  return {
    async get(key) {
      const found = await last(key);
      return found === undefined || found.deleted ? undefined : { key, value: found.value, revision: found.revision };
    },
    put: async (key, value) => (await write(key, value))!,
    async create(key, value) {
      const added = await write(key, value, { expectLast: 0 });
      if (added !== undefined) return added;
      const found = await last(key);
      if (found !== undefined && !found.deleted) return undefined;
      return write(key, value, { expectLast: found?.revision ?? 0 });
    },
    update: (key, value, revision) => write(key, value, { expectLast: revision }),
    async delete(key, revision) {
      const found = await last(key);
      if (found === undefined || found.deleted || (revision !== undefined && found.revision !== revision)) return false;
      return (await write(key, "", { operation: "DEL", expectLast: revision })) !== undefined;
    },
    entries: () => present(source, changeOf),
    async watch(take) {
      const reader = await openReader(source);
      let stopped = false;
      const tell = (change: KvChange): void => {
        if (stopped) return;
        try {
          take(change);
        } catch (error) {
          onError(error, bucket);
        }
      };
      await new Promise<void>((resolve, reject) => {
        follow(reader, changeOf, tell, resolve).catch((error: unknown) => {
          reject(error);
          if (!stopped && !link.closed) onError(error, bucket);
        });
      });
      return {
        stop() {
          stopped = true;
          reader.stop();
        },
      };
    },
  };
}

async function present(source: Source, changeOf: (delivered: Delivered) => KvChange): Promise<KvEntry[]> {
  const reader = await openReader(source);
  const entries = new Map<string, KvEntry>();
  try {
    while (reader.pending > 0)
      for (const { key, value, revision } of ((await reader.batch()) ?? []).map(changeOf))
        if (value === undefined) entries.delete(key);
        else entries.set(key, { key, value, revision });
  } finally {
    reader.stop();
  }
  return [...entries.values()];
}

/** Tells what is there, the deleted left out; says so; and goes on until the reader is stopped. */
async function follow(
  reader: Reader,
  changeOf: (delivered: Delivered) => KvChange,
  tell: (change: KvChange) => void,
  present: () => void,
): Promise<void> {
  while (reader.pending > 0)
    for (const change of ((await reader.batch()) ?? []).map(changeOf)) if (change.value !== undefined) tell(change);
  present();
  for (let batch; (batch = await reader.batch()) !== undefined;) batch.map(changeOf).forEach(tell);
}

const isDeletion = (message: Delivered["message"]): boolean => (message.headers?.get("KV-Operation") ?? "") !== "";
