import { describe, expect, test } from "vitest";
import { backtested, hasBitcoin, realMonth, threeSymbols, withModel, type Case } from "./support/cases.ts";
import { startCluster } from "./support/cluster.ts";
import { exported, fillsIn, ledgerOf, worked } from "./support/ledger.ts";
import { replay } from "./support/replay.ts";
import { expectSame, onEmbedded } from "./support/same.ts";

const WORKED_MS = 240_000;

async function processes(given: Case): Promise<string[]> {
  let workspace: ReturnType<typeof replay>;
  const cluster = await startCluster(
    (natsUrl, redisUrl) => (workspace = replay(given, { bus: { url: natsUrl }, redis: { url: redisUrl } })),
  );
  try {
    await worked(cluster.bus, workspace!.variants[0]!, WORKED_MS).catch((error: unknown) => {
      throw new Error(cluster.output(), { cause: error });
    });
    return exported(await ledgerOf(cluster.bus, "same"));
  } finally {
    await cluster.stop();
    workspace![Symbol.dispose]();
  }
}

const cases: Case[] = [...(hasBitcoin ? [realMonth] : []), threeSymbols(9_000), withModel];
if (!hasBitcoin) process.stderr.write("same orders: the real month is left out, for ../shared/data is not here\n");

describe("given one variant on the events clock, when it runs as a backtest, on the embedded bus and as five processes", () => {
  test.each(cases)("$name: the ledgers are the same, line by line", { timeout: 2 * WORKED_MS }, async (given) => {
    using workspace = replay(given);
    const wanted = await backtested(workspace.variants[0]!, workspace.files, given.models);
    expect(fillsIn(wanted)).toBeGreaterThanOrEqual(200);
    expectSame(await onEmbedded(given, WORKED_MS), wanted);
    expectSame(await processes(given), wanted);
  });
});
