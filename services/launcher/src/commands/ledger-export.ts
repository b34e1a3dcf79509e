import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { encodeEntry, ledgerLines } from "@tradewind/core";
import { atPlace, findRun, readLedger } from "@tradewind/lab";
import { exitCodes, type Command } from "../command.ts";
import { checkTarget, noMoreThan, systemOf } from "../support.ts";

export const ledgerExport: Command = {
  name: "ledger export",
  summary: "Print a run's ledger: canonical lines, or entries with --json",
  usage: "[RUN]",
  options: { out: { type: "string", value: "FILE", doc: "write to a file instead of standard output" } },
  details:
    "RUN is the name of a run or its beginning; the newest where left out. The SHA-256 of the canonical lines is the ledger_hash.\nWith --json each line is one entry with its postings.",
  run: async (args, io) => {
    noMoreThan(args, 1);
    const run = findRun(systemOf(io).dataDir, args.positionals[0]);
    const lines = args.flag("json") ? jsonLines(run.ledgerFile) : canonicalLines(run.ledgerFile);
    const target = args.text("out");
    if (target === undefined) {
      for (const text of lines) io.out(text);
      return exitCodes.done;
    }
    const path = resolve(io.cwd, target);
    await writeLines(path, lines);
    io.say(`${run.manifest.run}: ${run.manifest.entries} entries in ${path}`);
    return exitCodes.done;
  },
};

function* canonicalLines(file: string): Generator<string> {
  for (const entry of readLedger(file)) yield ledgerLines(entry);
}

function* jsonLines(file: string): Generator<string> {
  for (const entry of readLedger(file)) yield `${encodeEntry(entry)}\n`;
}

/** Whole or not at all. */
async function writeLines(path: string, lines: Iterable<string>): Promise<void> {
  checkTarget(path, "out");
  const staged = `${path}.${process.pid}.part`;
  try {
    const out = createWriteStream(staged);
    await once(out, "open");
    for (const text of lines) if (!out.write(text)) await once(out, "drain");
    out.end();
    await once(out, "finish");
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw atPlace(error, path);
  }
}
