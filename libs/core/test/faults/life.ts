import type { Candle } from "../../src/domain/candle.ts";
import type { Decision } from "../../src/domain/decision.ts";
import type { LedgerEntry } from "../../src/ledger/entry.ts";
import type { Link } from "../../src/sim/link.ts";
import type { Prng } from "../../src/sim/prng.ts";
import type { SimVenue } from "../../src/sim/venue.ts";
import * as accountSnapshot from "../../src/trade/account-snapshot.ts";
import * as trade from "../../src/trade/trade.ts";
import type { Auditor } from "./auditor.ts";
import type { Trace } from "./trace.ts";
import type { PricePath, World } from "./world.ts";

/** The code under test: the account machine, or a mutant of it. */
export interface Code {
  readonly trade: typeof trade;
  readonly snapshot: typeof accountSnapshot;
}

export const production: Code = { trade, snapshot: accountSnapshot };

/** `sends_first` is a shell that breaks the first rule of the ledger. */
export type ShellOrder = "appends_first" | "sends_first";

/** Something the shell does at a time. */
export interface Scheduled {
  readonly at: number;
  readonly run: () => void;
}

/** One account's whole life: prices, decisions, crashes, a bad road, and a ledger that outlives them. */
export interface Life {
  readonly world: World;
  readonly code: Code;
  readonly order: ShellOrder;
  readonly prng: Prng;
  readonly venue: SimVenue;
  readonly link: Link;
  readonly auditor: Auditor;
  readonly ledger: LedgerEntry[];
  readonly paths: readonly PricePath[];
  readonly trace: Trace | undefined;
  now: number;
  crashShare: number;
  ownerEpoch: number;
  /** Undefined while the shell is down. */
  machine: trade.TradeMachine | undefined;
  timers: number[];
  scheduled: Scheduled[];
  checkpoint: { n: number; data: unknown } | undefined;
  decisions: Decision[];
  minute: Candle[][];
  /** When the operator last closed everything; undefined once a crash may have forgotten it. */
  closedAt: number | undefined;
  crashes: number;
  steps: number;
}

/** Has the shell do something at a time. */
export function later(life: Life, at: number, run: () => void): void {
  life.scheduled.push({ at, run });
  life.scheduled.sort((a, b) => a.at - b.at);
}
