import type { DatabaseSync } from "node:sqlite";
import { Failure } from "@tradewind/core";
import type { StreamDefinition } from "@tradewind/contracts";
import type { Appended, From, Stored } from "../bus.ts";
import type { AppendOptions } from "../options.ts";
import { isPattern, matcherOf } from "../subject.ts";
import { tableOf } from "./database.ts";
import { createIdWindow } from "./id-window.ts";
import type { Subjects } from "./subjects.ts";
import type { Writer } from "./writer.ts";

/** Messages of a stream's end that are also held in memory, so that whoever keeps up never asks the file. */
const RECENT_MAX = 4096;
/** Sequences looked through in one query, so that a rare subject does not hold up the event loop. */
const WINDOW = 8192;
const PRUNE_ROWS = 20_000;

/** What one look into a stream gave: the messages, and the sequence up to which nothing else fits. */
export interface Batch {
  readonly messages: readonly Stored[];
  readonly reached: number;
}

/** One stream. */
export interface Log {
  /** Within a change. Throws `APPEND_CONFLICT` (service). */
  append(subject: string, data: string, options: AppendOptions): Appended;
  last(subject: string): Stored | undefined;
  /** The sequence after which to begin. */
  start(from: From): number;
  /** The last sequence ever given. */
  end(): number;
  /** Reads batches of one filter; keeps what it needs for the next. */
  reader(filter: string): (after: number, limit: number) => Batch;
  onAppend(wake: () => void): () => void;
  /** Drops what is too old, a piece at a time; within a change. Tells whether there is more. */
  prune(): boolean;
  forget(): void;
}

export interface LogOptions {
  readonly sql: DatabaseSync;
  readonly writer: Writer;
  readonly subjects: Subjects;
  readonly now: () => number;
  readonly duplicateWindowMs: number;
}

export function createLog(definition: StreamDefinition, { sql, writer, subjects, now, duplicateWindowMs }: LogOptions): Log {
  const table = tableOf(definition.name);
  const query = statements(sql, table);
  const ids = createIdWindow(duplicateWindowMs);
  const lastOf = new Map<string, number>();
  const listeners = new Set<() => void>();
  let recent: Stored[] = [];
  let last = 0;
  let lastTime = 0;
  let woken = false;

  function forget(): void {
    const tail = query.tail.get();
    last = Math.max(Number(tail?.["seq"] ?? 0), Number(query.counter.get(table)?.["value"] ?? 0));
    lastTime = Number(tail?.["time"] ?? 0);
    recent = [];
    lastOf.clear();
    ids.clear();
    for (const row of query.withId.all(firstSince(now() - duplicateWindowMs)))
      ids.add(row["id"] as string, row["seq"] as number, row["time"] as number);
  }

  const lastSeq = (subject: string): number => {
    const known = lastOf.get(subject);
    if (known !== undefined) return known;
    const seq = Number(query.lastSeq.get(subjects.known(subject) ?? 0)?.["seq"] ?? 0);
    lastOf.set(subject, seq);
    return seq;
  };

  /** The first sequence appended at or after a time: times grow with sequences, so halves are enough. */
  function firstSince(time: number): number {
    let low = Number(query.head.get()?.["seq"] ?? last + 1);
    let high = last + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = query.from.get(middle);
      if (row === undefined || Number(row["time"]) >= time) high = middle;
      else low = Number(row["seq"]) + 1;
    }
    return low;
  }

  function wakeOnce(): void {
    if (woken) return;
    woken = true;
    writer.afterCommit(() => {
      woken = false;
      if (recent.length > 2 * RECENT_MAX) recent = recent.slice(-RECENT_MAX);
      for (const wake of listeners) wake();
    });
  }

  function append(subject: string, data: string, { id, expectLast }: AppendOptions): Appended {
    const time = Math.max(now(), lastTime);
    if (id !== undefined) {
      const first = ids.find(id, time);
      if (first !== undefined) return { seq: first, duplicate: true };
    }
    if (expectLast !== undefined && lastSeq(subject) !== expectLast)
      throw new Failure(
        "service",
        "APPEND_CONFLICT",
        `"${subject}" ends at ${lastSeq(subject)}, not at ${expectLast}: somebody else writes it`,
      );
    const seq = last + 1;
    query.insert.run(seq, time, subjects.number(subject), id ?? null, data);
    last = seq;
    lastTime = time;
    lastOf.set(subject, seq);
    recent.push({ subject, seq, time, data });
    if (id !== undefined) ids.add(id, seq, time);
    wakeOnce();
    return { seq, duplicate: false };
  }

  function reader(filter: string): (after: number, limit: number) => Batch {
    const fits = matcherOf(filter);
    const stored = isPattern(filter) ? scanner(query, subjects, fits) : oneSubject(query, subjects, filter);
    return (after, limit) => {
      if (after >= last) return { messages: [], reached: last };
      if (recent.length > 0 && after >= recent[0]!.seq - 1) return fromMemory(recent, after, limit, fits);
      return stored(after, limit, last);
    };
  }

  forget();
  return {
    append,
    last(subject) {
      const number = subjects.known(subject);
      const row = number === undefined ? undefined : query.last.get(number);
      return row === undefined
        ? undefined
        : { subject, seq: row["seq"] as number, time: row["time"] as number, data: row["data"] as string };
    },
    start: (from) => (from === "new" ? last : "after" in from ? from.after : firstSince(from.since) - 1),
    end: () => last,
    reader,
    onAppend(wake) {
      listeners.add(wake);
      return () => listeners.delete(wake);
    },
    prune() {
      if (definition.maxAgeMs === undefined) return false;
      const head = Number(query.head.get()?.["seq"] ?? 0);
      const until = Math.min(firstSince(now() - definition.maxAgeMs), head + PRUNE_ROWS);
      if (until <= head) return false;
      query.count.run(table, last);
      query.drop.run(until);
      lastOf.clear();
      return until === head + PRUNE_ROWS;
    },
    forget: () => {
      woken = false;
      forget();
    },
  };
}

