import { openEmbeddedBus } from "@tradewind/bus";
import { eventually } from "@tradewind/testkit";
import { expect } from "vitest";
import { backtested, type Case } from "./cases.ts";
import { desire, startRoad } from "./embedded.ts";
import { exported, ledgerOf, worked } from "./ledger.ts";
import { replay } from "./replay.ts";

/** Ledgers of both, where one differs from its first difference on: a whole one would drown the report. */
export function expectSame(lines: readonly string[], wanted: readonly string[], about = ""): void {
  const at = wanted.findIndex((line, i) => lines[i] !== line);
  expect(lines.slice(at, at + 3), about).toEqual(at < 0 ? lines.slice(at, at + 3) : wanted.slice(at, at + 3));
  expect(lines.length, about).toBe(wanted.length);
}

/**
 * The ledger of a case that all services work in this process on an embedded bus; they are ended and started anew when
 * the ledger has so many lines.
 */
export async function onEmbedded(given: Case, timeoutMs: number, startsAnewAt: readonly number[] = []): Promise<string[]> {
  using workspace = replay(given);
  const [variant] = workspace.variants;
  const { id: account } = variant!.plan.account;
  const bus = await openEmbeddedBus(":memory:");
  await bus.ensure();
  await desire(bus, workspace);
  let services = await startRoad(workspace, bus);
  const stop = async (): Promise<void> => {
    for (const service of services.toReversed()) await service.stop();
  };
  try {
    for (const count of startsAnewAt) {
      await eventually(async () => exported(await ledgerOf(bus, account)).length >= count, { timeoutMs, message: `${count} lines` });
      await stop();
      services = await startRoad(workspace, bus);
    }
    await worked(bus, variant!, timeoutMs);
    return exported(await ledgerOf(bus, account));
  } finally {
    await stop();
    await bus.close();
  }
}

const WORKED_MS = 20_000;

/** The ledger of a case, which a backtest and the services on an embedded bus, started anew half-way, must agree on. */
export async function bothWays(given: Case): Promise<string[]> {
  using workspace = replay(given);
  const wanted = await backtested(workspace.variants[0]!, workspace.files, given.models);
  expectSame(
    await onEmbedded(given, WORKED_MS, given.startsAnew === true ? [wanted.length >> 2, wanted.length >> 1] : []),
    wanted,
    given.name,
  );
  return wanted;
}
