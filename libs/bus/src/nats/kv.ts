import type { BucketName } from "@tradewind/contracts";
import type { Kv, KvEntry } from "../bus.ts";
import { checkKey } from "../subject.ts";
import { store, type StoreOptions } from "./append.ts";
import type { Link } from "./link.ts";
import { openReader, type Delivered } from "./reader.ts";
import { textOf } from "./text.ts";

/** A bucket in the layout of NATS's own clients: one stream, one subject per key, deletion as a marker. */
export function openKv(link: Link, bucket: BucketName, onError: (error: unknown, where: string) => void): Kv {
  const stream = `KV_${bucket}`;
  const prefix = `$KV.${bucket}.`;
  const keyOf = (subject: string): string => subject.slice(prefix.length);

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

  async function* present(): AsyncGenerator<Delivered> {
    const reader = await openReader(link, stream, `${prefix}>`, "last per subject");
    try {
      while (reader.pending > 0) yield* (await reader.batch()) ?? [];
    } finally {
      reader.stop();
    }
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
    async entries() {
      const entries = new Map<string, KvEntry>();
      for await (const { subject, seq, message } of present()) {
        const key = keyOf(subject);
        if (isDeletion(message)) entries.delete(key);
        else entries.set(key, { key, value: textOf(message.data), revision: seq });
      }
      return [...entries.values()];
    },
    async watch(take) {
      const reader = await openReader(link, stream, `${prefix}>`, "last per subject");
      let stopped = false;
      await new Promise<void>((resolve, reject) => {
        const tell = ({ subject, seq, message }: Delivered): void => {
          const value = isDeletion(message) ? undefined : textOf(message.data);
          try {
            take({ key: keyOf(subject), value, revision: seq });
          } catch (error) {
            onError(error, bucket);
          }
        };
        async function run(): Promise<void> {
          for (let initial = true; ;) {
            if (initial && reader.pending === 0) {
              initial = false;
              resolve();
            }
            const batch = await reader.batch();
            if (batch === undefined) return;
            for (const delivered of batch) if (!stopped && !(initial && isDeletion(delivered.message))) tell(delivered);
          }
        }
        run().catch((error: unknown) => {
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

const isDeletion = (message: Delivered["message"]): boolean => (message.headers?.get("KV-Operation") ?? "") !== "";
