import type { DatabaseSync } from "node:sqlite";
import { isFailure } from "@tradewind/core";
import { databaseFailure } from "./database.ts";

/** Gathers the changes of one turn of the event loop into one transaction. */
export interface Writer {
  /** Resolves when committed. A change that throws a `Failure` fails alone and must not have written anything before. */
  write<T>(change: () => T): Promise<T>;
  /** Called within a change: what to do once it is committed. */
  afterCommit(effect: () => void): void;
  /** Commits what waits, so that a read sees what was written before it. */
  flush(): void;
}

interface Waiting {
  readonly change: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** `forget` drops what is kept in memory of a transaction that was rolled back. */
export function createWriter(sql: DatabaseSync, file: string, forget: () => void): Writer {
  let queue: Waiting[] = [];
  let effects: (() => void)[] = [];
  const begin = sql.prepare("BEGIN");
  const commit = sql.prepare("COMMIT");

  function run(batch: readonly Waiting[]): (() => void)[] {
    const settle: (() => void)[] = [];
    begin.run();
    for (const { change, resolve, reject } of batch)
      try {
        const value = change();
        settle.push(() => resolve(value));
      } catch (error) {
        if (!isFailure(error)) throw error;
        settle.push(() => reject(error));
      }
    commit.run();
    return settle;
  }

  function flush(): void {
    if (queue.length === 0) return;
    const batch = queue;
    queue = [];
    try {
      for (const settle of run(batch)) settle();
    } catch (error) {
      if (sql.isOpen && sql.isTransaction) sql.exec("ROLLBACK");
      effects = [];
      // What is written after the close fails like any other write, and has nothing to forget.
      if (sql.isOpen) forget();
      for (const { reject } of batch) reject(databaseFailure(error, file));
      return;
    }
    const due = effects;
    effects = [];
    for (const effect of due) effect();
  }

  return {
    write<T>(change: () => T): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        if (queue.length === 0) setImmediate(flush);
        queue.push({ change, resolve: resolve as (value: unknown) => void, reject });
      });
    },
    afterCommit: (effect) => void effects.push(effect),
    flush,
  };
}
