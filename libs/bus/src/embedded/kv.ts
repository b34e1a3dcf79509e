import type { DatabaseSync } from "node:sqlite";
import type { BucketName } from "@tradewind/contracts";
import type { Kv, KvChange, KvEntry, Subscription } from "../bus.ts";
import { checkKey } from "../subject.ts";
import type { Writer } from "./writer.ts";

export interface Buckets {
  /** `onError` gets what a watcher threw; `keep` gets each watch that begins, and gives it as the one to stop. */
  open(bucket: BucketName, onError: (error: unknown) => void, keep: (watch: Subscription) => Subscription): Kv;
}

export interface BucketOptions {
  readonly sql: DatabaseSync;
  readonly writer: Writer;
  readonly now: () => number;
  readonly ttlMs: (bucket: BucketName) => number | undefined;
}

type Watcher = (change: KvChange) => void;

/** A value is gone when its time is over by the clock at the moment it is looked at. */
export function createBuckets(options: BucketOptions): Buckets {
  const { writer } = options;
  const watchers = new Map<BucketName, Set<Watcher>>();
  const told = (bucket: BucketName): Set<Watcher> => {
    let set = watchers.get(bucket);
    if (set === undefined) watchers.set(bucket, (set = new Set()));
    return set;
  };
  const table = openTable(options, (bucket, change) => {
    for (const tell of told(bucket)) queueMicrotask(() => tell(change));
  });

  function watch(bucket: BucketName, take: Watcher, onError: (error: unknown) => void): () => void {
    let open = true;
    const tell: Watcher = (entry) => {
      if (!open) return;
      try {
        take(entry);
      } catch (error) {
        onError(error);
      }
    };
    for (const entry of table.entries(bucket)) tell(entry);
    told(bucket).add(tell);
    return () => {
      open = false;
      told(bucket).delete(tell);
    };
  }

  return {
    open: (bucket, onError, keep) => ({
      ...openKv(bucket, table, writer),
      async watch(take) {
        writer.flush();
        return keep({ stop: watch(bucket, take, onError) });
      },
    }),
  };
}

function openKv(bucket: BucketName, { find, entries, change }: Table, writer: Writer): Omit<Kv, "watch"> {
  return {
    async get(key) {
      writer.flush();
      return find(bucket, checkKey(key));
    },
    put: (key, value) => writer.write(() => change(bucket, checkKey(key), value)),
    create: (key, value) => writer.write(() => (find(bucket, checkKey(key)) === undefined ? change(bucket, key, value) : undefined)),
    update: (key, value, revision) =>
      writer.write(() => (find(bucket, key)?.revision === revision ? change(bucket, key, value) : undefined)),
    delete: (key, revision) =>
      writer.write(() => {
        const found = find(bucket, key);
        if (found === undefined || (revision !== undefined && found.revision !== revision)) return false;
        change(bucket, key, undefined);
        return true;
      }),
    async entries() {
      writer.flush();
      return entries(bucket);
    },
  };
}

type Table = ReturnType<typeof openTable>;

function openTable({ sql, writer, now, ttlMs }: BucketOptions, changed: (bucket: BucketName, change: KvChange) => void) {
  const query = statements(sql);
  const oldest = (bucket: BucketName): number => {
    const ttl = ttlMs(bucket);
    return ttl === undefined ? 0 : now() - ttl + 1;
  };
  const entryOf = (key: string, row: Record<string, unknown>): KvEntry => ({
    key,
    value: row["value"] as string,
    revision: row["revision"] as number,
  });
  return {
    find(bucket: BucketName, key: string): KvEntry | undefined {
      const row = query.get.get(bucket, key, oldest(bucket));
      return row === undefined ? undefined : entryOf(key, row);
    },
    entries: (bucket: BucketName): KvEntry[] => query.all.all(bucket, oldest(bucket)).map((row) => entryOf(row["key"] as string, row)),
    /** Within a change of the writer. Gives the new revision; an undefined value deletes. */
    change(bucket: BucketName, key: string, value: string | undefined): number {
      const revision = Number(query.count.get(`kv_${bucket}`)!["value"]);
      if (value === undefined) query.drop.run(bucket, key);
      else query.put.run(bucket, key, value, revision, now());
      writer.afterCommit(() => changed(bucket, { key, value, revision }));
      return revision;
    },
  };
}

function statements(sql: DatabaseSync) {
  return {
    get: sql.prepare("SELECT value, revision FROM kv WHERE bucket = ? AND key = ? AND time >= ?"),
    all: sql.prepare("SELECT key, value, revision FROM kv WHERE bucket = ? AND time >= ? ORDER BY revision"),
    put: sql.prepare(
      "INSERT INTO kv(bucket, key, value, revision, time) VALUES(?, ?, ?, ?, ?) " +
        "ON CONFLICT(bucket, key) DO UPDATE SET value = excluded.value, revision = excluded.revision, time = excluded.time",
    ),
    drop: sql.prepare("DELETE FROM kv WHERE bucket = ? AND key = ?"),
    count: sql.prepare("INSERT INTO counters(name, value) VALUES(?, 1) ON CONFLICT(name) DO UPDATE SET value = value + 1 RETURNING value"),
  };
}
