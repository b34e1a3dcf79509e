import { isFailure, type Failure } from "@tradewind/core";
import { eventually, startNats, type NatsServer } from "@tradewind/testkit";
import { connect } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";
import { Objm } from "@nats-io/obj";
import { describe, expect, test } from "vitest";
import { connectNats, type Bus, type KvChange, type Stored } from "../src/index.ts";
import { appendAll, dataOf, LEDGER, numbers, readAll } from "./contract/world.ts";

const open = async (server: NatsServer, timeoutMs = 2000): Promise<Bus> => {
  const bus = await connectNats({ servers: server.url, name: "test", timeoutMs });
  await bus.ensure();
  return bus;
};

/** Appends numbers with ids, each until the server has said that it is kept, as many at a time as a stage would. */
async function appendWhile(bus: Bus, going: () => boolean): Promise<number> {
  let count = 0;
  while (going()) {
    const texts = numbers(20, count);
    await Promise.all(texts.map((text) => eventually(() => bus.append(LEDGER, text, { id: text }), { timeoutMs: 30_000 })));
    count += texts.length;
  }
  return count;
}

describe("given nats-server is killed and started again", () => {
  test("a consumer gets every message once and in order, a writer with ids adds each once", async () => {
    await using server = await startNats();
    const bus = await open(server);
    const writer = await open(server);
    const got: Stored[] = [];
    await bus.consume({ filter: LEDGER, from: { after: 0 }, take: (message) => void got.push(message) });
    let going = true;
    const writing = appendWhile(writer, () => going);
    for (let kills = 0; kills < 2; kills++) {
      const before = got.length;
      await eventually(() => got.length > before + 200);
      await server.kill();
      await server.restart();
    }
    const before = got.length;
    await eventually(() => got.length > before + 200);
    going = false;
    const count = await writing;
    await eventually(() => got.length >= count);
    const kept = await readAll(bus, LEDGER);
    expect(
      dataOf(kept)
        .map(Number)
        .sort((a, b) => a - b),
    ).toEqual(numbers(count).map(Number));
    expect(got).toEqual(kept);
    await Promise.all([bus.close(), writer.close()]);
  });

  test("an append tells the truth: kept, not taken, or unclear", async () => {
    await using server = await startNats();
    const bus = await open(server);
    const outcomes = numbers(2000).map((text) =>
      bus.append(LEDGER, text).then(
        () => "kept",
        (error: unknown) => (isFailure(error) ? error.code : String(error)),
      ),
    );
    await outcomes[100];
    await server.kill();
    const told = await Promise.all(outcomes);
    await eventually(() => !bus.connected);
    await expect(bus.append(LEDGER, "away", { expectLast: 0 })).rejects.toMatchObject({ code: "BUS_UNAVAILABLE", action: "retry" });
    await server.restart();
    await eventually(() => bus.connected);
    const kept = new Set(dataOf(await eventually(() => readAll(bus, LEDGER))));
    expect(told.filter((outcome) => !["kept", "APPEND_UNCERTAIN", "BUS_UNAVAILABLE"].includes(outcome))).toEqual([]);
    expect(numbers(2000).filter((text) => told[Number(text)] === "kept" && !kept.has(text))).toEqual([]);
    expect(numbers(2000).filter((text) => told[Number(text)] === "BUS_UNAVAILABLE" && kept.has(text))).toEqual([]);
    await bus.close();
  });

  test("a piece of work begun before ends after, once, and the worker goes on", async () => {
    await using server = await startNats();
    const bus = await open(server);
    const ends: (() => void)[] = [];
    const taken: string[] = [];
    await bus.work({
      subject: "tw.job.train",
      take: ({ data }) => {
        taken.push(data);
        return new Promise((resolve) => ends.push(resolve));
      },
    });
    await bus.append("tw.job.train", "long");
    await eventually(() => ends.length === 1);
    await server.kill();
    await eventually(() => !bus.connected);
    ends[0]!();
    await server.restart();
    await eventually(() => bus.append("tw.job.train", "next", { id: "next" }), { timeoutMs: 30_000 });
    await eventually(() => ends.length === 2);
    ends[1]!();
    await eventually(async () => (await bus.last("tw.job.train")) === undefined);
    expect(taken).toEqual(["long", "next"]);
    await bus.close();
  });

  test("workers go on when their consumer is deleted", async () => {
    await using server = await startNats();
    const bus = await open(server);
    const taken: string[] = [];
    await bus.work({ subject: "tw.job.train", take: async ({ data }) => void taken.push(data) });
    await bus.append("tw.job.train", "before");
    await eventually(() => taken.length === 1);
    const raw = await connect({ servers: server.url });
    await (await jetstreamManager(raw)).consumers.delete("JOBS", "work-tw-job-train");
    await raw.close();
    await bus.append("tw.job.train", "after");
    await eventually(() => taken.length === 2, { timeoutMs: 20_000 });
    expect(taken).toEqual(["before", "after"]);
    await bus.close();
  });

  test("status is told, watchers, listeners and responders go on", async () => {
    await using server = await startNats();
    const bus = await open(server);
    const told: boolean[] = [];
    bus.onStatus((connected) => told.push(connected));
    const changes: KvChange[] = [];
    await bus.kv("variants").put("a", "1");
    await bus.kv("variants").watch((change) => void changes.push(change));
    const heard: string[] = [];
    bus.subscribe("tw.fill.>", ({ data }) => heard.push(data));
    bus.respond("tw.command.x.y", async () => "here");
    await server.kill();
    await eventually(() => !bus.connected);
    await expect(bus.request("tw.command.x.y", "", 100)).rejects.toMatchObject({ action: "retry" });
    bus.publish("tw.fill.v.A", "lost");
    await server.restart();
    await eventually(() => bus.connected);
    expect(told).toEqual([false, true]);
    await eventually(() => bus.kv("variants").put("a", "2"));
    await eventually(() => changes.at(-1)?.value === "2");
    expect(changes.map(({ value }) => value)).toEqual(["1", "2"]);
    bus.publish("tw.fill.v.A", "after");
    await eventually(() => heard.includes("after"));
    expect(heard).toEqual(["after"]);
    expect(await bus.request("tw.command.x.y", "", 1000)).toBe("here");
    await bus.close();
  });
});

