import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { startNats } from "@tradewind/testkit";
import { percentile, timesOf } from "./times.ts";
import { startRoad } from "./road.ts";

const ROUNDS = 5;
const CANDLES = 200;
/** An order is intended on every second candle: on the others the last one fills, which is work of its own. */
const EVERY = 2;
/** Left out at the start of each round: code that is not warm yet. */
const WARM_CANDLES = 80;
const PER_SECOND = 10;
/** Appends after the candle's own until the intent is durable: signal, decision, ledger. */
const HOPS = 3;

export interface Latency {
  readonly roadMs: readonly number[];
  readonly bareMs: readonly number[];
  readonly memoryMb: Readonly<Record<string, number>>;
}

/** Rounds in turn: the five processes, then a bare chain of as many JetStream hops; by the server's own clock. */
export async function measureLatency(say: (text: string) => void): Promise<Latency[]> {
  const rounds: Latency[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    say(`bus: round ${round + 1} of ${ROUNDS}`);
    const road = await roadRound();
    rounds.push({ ...road, bareMs: await bareRound() });
  }
  return rounds;
}

export const median = (rounds: readonly Latency[], of: "roadMs" | "bareMs", share: number): number =>
  percentile(
    rounds.map((round) => percentile(round[of], share)),
    0.5,
  );

async function roadRound(): Promise<{ roadMs: number[]; memoryMb: Record<string, number> }> {
  const road = await startRoad({ candles: CANDLES, pace: PER_SECOND, every: EVERY });
  try {
    await road.worked(120_000);
    const candles = new Map<string, number>();
    for (const { atMs, data } of await timesOf(road.nc, "MARKET")) candles.set((JSON.parse(data) as { id: string }).id, atMs);
    const decisions = new Map<string, string>();
    for (const { data } of await timesOf(road.nc, "DECISIONS")) {
      const { id, cause } = JSON.parse(data) as { id: string; cause?: string };
      if (cause !== undefined) decisions.set(id, cause);
    }
    const intents = new Map<string, number>();
    for (const { atMs, data } of await timesOf(road.nc, "LEDGER")) {
      const { cause, data: entry } = JSON.parse(data) as { cause?: string; data: { events: { type: string }[] } };
      const began = candles.get(decisions.get(cause ?? "") ?? "");
      if (began === undefined || intents.has(cause!) || !entry.events.some(({ type }) => type === "order_intended")) continue;
      intents.set(cause!, atMs - began);
    }
    const taken = [...intents.values()];
    return { roadMs: taken.slice(WARM_CANDLES / EVERY), memoryMb: await road.memoryMb() };
  } finally {
    await road.stop();
  }
}

async function bareRound(): Promise<number[]> {
  const nats = await startNats();
  const nc = await connect({ servers: nats.url, noAsyncTraces: true });
  await (await jetstreamManager(nc)).streams.add({ name: "BARE", subjects: ["bare.>"] });
  const hops = [];
  try {
    for (let hop = 0; hop < HOPS; hop++) hops.push(await startHop(nats.url, hop));
    await publishCandles(nc);
    const begun = new Map<number, number>();
    const taken: number[] = [];
    for (const { subject, atMs, data } of await timesOf(nc, "BARE")) {
      const { i } = JSON.parse(data) as { i: number };
      if (subject === "bare.0") begun.set(i, atMs);
      if (subject === `bare.${HOPS}`) taken.push(atMs - begun.get(i)!);
    }
    return taken.slice(WARM_CANDLES);
  } finally {
    for (const hop of hops) hop.kill("SIGKILL");
    await nc.close();
    await nats.stop();
  }
}

async function startHop(url: string, hop: number) {
  const child = spawn(process.execPath, [join(import.meta.dirname, "hop.ts"), url, "BARE", `bare.${hop}`, `bare.${hop + 1}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("exit", () => reject(new Error("the bare hop ended")));
  });
  return child;
}

async function publishCandles(nc: NatsConnection): Promise<void> {
  const js = jetstream(nc);
  const padding = "x".repeat(300);
  for (let i = 0; i < CANDLES; i++) {
    void js.publish("bare.0", Buffer.from(JSON.stringify({ i, padding })));
    await wait(1000 / PER_SECOND);
  }
  await wait(500);
}
