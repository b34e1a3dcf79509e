import type { DatabaseSync } from "node:sqlite";
import { Failure } from "@tradewind/core";
import type { StreamDefinition } from "@tradewind/contracts";
import type { Appended, From, Stored } from "../bus.ts";
import type { AppendOptions } from "../options.ts";
import { isPattern, matcherOf } from "../subject.ts";
import { tableOf } from "./database.ts";
import { createIdWindow } from "./id-window.ts";
import { firstSeq, firstToKeep, firstWith, load, sizeOf, statements, totalBefore, type Statements, type Tail } from "./log-table.ts";
import type { Subjects } from "./subjects.ts";
import type { Writer } from "./writer.ts";

/** Messages of a stream's end that are also held in memory, so that whoever keeps up never asks the file. */
const RECENT_MAX = 4096;
/** Sequences looked through in one query, so that a rare subject does not hold up the event loop. */
const WINDOW = 8192;
const PRUNE_ROWS = 4_000;

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
  /** The first sequence that is kept; the next to be given when none is. */
  first(): number;
  /** The last sequence ever given. */
  end(): number;
  /** Reads batches of one filter; keeps what it needs for the next. */
  reader(filter: string): (after: number, limit: number) => Batch;
  /** The first message of a work queue on this subject that is none of `taken`. */
  next(subject: string, taken: readonly number[]): Stored | undefined;
  /** Takes one message out of a work queue; within a change. */
  remove(seq: number): void;
  onAppend(wake: () => void): () => void;
  /** Drops what is too old or too much, a piece at a time; within a change. Tells whether there is more. */
  prune(): boolean;
  forget(): void;
}

export interface LogOptions {
  readonly sql: DatabaseSync;
  readonly writer: Writer;
  readonly subjects: Subjects;
  readonly now: () => number;
  readonly duplicateWindowMs: number;
  readonly maxBytes: number | undefined;
  /** Called when there is too much: it is time to prune. */
  readonly full: () => void;
}

export function createLog(definition: StreamDefinition, options: LogOptions): Log {
  const { sql, writer, subjects, now, duplicateWindowMs, maxBytes = Infinity, full } = options;
  const table = tableOf(definition.name);
  const query = statements(sql, table);
  const tail: Tail = {
    last: 0,
    lastTime: 0,
    totalBefore: 0,
    total: 0,
    recent: [],
    lastOf: new Map(),
    ids: createIdWindow(duplicateWindowMs),
  };
  const listeners = new Set<() => void>();
  let woken = false;

  function forget(): void {
    woken = false;
    load(tail, query, table, now() - duplicateWindowMs);
  }
  function wakeOnce(): void {
    if (woken) return;
    woken = true;
    writer.afterCommit(() => {
      woken = false;
      if (tail.recent.length > 2 * RECENT_MAX) tail.recent = tail.recent.slice(-RECENT_MAX);
      for (const wake of listeners) wake();
    });
  }

  forget();
  return {
    append(subject, data, appendOptions) {
      const added = append(tail, query, options, { subject, data, ...appendOptions });
      if (!added.duplicate) wakeOnce();
      if (tail.total - tail.totalBefore > maxBytes) full();
      return added;
    },
    last(subject) {
      const row = query.last.get(subjects.known(subject) ?? 0);
      return row === undefined ? undefined : storedOf(subject, row);
    },
    start: (from) => (from === "new" ? tail.last : "after" in from ? from.after : firstWith(query, tail, "time", from.since) - 1),
    first: () => firstSeq(query, tail),
    end: () => tail.last,
    reader: (filter) => readerOf(tail, query, subjects, filter),
    next: (subject, taken) => next(query, subjects, subject, taken),
    remove(seq) {
      query.count.run(table, tail.last);
      query.remove.run(seq);
    },
    onAppend(wake) {
      listeners.add(wake);
      return () => listeners.delete(wake);
    },
    prune() {
      const head = firstSeq(query, tail);
      const until = Math.min(firstToKeep(definition, tail, query, now(), maxBytes), head + PRUNE_ROWS);
      if (until <= head) return false;
      query.count.run(table, tail.last);
      query.drop.run(until);
      tail.totalBefore = totalBefore(query, tail);
      tail.lastOf.clear();
      if (tail.recent.length > 0 && tail.recent[0]!.seq < until) tail.recent = tail.recent.slice(until - tail.recent[0]!.seq);
      return until === head + PRUNE_ROWS;
    },
    forget,
  };
}

