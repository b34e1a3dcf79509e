import { isFailure } from "@tradewind/core";

const reasons: Readonly<Record<string, string>> = {
  EACCES: "permission denied; choose another place or mend its rights",
  EPERM: "not permitted; choose another place or mend its rights",
  EROFS: "the file system is read-only; choose another place",
  ENOSPC: "no space left on the device; free some or choose another place",
  EDQUOT: "the disk quota is used up; free some or choose another place",
  EFBIG: "the file would become larger than is allowed; choose another place",
  ENOENT: "there is no such file or folder; check the path",
  ENOTDIR: "a part of the path is a file, not a folder; check the path",
  EEXIST: "something else is there already; check the path",
  EISDIR: "is a folder; name a file",
  ENOTEMPTY: "is a folder that is not empty; choose another place",
  ELOOP: "its links go round in a circle; check the path",
  ENAMETOOLONG: "the name is too long; choose a shorter one",
  EMFILE: "too many files are open; raise the limit (ulimit -n)",
};

/** Longest line of a message; a file's content may be quoted in it. */
const LINE_MAX = 600;

/**
 * What a person is told of an error: its message, without control characters (it may quote a stranger's file). The
 * stack of an error that nobody foresaw is shown with TRADEWIND_DEBUG=1.
 */
export function told(error: unknown, env: Readonly<Record<string, string | undefined>>): string {
  if (isFailure(error)) return printable(error.action === "bug" ? `${error.message} (a bug of ours: please report it)` : error.message);
  if (!(error instanceof Error)) return printable(String(error));
  const { code, path, dest } = error as NodeJS.ErrnoException & { readonly dest?: string };
  const place = dest ?? path;
  const reason = code === undefined ? undefined : reasons[code];
  if (reason !== undefined) return printable(place === undefined ? reason : `${place}: ${reason}`);
  if (env["TRADEWIND_DEBUG"]) return error.stack ?? error.message;
  return printable(`unexpected: ${error.message} (please report it; TRADEWIND_DEBUG=1 shows where)`);
}

function printable(text: string): string {
  const lines = text.split("\n").map((line) => (line.length > LINE_MAX ? `${line.slice(0, LINE_MAX)}...` : line));
  // oxlint-disable-next-line no-control-regex -- these are the ones to take out
  return lines.join("\n").replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "?");
}
