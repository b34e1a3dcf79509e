import { createHash } from "node:crypto";
import { closeSync, fstatSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { crc32 } from "node:zlib";

/**
 * One file of float64 columns, in the machine's byte order:
 * 8 x uint32 (magic, version, bytes of identity, columns, rows low, rows high, checksum, 0),
 * the identity in UTF-8 padded with zeros to 8 bytes, then the columns one after the other.
 * The checksum is CRC-32 over identity and columns.
 */
const MAGIC = 0x54574331;
/** Grows when the layout, or what parsing makes of a source, changes. */
const VERSION = 1;
const HEADER = 32;

/** What a file's content hangs on: path, size, times of last change; undefined when it cannot be read. */
export function sourceIdentity(file: string): string | undefined {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (!stat?.isFile()) return undefined;
  return [resolve(file), stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join("|");
}

/** The cache file of a source. */
export function cacheFileFor(cacheDir: string, source: string): string {
  return join(cacheDir, `${createHash("sha256").update(resolve(source)).digest("hex").slice(0, 32)}.columns`);
}

/**
 * The columns of `cacheFile` when they were made of the same `identity` and are whole, else those of `build`, which
 * are then cached. A cache that cannot be written is no failure. What `build` throws goes through.
 */
export function cachedColumns(cacheFile: string, identity: string, build: () => readonly Float64Array[]): readonly Float64Array[] {
  const kept = readCache(cacheFile, identity);
  if (kept) return kept;
  const columns = build();
  try {
    writeCache(cacheFile, identity, columns);
  } catch {
    // The caller has its columns; the next run parses again.
  }
  return columns;
}

const asBytes = (column: Float64Array) => new Uint8Array(column.buffer, column.byteOffset, column.byteLength);

function paddedIdentity(identity: string): Uint8Array {
  const text = Buffer.from(identity, "utf8");
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8);
  padded.set(text);
  return padded;
}

function writeCache(file: string, identity: string, columns: readonly Float64Array[]): void {
  const rows = columns[0]?.length ?? 0;
  const id = paddedIdentity(identity);
  const checksum = columns.reduce((sum, column) => crc32(asBytes(column), sum), crc32(id));
  const header = new Uint32Array([MAGIC, VERSION, id.length, columns.length, rows % 2 ** 32, Math.floor(rows / 2 ** 32), checksum, 0]);
  mkdirSync(dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.${process.hrtime.bigint()}.tmp`;
  try {
    const fd = openSync(temporary, "wx");
    try {
      for (const part of [new Uint8Array(header.buffer), id, ...columns.map(asBytes)]) writeAll(fd, part);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done);
}

/** Fills `bytes`; false when the file ends before. */
function readAll(fd: number, bytes: Uint8Array): boolean {
  for (let done = 0; done < bytes.length;) {
    const got = readSync(fd, bytes, done, bytes.length - done, null);
    if (got === 0) return false;
    done += got;
  }
  return true;
}

function readCache(file: string, identity: string): Float64Array[] | undefined {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return undefined;
  }
  try {
    const header = new Uint32Array(HEADER / 4);
    const id = paddedIdentity(identity);
    if (!readAll(fd, new Uint8Array(header.buffer))) return undefined;
    const [magic, version, idBytes, count, rowsLow, rowsHigh, checksum] = header as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const rows = rowsLow + rowsHigh * 2 ** 32;
    const size = HEADER + idBytes + count * rows * 8;
    if (magic !== MAGIC || version !== VERSION || idBytes !== id.length || fstatSync(fd).size !== size) return undefined;
    const storedId = new Uint8Array(idBytes);
    if (!readAll(fd, storedId) || Buffer.compare(storedId, id) !== 0) return undefined;
    let sum = crc32(storedId);
    const columns: Float64Array[] = [];
    for (let i = 0; i < count; i++) {
      const column = new Float64Array(rows);
      if (!readAll(fd, asBytes(column))) return undefined;
      sum = crc32(asBytes(column), sum);
      columns.push(column);
    }
    return sum === checksum ? columns : undefined;
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
