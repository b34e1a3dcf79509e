import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Host } from "@tradewind/kit";

/** Beyond this a log file is put aside at the next start, bytes. */
const SIZE_MOST = 20_000_000;
const WARN = 40;
/** The same trouble is shown again after so long, ms. */
const AGAIN_MS = 60_000;

/**
 * The services' log lines go to `file`; warnings and errors also to `warn`, as one line. A file that cannot be written
 * is told once and trading goes on.
 */
export function openLogFile(file: string, warn: (text: string) => void): NonNullable<Host["logTo"]> {
  let usable = true;
  const shown = new Map<string, number>();
  const guarded = (work: () => void): void => {
    if (!usable) return;
    try {
      work();
    } catch (error) {
      usable = false;
      warn(`${file}: no log is kept: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  guarded(() => {
    mkdirSync(dirname(file), { recursive: true });
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > SIZE_MOST) renameSync(file, `${file}.old`);
  });
  return {
    write(line) {
      guarded(() => appendFileSync(file, line));
      const { level, service, msg } = JSON.parse(line) as { level: number; service: string; msg: string };
      if (level < WARN) return;
      // Six services that meet one full disk have one thing to say.
      const what = /\b[A-Z]+(?:_[A-Z]+)+\b/.exec(msg)?.[0] ?? msg;
      const now = performance.now();
      if (now - (shown.get(what) ?? -Infinity) < AGAIN_MS) return;
      shown.set(what, now);
      warn(`${service}: ${msg}`);
    },
  };
}
