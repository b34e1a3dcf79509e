import type { DatabaseSync } from "node:sqlite";
import type { StreamDefinition } from "@tradewind/contracts";
import type { Stored } from "../bus.ts";
import type { IdWindow } from "./id-window.ts";

/** What a row and its entry in the index take beside the texts, as measured. */
const ROW_BYTES = 88;
/** Once the bound is passed, so much of it is made room for: a little at a time costs more. */
const ROOM_SHARE = 1 / 64;

/** What of a stream is held in memory. */
export interface Tail {
  last: number;
  lastTime: number;
  /** Bytes of the messages before the first kept one, and up to the last one. */
  totalBefore: number;
  total: number;
  /** Every message from its first on. */
  recent: Stored[];
  /** The last sequence of the subjects that were asked for or written. */
  readonly lastOf: Map<string, number>;
  readonly ids: IdWindow;
}

/** Takes from the file what is held in memory. */
export function load(tail: Tail, query: Statements, table: string, idsSince: number): void {
  const end = query.tail.get();
  tail.last = Math.max(Number(end?.["seq"] ?? 0), Number(query.counter.get(table)?.["value"] ?? 0));
  tail.lastTime = Number(end?.["time"] ?? 0);
  tail.total = Number(end?.["total"] ?? 0);
  tail.totalBefore = totalBefore(query, tail);
  tail.recent = [];
  tail.lastOf.clear();
  tail.ids.clear();
  for (const row of query.withId.all(firstWith(query, tail, "time", idsSince)))
    tail.ids.add(row["id"] as string, row["seq"] as number, row["time"] as number);
}

export function firstSeq(query: Statements, { last }: Tail): number {
  return Number(query.head.get()?.["seq"] ?? last + 1);
}

export function totalBefore(query: Statements, { total }: Tail): number {
  const head = query.head.get();
  return head === undefined ? total : Number(head["total"]) - sizeOf(head["data"] as string, head["id"] as string | null);
}

export function firstToKeep(definition: StreamDefinition, tail: Tail, query: Statements, now: number, maxBytes: number): number {
  const { maxAgeMs } = definition;
  const young = maxAgeMs === undefined ? 0 : firstWith(query, tail, "time", now - maxAgeMs);
  if (tail.total - tail.totalBefore <= maxBytes) return young;
  return Math.max(young, firstWith(query, tail, "total", tail.total - maxBytes * (1 - ROOM_SHARE)));
}

/** The first sequence with at least that time or total: both grow with sequences, so halves are enough. */
export function firstWith(query: Statements, tail: Tail, what: "time" | "total", least: number): number {
  let low = firstSeq(query, tail);
  let high = tail.last + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = query.from.get(middle);
    if (row === undefined || Number(row[what]) >= least) high = middle;
    else low = Number(row["seq"]) + 1;
  }
  return low;
}

export function sizeOf(data: string, id: string | null | undefined): number {
  return Buffer.byteLength(data) + (id?.length ?? 0) + ROW_BYTES;
}

export type Statements = ReturnType<typeof statements>;

export function statements(sql: DatabaseSync, table: string) {
  return {
    insert: sql.prepare(`INSERT INTO ${table}(seq, time, subject, total, id, data) VALUES(?, ?, ?, ?, ?, ?)`),
    head: sql.prepare(`SELECT seq, total, id, data FROM ${table} ORDER BY seq LIMIT 1`),
    tail: sql.prepare(`SELECT seq, time, total FROM ${table} ORDER BY seq DESC LIMIT 1`),
    from: sql.prepare(`SELECT seq, time, total FROM ${table} WHERE seq >= ? ORDER BY seq LIMIT 1`),
    withId: sql.prepare(`SELECT seq, time, id FROM ${table} WHERE seq >= ? AND id IS NOT NULL ORDER BY seq`),
    lastSeq: sql.prepare(`SELECT max(seq) AS seq FROM ${table} WHERE subject = ?`),
    last: sql.prepare(`SELECT seq, time, data FROM ${table} WHERE subject = ? ORDER BY seq DESC LIMIT 1`),
    one: sql.prepare(`SELECT seq, time, data FROM ${table} WHERE subject = ? AND seq > ? ORDER BY seq LIMIT ?`),
    // The plus keeps SQLite from the index of subjects: rows are wanted in order of sequence.
    some: sql.prepare(
      `SELECT seq, time, subject, data FROM ${table} WHERE seq > ? AND seq <= ? AND +subject IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?`,
    ),
    next: sql.prepare(
      `SELECT seq, time, data FROM ${table} WHERE subject = ? AND seq NOT IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT 1`,
    ),
    remove: sql.prepare(`DELETE FROM ${table} WHERE seq = ?`),
    drop: sql.prepare(`DELETE FROM ${table} WHERE seq < ?`),
    counter: sql.prepare("SELECT value FROM counters WHERE name = ?"),
    count: sql.prepare("INSERT INTO counters(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value"),
  };
}
