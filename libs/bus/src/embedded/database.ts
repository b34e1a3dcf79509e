import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Failure, inputFailure, isFailure } from "@tradewind/core";
import { streams } from "@tradewind/contracts";

const SCHEMA_VERSION = 2;
/** What a large transaction, such as a model's file, leaves of the write-ahead log. */
const WAL_KEPT_BYTES = 16 * 1024 * 1024;

const shared = `
  CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE subjects(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE kv(bucket TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, revision INTEGER NOT NULL, time INTEGER NOT NULL,
    PRIMARY KEY(bucket, key)) WITHOUT ROWID;
  CREATE TABLE blobs(bucket TEXT NOT NULL, name TEXT NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY(bucket, name, part));
`;

/** Table and index of one stream. Subjects are numbers of the table `subjects`; `total` is the bytes of the rows up to and with this one. */
const logTable = (table: string): string => `
  CREATE TABLE ${table}(seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, subject INTEGER NOT NULL, total INTEGER NOT NULL, id TEXT,
    data TEXT NOT NULL);
  CREATE INDEX ${table}_subject ON ${table}(subject, seq);
`;

export const tableOf = (stream: string): string => `log_${stream.toLowerCase()}`;

/**
 * Opens the file, alone: SQLite's exclusive lock is the system's, so it goes with the process however that ends.
 * Throws `BUS_LOCKED`, `BUS_NOT_WRITABLE`, `BUS_CORRUPT`, `BUS_VERSION` (input), `BUS_FULL` (retry).
 */
export function openDatabase(file: string): DatabaseSync {
  let sql: DatabaseSync | undefined;
  try {
    if (file !== ":memory:") mkdirSync(dirname(file), { recursive: true });
    sql = new DatabaseSync(file);
    sql.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA busy_timeout = 0; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    sql.exec(`PRAGMA journal_size_limit = ${WAL_KEPT_BYTES}`);
    // Takes the lock, which a mere read of an existing file would not.
    sql.exec("BEGIN EXCLUSIVE");
    const { user_version: version } = sql.prepare("PRAGMA user_version").get() as { user_version: number };
    if (version === 0)
      sql.exec(
        `${shared} ${Object.keys(streams)
          .map((name) => logTable(tableOf(name)))
          .join("")} PRAGMA user_version = ${SCHEMA_VERSION}`,
      );
    else if (version !== SCHEMA_VERSION)
      throw inputFailure(
        "BUS_VERSION",
        `the bus file ${file} has format ${version}, this version reads ${SCHEMA_VERSION}; use another file`,
      );
    sql.exec("COMMIT");
    return sql;
  } catch (error) {
    sql?.close();
    throw databaseFailure(error, file);
  }
}

/** One line for what SQLite or the file system said. */
export function databaseFailure(error: unknown, file: string): Failure {
  if (isFailure(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  const options = { cause: error };
  if (code === 5 || code === 6)
    return new Failure(
      "input",
      "BUS_LOCKED",
      `the bus file ${file} is in use by another process; stop that one or use another file`,
      options,
    );
  if (code === 13) return new Failure("retry", "BUS_FULL", `no room left on the disk of the bus file ${file}; make room`, options);
  if (code === 11 || code === 26)
    return new Failure("input", "BUS_CORRUPT", `the bus file ${file} is damaged or no bus file (${message}); move it away`, options);
  if ([3, 8, 10, 14, 23].includes(code) || (error as { code?: string }).code?.startsWith("E"))
    return new Failure(
      "input",
      "BUS_NOT_WRITABLE",
      `cannot write the bus file ${file} (${message}); check the path and its rights`,
      options,
    );
  return new Failure("bug", "BUS_FAILED", `the bus file ${file}: ${message}`, options);
}
