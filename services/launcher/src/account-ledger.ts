import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { keepEverything, openEmbeddedBus } from "@tradewind/bus";
import { subjectOf } from "@tradewind/contracts";
import { decodeEntry, inputFailure, type LedgerEntry } from "@tradewind/core";
import { gatewayOf } from "./client.ts";
import type { Arguments, Io } from "./command.ts";

/**
 * The entries of an account's ledger in order: from the gateway of a running system, or with --bus from a stopped one's
 * file. Throws `NO_LEDGER` for an account that has none.
 */
export async function* accountLedger(account: string, args: Arguments, io: Io): AsyncIterable<LedgerEntry> {
  if (!/^[A-Za-z0-9_-]+$/.test(account))
    throw inputFailure("BAD_ACCOUNT", `--account "${account}" is not an account's id: letters, digits, _ and -`);
  const file = args.text("bus");
  let count = 0;
  for await (const text of file === undefined
    ? gatewayOf(args, io).lines("/api/ledger", { account })
    : fromFile(resolve(io.cwd, file), account))
    if (text !== "") yield decodeEntry(text, `${account} entry ${++count}`);
  if (count === 0)
    throw inputFailure(
      "NO_LEDGER",
      `account "${account}" has no ledger; a paper variant's account is paper-VARIANT unless its file names another`,
    );
}

async function* fromFile(path: string, account: string): AsyncIterable<string> {
  if (!existsSync(path)) throw inputFailure("NO_FILE", `no file at "${path}"; --bus names the bus.sqlite of a stopped system`);
  const bus = await openEmbeddedBus(path, keepEverything);
  try {
    for await (const { data } of bus.read(subjectOf("ledger", { account }), { after: 0 }))
      yield JSON.stringify((JSON.parse(data) as { data: unknown }).data);
  } finally {
    await bus.close();
  }
}