describe("given trouble on the server's side", () => {
  test("a consumer that is deleted there is made anew after the last message", async () => {
    await using server = await startNats();
    const bus = await open(server);
    const got: string[] = [];
    await bus.consume({ filter: LEDGER, from: { after: 0 }, take: ({ data }) => void got.push(data) });
    await appendAll(bus, LEDGER, numbers(10));
    await eventually(() => got.length === 10);
    const raw = await connect({ servers: server.url });
    const jsm = await jetstreamManager(raw);
    for (const { name } of await jsm.consumers.list("LEDGER").next()) await jsm.consumers.delete("LEDGER", name);
    await raw.close();
    await appendAll(bus, LEDGER, numbers(10, 10));
    await eventually(() => got.length >= 20);
    expect(got).toEqual(numbers(20));
    await bus.close();
  });

  test("a listener that is slow takes no more from the server than it can hold", async () => {
    await using server = await startNats();
    const bus = await open(server);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let taken = 0;
    await bus.consume({
      filter: LEDGER,
      from: { after: 0 },
      take: () => {
        taken++;
        return held;
      },
    });
    await Promise.all(numbers(4000).map((text) => bus.append(LEDGER, text)));
    const raw = await connect({ servers: server.url });
    const jsm = await jetstreamManager(raw);
    const [consumer] = await jsm.consumers.list("LEDGER").next();
    expect(taken).toBe(1);
    expect(consumer!.delivered.consumer_seq).toBeLessThanOrEqual(1024);
    release();
    await eventually(() => taken === 4000);
    await raw.close();
    await bus.close();
  });

  test("what is larger than the server takes is refused before it is sent", async () => {
    await using server = await startNats({ config: "max_payload: 20000" });
    const bus = await open(server);
    await expect(bus.append(LEDGER, "x".repeat(20_000))).rejects.toMatchObject({ code: "BUS_TOO_LARGE", action: "service" });
    expect(() => bus.publish("tw.fill.v.A", "x".repeat(20_001))).toThrow(/20001 bytes/);
    expect((await bus.append(LEDGER, "x")).seq).toBe(1);
    await bus.close();
  });

  test("a blob that has lost a part, or is deleted while it is read, is told and not waited for", async () => {
    await using server = await startNats();
    const bus = await open(server);
    const raw = await connect({ servers: server.url });
    const jsm = await jetstreamManager(raw);
    const blobs = bus.blobs("model-files");
    const store = await new Objm(raw).open("model-files", false);
    await store.putBlob({ name: "a", options: { max_chunk_size: 16 } }, new Uint8Array(160).fill(1));
    // The last message describes the blob, the one before is its last part.
    const { state } = await jsm.streams.info("OBJ_model-files");
    await jsm.streams.deleteMessage("OBJ_model-files", state.last_seq - 1);
    await expect(blobs.get("a")).rejects.toMatchObject({ code: "BLOB_DAMAGED", action: "retry" });

    await store.putBlob({ name: "b", options: { max_chunk_size: 16 } }, new Uint8Array(320_000).fill(1));
    const got = blobs.get("b").then(
      (bytes) => bytes?.length,
      (error: Failure) => error.code,
    );
    await eventually(async () => (await jsm.consumers.list("OBJ_model-files").next()).length > 0);
    await blobs.delete("b");
    expect([320_000, "BLOB_DAMAGED"]).toContain(await got);
    await raw.close();
    await bus.close();
  });

  test("a stream that was lost ends its consumers with the reason", async () => {
    await using server = await startNats();
    const bus = await open(server);
    const consumer = await bus.consume({ filter: "tw.candle.>", from: { after: 0 }, take: () => undefined });
    let taken = 0;
    const counter = await bus.consume({ filter: "tw.candle.>", from: { after: 0 }, take: () => void taken++ });
    await appendAll(bus, "tw.candle.s.A.1m", numbers(5));
    await eventually(() => taken === 5);
    await counter.stop();
    const raw = await connect({ servers: server.url });
    const jsm = await jetstreamManager(raw);
    await jsm.streams.delete("MARKET");
    await raw.close();
    await bus.ensure();
    await expect(consumer.failed).rejects.toMatchObject({ code: "LOG_LOST", action: "service" });
    await bus.close();
  });

  test("an append that is taken and never answered is unclear; a foreign answer is no acknowledgement", async () => {
    await using server = await startNats();
    const bus = await connectNats({ servers: server.url, name: "test", timeoutMs: 200 });
    await expect(bus.append(LEDGER, "x")).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
    const raw = await connect({ servers: server.url });
    raw.subscribe(LEDGER, { callback: () => undefined });
    raw.subscribe("tw.ledger.other", { callback: (_, message) => void message.respond("+OK") });
    await raw.flush();
    await expect(bus.append(LEDGER, "x")).rejects.toMatchObject({ code: "APPEND_UNCERTAIN", action: "retry" });
    await expect(bus.append("tw.ledger.other", "x")).rejects.toMatchObject({ code: "BUS_FAILED" });
    await raw.close();
    await bus.close();
  });
});
