import { createServer, type AddressInfo } from "node:net";
import { eventually, freePort, startNats } from "@tradewind/testkit";
import { connect } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";
import { describe, expect, test } from "vitest";
import { connectNats } from "../src/index.ts";
import { appendAll, dataOf, LEDGER, numbers, readAll } from "./contract/world.ts";

const SECRET = "correct-horse";

/** Users as a deployment has them: one that makes streams, one that works with them, one that only looks. */
const users = `authorization { users: [
  { user: owner, password: ${SECRET} }
  { user: worker, password: ${SECRET}, permissions: {
    publish: { allow: ["tw.>", "$JS.API.>", "$KV.>", "$O.>", "_INBOX.>"], deny: ["$JS.API.STREAM.CREATE.>", "$JS.API.STREAM.UPDATE.>", "$JS.API.STREAM.DELETE.>"] }
    subscribe: ["tw.>", "_INBOX_worker.>"] } }
  { user: looker, password: ${SECRET}, permissions: {
    publish: { allow: ["$JS.API.STREAM.INFO.>", "$JS.API.CONSUMER.>"] }, subscribe: ["_INBOX_looker.>"] } }
] }`;

describe("connecting", () => {
  test("given nobody there, says where it looked", async () => {
    const port = await freePort();
    await expect(connectNats({ servers: `nats://me:${SECRET}@127.0.0.1:${port}`, name: "test" })).rejects.toMatchObject({
      code: "BUS_UNREACHABLE",
      action: "retry",
      message: expect.stringContaining(`127.0.0.1:${port}`),
    });
    await connectNats({ servers: `nats://me:${SECRET}@127.0.0.1:${port}`, name: "test" }).catch((error: unknown) =>
      expect(String(error)).not.toContain(SECRET),
    );
  });

  test("given a wrong password, is refused without telling it", async () => {
    await using server = await startNats({ config: users });
    const refused = await connectNats({ servers: server.url, name: "test", user: "owner", pass: "wrong-horse" }).catch(
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: "BUS_REFUSED", action: "input" });
    expect(String(refused)).not.toContain("wrong-horse");
  });

  test("given a server that is too old, names the versions", async () => {
    const fake = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.write(
        `INFO ${JSON.stringify({ server_id: "x", version: "2.8.4", proto: 1, max_payload: 1_048_576, jetstream: true, headers: true })}\r\n`,
      );
      socket.on("data", () => socket.write("PONG\r\n"));
    });
    await new Promise<void>((resolve) => fake.listen(0, "127.0.0.1", resolve));
    const { port } = fake.address() as AddressInfo;
    await expect(connectNats({ servers: `127.0.0.1:${port}`, name: "test" })).rejects.toMatchObject({
      code: "BUS_VERSION",
      message: expect.stringContaining("2.8.4"),
    });
    fake.close();
  });
});

describe("making streams and buckets", () => {
  test("given many processes at once, all succeed and agree", async () => {
    await using server = await startNats();
    const buses = await Promise.all(numbers(6).map((name) => connectNats({ servers: server.url, name })));
    await Promise.all(buses.map((bus) => bus.ensure()));
    const raw = await connect({ servers: server.url });
    const { config } = await (await jetstreamManager(raw)).streams.info("LEDGER");
    expect(config).toMatchObject({ discard: "new", max_age: 0, subjects: ["tw.ledger.>"], storage: "file" });
    await raw.close();
    await Promise.all(buses.map((bus) => bus.close()));
  });

  test("given settings that have changed, changes the stream and keeps its messages", async () => {
    await using server = await startNats();
    const before = await connectNats({
      servers: server.url,
      name: "before",
      duplicateWindowMs: 1000,
      ttlMs: { leases: 60_000, states: 60_000 },
    });
    await before.ensure();
    await appendAll(before, LEDGER, numbers(3));
    const after = await connectNats({ servers: server.url, name: "after" });
    await after.ensure();
    const raw = await connect({ servers: server.url });
    const jsm = await jetstreamManager(raw);
    expect((await jsm.streams.info("LEDGER")).config.duplicate_window).toBe(120_000 * 1e6);
    expect((await jsm.streams.info("KV_leases")).config.max_age).toBe(4_000 * 1e6);
    expect(dataOf(await readAll(after, LEDGER))).toEqual(numbers(3));
    await raw.close();
    await Promise.all([before.close(), after.close()]);
  });

  test("given a user that may not make them: not ready until somebody has, then all it may do works", async () => {
    await using server = await startNats({ config: users });
    const onError = (): void => undefined;
    const worker = await connectNats({
      servers: server.url,
      name: "w",
      user: "worker",
      pass: SECRET,
      inboxPrefix: "_INBOX_worker",
      onError,
    });
    await expect(worker.ensure()).rejects.toMatchObject({ code: "BUS_NOT_READY", action: "retry" });
    const owner = await connectNats({ servers: server.url, name: "o", user: "owner", pass: SECRET });
    await owner.ensure();
    await worker.ensure();
    const got: string[] = [];
    await worker.consume({ filter: LEDGER, from: { after: 0 }, take: ({ data }) => void got.push(data) });
    await appendAll(worker, LEDGER, numbers(700));
    await eventually(() => got.length === 700);
    const told: string[] = [];
    await worker.kv("variants").watch(({ key }) => told.push(key));
    await worker.kv("variants").put("a", "1");
    await eventually(() => told.length === 1);
    await worker.blobs("model-files").put("m", new Uint8Array(2_000_000).fill(3));
    expect((await worker.blobs("model-files").get("m"))?.length).toBe(2_000_000);
    await Promise.all([owner.close(), worker.close()]);
  });

  test("given a user that may only look, reads and is refused to write", async () => {
    await using server = await startNats({ config: users });
    const owner = await connectNats({ servers: server.url, name: "o", user: "owner", pass: SECRET });
    await owner.ensure();
    await appendAll(owner, LEDGER, numbers(3));
    const complaints: unknown[] = [];
    const looker = await connectNats({
      servers: server.url,
      name: "l",
      user: "looker",
      pass: SECRET,
      inboxPrefix: "_INBOX_looker",
      onError: (error) => complaints.push(error),
    });
    expect(dataOf(await readAll(looker, LEDGER))).toEqual(numbers(3));
    await expect(looker.append(LEDGER, "x")).rejects.toMatchObject({ code: "BUS_FORBIDDEN", action: "service" });
    looker.subscribe("tw.fill.>", () => undefined);
    await eventually(() => complaints.length > 0);
    await Promise.all([owner.close(), looker.close()]);
  });
});
