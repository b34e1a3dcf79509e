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
      const end = await endOf(source);
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
        follow({ reader, end, link }, changeOf, tell, resolve).catch((error: unknown) => {
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

/** Without a message for so long there is none, whatever the server counts as pending: 2.9 miscounts keys that change meanwhile. */
const QUIET_MS = 500;

/** A reader and the sequence at which its bucket ended just before it began. */
interface Values {
  readonly reader: Reader;
  readonly end: number;
  readonly link: Link;
}

async function endOf({ link, stream }: Source): Promise<number> {
  const { state } = await link.call(`stream ${stream}`, () => link.jsm.streams.info(stream));
  return state.last_seq;
}

async function present(source: Source, changeOf: (delivered: Delivered) => KvChange): Promise<KvEntry[]> {
  const end = await endOf(source);
  const reader = await openReader(source);
  const entries = new Map<string, KvEntry>();
  try {
    await presentValues({ reader, end, link: source.link }, changeOf, ({ key, value, revision }) => {
      if (value === undefined) entries.delete(key);
      else entries.set(key, { key, value, revision });
    });
  } finally {
    reader.stop();
  }
  return [...entries.values()];
}

/** Takes what was there when the reader began. Gives the batch that is waited for next. */
async function presentValues(
  { reader, end, link }: Values,
  changeOf: (delivered: Delivered) => KvChange,
  take: (change: KvChange) => void,
): Promise<{ readonly next: Promise<Delivered[] | undefined> }> {
  let next = reader.batch();
  // Whoever waits for it hears of it.
  next.catch(() => undefined);
  for (let reached = 0; reader.pending > 0 && reached < end;) {
    const batch = await orQuiet(next);
    if (batch === "quiet") {
      if (link.connected) break;
      continue;
    }
    for (const change of (batch ?? []).map(changeOf)) {
      take(change);
      reached = Math.max(reached, change.revision);
    }
    if (batch === undefined) break;
    next = reader.batch();
    next.catch(() => undefined);
  }
  return { next };
}

async function orQuiet<T>(work: Promise<T>): Promise<T | "quiet"> {
  let timer: NodeJS.Timeout | undefined;
  const quiet = new Promise<"quiet">((resolve) => (timer = setTimeout(() => resolve("quiet"), QUIET_MS)));
  try {
    return await Promise.race([work, quiet]);
  } finally {
    clearTimeout(timer);
  }
}

/** Tells what is there, the deleted left out; says so; and goes on until the reader is stopped. */
async function follow(
  values: Values,
  changeOf: (delivered: Delivered) => KvChange,
  tell: (change: KvChange) => void,
  present: () => void,
): Promise<void> {
  const { reader } = values;
  const shown = await presentValues(values, changeOf, (change) => change.value !== undefined && tell(change));
  present();
  for (let batch = await shown.next; batch !== undefined; batch = await reader.batch()) batch.map(changeOf).forEach(tell);
}

const isDeletion = (message: Delivered["message"]): boolean => (message.headers?.get("KV-Operation") ?? "") !== "";