type NewMessage = AppendOptions & { readonly subject: string; readonly data: string };

function append(tail: Tail, query: Statements, { subjects, now }: LogOptions, { subject, data, id, expectLast }: NewMessage): Appended {
  const time = Math.max(now(), tail.lastTime);
  const first = id === undefined ? undefined : tail.ids.find(id, time);
  if (first !== undefined) return { seq: first, duplicate: true };
  if (expectLast !== undefined) {
    const end = lastSeq(tail, query, subjects, subject);
    if (end !== expectLast)
      throw new Failure("service", "APPEND_CONFLICT", `"${subject}" ends at ${end}, not at ${expectLast}: somebody else writes it`);
  }
  const seq = tail.last + 1;
  const total = tail.total + sizeOf(data, id);
  query.insert.run(seq, time, subjects.number(subject), total, id ?? null, data);
  tail.last = seq;
  tail.lastTime = time;
  tail.total = total;
  tail.lastOf.set(subject, seq);
  tail.recent.push({ subject, seq, time, data });
  if (id !== undefined) tail.ids.add(id, seq, time);
  return { seq, duplicate: false };
}

function next(query: Statements, subjects: Subjects, subject: string, taken: readonly number[]): Stored | undefined {
  const row = query.next.get(subjects.known(subject) ?? 0, JSON.stringify(taken));
  return row === undefined ? undefined : storedOf(subject, row);
}

function lastSeq({ lastOf }: Tail, query: Statements, subjects: Subjects, subject: string): number {
  let seq = lastOf.get(subject);
  if (seq === undefined) lastOf.set(subject, (seq = Number(query.lastSeq.get(subjects.known(subject) ?? 0)?.["seq"] ?? 0)));
  return seq;
}

function readerOf(tail: Tail, query: Statements, subjects: Subjects, filter: string): (after: number, limit: number) => Batch {
  const fits = matcherOf(filter);
  const stored = isPattern(filter) ? scanner(query, subjects, fits) : oneSubject(query, subjects, filter);
  return (after, limit) => {
    const { last, recent } = tail;
    if (after >= last) return { messages: [], reached: last };
    if (recent.length > 0 && after >= recent[0]!.seq - 1) return fromMemory(recent, after, limit, fits);
    return stored(after, limit, last);
  };
}

const storedOf = (subject: string, row: Record<string, unknown>): Stored => ({
  subject,
  seq: row["seq"] as number,
  time: row["time"] as number,
  data: row["data"] as string,
});

type StoredReader = (after: number, limit: number, last: number) => Batch;

function oneSubject(query: Statements, subjects: Subjects, subject: string): StoredReader {
  return (after, limit, last) => {
    const number = subjects.known(subject);
    if (number === undefined) return { messages: [], reached: last };
    const messages = query.one.all(number, after, limit).map((row) => storedOf(subject, row));
    return { messages, reached: messages.length < limit ? last : messages.at(-1)!.seq };
  };
}

function scanner(query: Statements, subjects: Subjects, fits: (subject: string) => boolean): StoredReader {
  return (after, limit, last) => {
    const head = Number(query.from.get(after + 1)?.["seq"] ?? last + 1);
    const until = Math.min(head - 1 + WINDOW, last);
    const numbers = subjects.matching(fits);
    if (numbers.length === 0) return { messages: [], reached: last };
    const messages = query.some
      .all(head - 1, until, JSON.stringify(numbers), limit)
      .map((row) => storedOf(subjects.name(row["subject"] as number), row));
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
