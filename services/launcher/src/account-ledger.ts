import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { openEmbeddedBus } from "@tradewind/bus";
import { subjectOf } from "@tradewind/contracts";
import { decodeEntry, inputFailure, type LedgerEntry } from "@tradewind/core";
import { gatewayOf } from "./client.ts";
import type { Arguments, Io } from "./command.ts";

/** The entries of an account's ledger in order: from the gateway of a running system, or with --bus from a stopped one's file. */
export async function* accountLedger(account: string, args: Arguments, io: Io): AsyncIterable<LedgerEntry> {
  if (!/^[A-Za-z0-9_-]+$/.test(account)) throw inputFailure("BAD_ACCOUNT", `--account "${account}" is not an account's id: letters, digits, _ and -`);
  const file = args.text("bus");
  if (file === undefined) {
    let n = 0;
    for await (const line of gatewayOf(args, io).lines("/api/ledger", { account })) if (line !== "") yield decodeEntry(line, `${account} entry ${++n}`);
    return;
  }
  const path = resolve(io.cwd, file);
  if (!existsSync(path)) throw inputFailure("NO_FILE", `no file at "${path}"; --bus names the bus.sqlite of a stopped system`);
  const bus = await openEmbeddedBus(path);
  try {
    for await (const { seq, data } of bus.read(subjectOf("ledger", { account }), { after: 0 }))
      yield decodeEntry(JSON.stringify((JSON.parse(data) as { data: unknown }).data), `${account} #${seq}`);
  } finally {
    await bus.close();
  }
}
