import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { encodeEntry, inputFailure, ledgerLines, type LedgerEntry } from "@tradewind/core";
import { atPlace, findRun, readLedger } from "@tradewind/lab";
import { gatewayOptions } from "../client.ts";
import { exitCodes, type Arguments, type Command, type Io } from "../command.ts";
import { accountLedger } from "../account-ledger.ts";
import { checkTarget, noMoreThan, systemOf } from "../support.ts";

export const ledgerExport: Command = {
  name: "ledger export",
  summary: "Print a ledger: canonical lines, or entries with --json",
  usage: "[RUN] | --account ID",
  options: {
    out: { type: "string", value: "FILE", doc: "write to a file instead of standard output" },
    account: { type: "string", value: "ID", doc: "the ledger of an account of a running system" },
    bus: { type: "string", value: "FILE", doc: "with --account: of a system that is stopped, from its bus.sqlite" },
    ...gatewayOptions,
  },
  details: `RUN is the name of a backtest's run or its beginning; the newest where left out. A paper variant's account is
paper-VARIANT unless its file names another. The SHA-256 of the canonical lines is the ledger_hash. With --json each line is one entry with its postings.`,
  run: async (args, io) => {
    noMoreThan(args, 1);
    const { name, entries } = chosen(args, io);
    const target = args.text("out");
    const textOf = args.flag("json") ? (entry: LedgerEntry) => `${encodeEntry(entry)}\n` : ledgerLines;
    if (target === undefined) {
      for await (const entry of entries) io.out(textOf(entry));
      return exitCodes.done;
    }
    const path = resolve(io.cwd, target);
    let count = 0;
    await writeLines(path, entries, (entry) => {
      count++;
      return textOf(entry);
    });
    io.say(`${name}: ${count} entries in ${path}`);
    return exitCodes.done;
  },
};

type Entries = Iterable<LedgerEntry> | AsyncIterable<LedgerEntry>;

function chosen(args: Arguments, io: Io): { readonly name: string; readonly entries: Entries } {
  const account = args.text("account");
  const run = args.positionals[0];
  if (account === undefined) {
    if (args.text("bus") !== undefined) throw inputFailure("FLAG_ALONE", "--bus means nothing without --account; give both or neither");
    const found = findRun(systemOf(io).dataDir, run);
    return { name: found.manifest.run, entries: readLedger(found.ledgerFile) };
  }
  if (run !== undefined) throw inputFailure("TWO_CHOICES", `"${run}" is a backtest's run and --account an account; name one of them`);
  return { name: account, entries: accountLedger(account, args, io) };
}

/** Whole or not at all. */
async function writeLines(path: string, entries: Entries, textOf: (entry: LedgerEntry) => string): Promise<void> {
  checkTarget(path, "out");
  const staged = `${path}.${process.pid}.part`;
  try {
    const out = createWriteStream(staged);
    await once(out, "open");
    for await (const entry of entries) if (!out.write(textOf(entry))) await once(out, "drain");
    out.end();
    await once(out, "finish");
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw atPlace(error, path);
  }
}