type Statements = ReturnType<typeof statements>;

function statements(sql: DatabaseSync, table: string) {
  return {
    insert: sql.prepare(`INSERT INTO ${table}(seq, time, subject, id, data) VALUES(?, ?, ?, ?, ?)`),
    head: sql.prepare(`SELECT seq FROM ${table} ORDER BY seq LIMIT 1`),
    tail: sql.prepare(`SELECT seq, time FROM ${table} ORDER BY seq DESC LIMIT 1`),
    from: sql.prepare(`SELECT seq, time FROM ${table} WHERE seq >= ? ORDER BY seq LIMIT 1`),
    withId: sql.prepare(`SELECT seq, time, id FROM ${table} WHERE seq >= ? AND id IS NOT NULL ORDER BY seq`),
    lastSeq: sql.prepare(`SELECT max(seq) AS seq FROM ${table} WHERE subject = ?`),
    last: sql.prepare(`SELECT seq, time, data FROM ${table} WHERE subject = ? ORDER BY seq DESC LIMIT 1`),
    one: sql.prepare(`SELECT seq, time, data FROM ${table} WHERE subject = ? AND seq > ? ORDER BY seq LIMIT ?`),
    // The plus keeps SQLite from the index of subjects: rows are wanted in order of sequence.
    some: sql.prepare(
      `SELECT seq, time, subject, data FROM ${table} WHERE seq > ? AND seq <= ? AND +subject IN (SELECT value FROM json_each(?)) ORDER BY seq LIMIT ?`,
    ),
    drop: sql.prepare(`DELETE FROM ${table} WHERE seq < ?`),
    counter: sql.prepare("SELECT value FROM counters WHERE name = ?"),
    count: sql.prepare("INSERT INTO counters(name, value) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value"),
  };
}

type StoredReader = (after: number, limit: number, last: number) => Batch;

function oneSubject(query: Statements, subjects: Subjects, subject: string): StoredReader {
  return (after, limit, last) => {
    const number = subjects.known(subject);
    if (number === undefined) return { messages: [], reached: last };
    const messages = query.one
      .all(number, after, limit)
      .map((row) => ({ subject, seq: row["seq"] as number, time: row["time"] as number, data: row["data"] as string }));
    return { messages, reached: messages.length < limit ? last : messages.at(-1)!.seq };
  };
}

function scanner(query: Statements, subjects: Subjects, fits: (subject: string) => boolean): StoredReader {
  return (after, limit, last) => {
    const head = Number(query.from.get(after + 1)?.["seq"] ?? last + 1);
    const until = Math.min(head - 1 + WINDOW, last);
    const numbers = subjects.matching(fits);
    if (numbers.length === 0) return { messages: [], reached: last };
    const messages = query.some.all(head - 1, until, JSON.stringify(numbers), limit).map((row) => ({
      subject: subjects.name(row["subject"] as number),
      seq: row["seq"] as number,
      time: row["time"] as number,
      data: row["data"] as string,
    }));
    return { messages, reached: messages.length < limit ? until : messages.at(-1)!.seq };
  };
}

/** `recent` has every sequence from its first on. */
function fromMemory(recent: readonly Stored[], after: number, limit: number, fits: (subject: string) => boolean): Batch {
  const messages: Stored[] = [];
  let at = after + 1 - recent[0]!.seq;
  for (; at < recent.length && messages.length < limit; at++) if (fits(recent[at]!.subject)) messages.push(recent[at]!);
  return { messages, reached: recent[at - 1]!.seq };
}
