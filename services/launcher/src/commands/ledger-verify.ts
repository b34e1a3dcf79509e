import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { findRun, runOf, verifyLedgerFile } from "@tradewind/lab";
import { exitCodes, type Command } from "../command.ts";
import { noMoreThan, show, systemOf } from "../support.ts";

export const ledgerVerify: Command = {
  name: "ledger verify",
  summary: "Check a ledger's arithmetic and its hash",
  usage: "[RUN | FILE.jsonl]",
  options: {},
  details:
    "Checks the numbering, that every event's postings sum to zero, that fills add up to positions, and for a run that the\nhashes are those in its manifest. Exit code 3: something does not hold.",
  run: async (args, io) => {
    noMoreThan(args, 1);
    const name = args.positionals[0];
    const file = name !== undefined && existsSync(resolve(io.cwd, name)) ? resolve(io.cwd, name) : undefined;
    const run = file === undefined ? findRun(systemOf(io).dataDir, name) : runOf(file);
    const check = verifyLedgerFile(file ?? run!.ledgerFile, run?.manifest);
    if (args.flag("json")) io.out(`${JSON.stringify(check)}\n`);
    else {
      const cash = Object.entries(check.cash).map(([unit, amount]) => `${amount} ${unit}`);
      const held = Object.entries(check.positions).map(([key, qty]) => `${qty} ${key}`);
      io.out(
        `${show(check.entries, 0)} entries, ${show(check.fills, 0)} fills, ledger ${check.ledger_hash}\ncash ${cash.join(", ") || "none"}; positions ${held.join(", ") || "none"}\n`,
      );
      io.out(check.problems.length === 0 ? "sound\n" : `NOT SOUND\n${check.problems.map((text) => `  ${text}`).join("\n")}\n`);
    }
    return check.problems.length === 0 ? exitCodes.done : exitCodes.checkFailed;
  },
};
