import type { Bus } from "@tradewind/bus";
import { unreliable, type UnreliableOptions } from "@tradewind/testkit";
import { backtested, threeSymbols } from "./cases.ts";
import { startEmbedded } from "./embedded.ts";
import { exported, ledgerOf, worked } from "./ledger.ts";
import { replay } from "./replay.ts";

const WORKED_MS = 60_000;
const MINUTES = 1_200;

/** A short run of three symbols: long enough to trade, short enough for many seeds. */
const short = threeSymbols(MINUTES);

let reference: string[] | undefined;

/** The ledger of the short run as a backtest makes it. */
export async function shortBacktest(): Promise<string[]> {
  if (reference === undefined) {
    using workspace = replay(short);
    reference = await backtested(workspace.variants[0]!, workspace.files);
  }
  return reference;
}

/**
 * The short run on the embedded bus, where every delivery between services is late and some come twice. Resolves with
 * the ledger, or with why there is none: a run that breaks down has failed too.
 */
export async function onBadRoad(options: UnreliableOptions, timeoutMs = WORKED_MS): Promise<string[]> {
  using workspace = replay(short);
  let road: Bus | undefined;
  const system = await startEmbedded(workspace, ":memory:", (bus) => (road ??= unreliable(bus, options)));
  try {
    await worked(system.bus, workspace.variants[0]!, timeoutMs);
    return exported(await ledgerOf(system.bus, "same"));
  } catch (error) {
    return [String(error)];
  } finally {
    await system.stop();
  }
}
