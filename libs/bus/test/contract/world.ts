import type { Bus, BusOptions, From, Stored } from "../../src/index.ts";

/** One bus for one test. */
export interface World extends AsyncDisposable {
  readonly bus: Bus;
  /** A further handle, as another service has one; after `bus.close()`, a first one anew. */
  connect(): Promise<Bus>;
  /** For `support/writer.ts`, which opens the bus in a process of its own. */
  readonly address: readonly string[];
}

export type MakeWorld = (options?: BusOptions) => Promise<World>;

export const LEDGER = "tw.ledger.main";
export const candle = (instrument: string): string => `tw.candle.sim.${instrument}.1m`;

export async function readAll(bus: Bus, filter: string, from: From = { after: 0 }): Promise<Stored[]> {
  const messages: Stored[] = [];
  for await (const message of bus.read(filter, from)) messages.push(message);
  return messages;
}

export const dataOf = (messages: readonly Stored[]): string[] => messages.map(({ data }) => data);

/** Appends texts one after the other; gives their sequences. */
export async function appendAll(bus: Bus, subject: string, texts: readonly string[]): Promise<number[]> {
  const seqs: number[] = [];
  for (const text of texts) seqs.push((await bus.append(subject, text)).seq);
  return seqs;
}

export const numbers = (count: number, first = 0): string[] => Array.from({ length: count }, (_, i) => String(first + i));
