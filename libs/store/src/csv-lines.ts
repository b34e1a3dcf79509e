import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { inputFailure, type Failure } from "@tradewind/core";
import { LF } from "./csv-fields.ts";

const CHUNK = 4 << 20;
/** The header of a candle file as the platform writes it. */
export const EXAMPLE = "time_ms,open,high,low,close,volume";

/** A failure that names the line: "file:line: what is wrong; the way out". */
export function csvFailure(code: string, file: string, line: number | undefined, text: string): Failure {
  return inputFailure(code, line === undefined ? `${file}: ${text}` : `${file}:${line}: ${text}`);
}

/** Text of the line that starts at `start`, without its line ending. */
export function lineText(bytes: Uint8Array, start: number): string {
  const end = bytes.indexOf(LF, start);
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    .toString("utf8")
    .trim();
}

function openFile(file: string): { readonly fd: number; readonly size: number } {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch (cause) {
    throw csvFailure("CSV_NO_FILE", file, undefined, `cannot be opened (${(cause as NodeJS.ErrnoException).code}); check the path`);
  }
  const stat = fstatSync(fd);
  if (stat.isFile() && stat.size > 0) return { fd, size: stat.size };
  closeSync(fd);
  if (!stat.isFile()) throw csvFailure("CSV_NO_FILE", file, undefined, "is not a file; name one CSV file");
  throw csvFailure("CSV_EMPTY", file, undefined, `the file is empty; it needs the header "${EXAMPLE}" and one line per candle`);
}

/** Takes whole lines: bytes [from, end), the last of them a line feed. `size` is that of the file, in bytes. */
export type TakeLines = (bytes: Uint8Array, end: number, size: number) => void;

/**
 * Hands a file over in pieces of whole lines, so that memory holds one piece at a time. A last line without a
 * line feed gets one. Throws `CSV_NO_FILE`, `CSV_EMPTY`. `onProgress` gets bytes read and bytes in all.
 */
export function readLines(file: string, take: TakeLines, onProgress?: (done: number, total: number) => void): void {
  const { fd, size } = openFile(file);
  try {
    // One byte more than is read at once leaves room for that line feed.
    let bytes = new Uint8Array(Math.min(CHUNK, size) + 1);
    let held = 0;
    for (let read = 0; ;) {
      const got = readSync(fd, bytes, held, bytes.length - 1 - held, null);
      if (got === 0) break;
      read += got;
      const filled = held + got;
      const end = bytes.lastIndexOf(LF, filled - 1) + 1;
      if (end > 0) take(bytes, end, size);
      onProgress?.(read, size);
      held = filled - end;
      bytes.copyWithin(0, end, filled);
      if (held === bytes.length - 1) bytes = doubled(bytes);
    }
    if (held > 0) {
      bytes[held] = LF;
      take(bytes, held + 1, size);
    }
  } finally {
    closeSync(fd);
  }
}

function doubled(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(bytes.length * 2);
  larger.set(bytes);
  return larger;
}
