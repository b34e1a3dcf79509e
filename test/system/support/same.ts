import { expect } from "vitest";
import type { Case } from "./cases.ts";
import { startEmbedded } from "./embedded.ts";
import { exported, ledgerOf, worked } from "./ledger.ts";
import { replay } from "./replay.ts";

/** Ledgers of both, where one differs from its first difference on: a whole one would drown the report. */
export function expectSame(lines: readonly string[], wanted: readonly string[], about = ""): void {
  const at = wanted.findIndex((line, i) => lines[i] !== line);
  expect(lines.slice(at, at + 3), about).toEqual(at < 0 ? lines.slice(at, at + 3) : wanted.slice(at, at + 3));
  expect(lines.length, about).toBe(wanted.length);
}

/** The ledger of a case that all services work in this process on an embedded bus. */
export async function onEmbedded(given: Case, timeoutMs: number): Promise<string[]> {
  using workspace = replay(given);
  const system = await startEmbedded(workspace, ":memory:");
  try {
    await worked(system.bus, workspace.variants[0]!, timeoutMs);
    return exported(await ledgerOf(system.bus, workspace.variants[0]!.plan.account.id));
  } finally {
    await system.stop();
  }
}
