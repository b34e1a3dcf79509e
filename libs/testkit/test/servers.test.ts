import { connect } from "node:net";
import { existsSync } from "node:fs";
import { connectNats } from "@tradewind/bus";
import { describe, expect, test } from "vitest";
import { eventually, freePort, seeds, startNats, startRedis, tempDir, type Server } from "../src/index.ts";

/** One command to a Redis server, as raw text. */
function askRedis({ host, port }: Server, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.write(`${command}\r\n`));
    socket.once("data", (chunk) => {
      socket.destroy();
      resolve(chunk.toString().trim());
    });
    socket.once("error", reject);
  });
}

describe("servers for tests", () => {
  test("nats keeps its streams over kill and restart on the same port", async () => {
    await using server = await startNats();
    const bus = await connectNats({ servers: server.url, name: "test" });
    await bus.ensure();
    await bus.append("tw.ledger.a", "kept");
    await bus.close();
    await server.kill();
    await expect(connectNats({ servers: server.url, name: "test" })).rejects.toMatchObject({ code: "BUS_UNREACHABLE" });
    await server.restart();
    const again = await eventually(() => connectNats({ servers: server.url, name: "test" }));
    expect((await eventually(() => again.last("tw.ledger.a")))?.data).toBe("kept");
    await again.close();
  });

  test("nats takes further configuration", async () => {
    await using server = await startNats({ config: `authorization { user: me, password: "secret" }` });
    await expect(connectNats({ servers: server.url, name: "test" })).rejects.toMatchObject({ code: "BUS_REFUSED" });
    await (await connectNats({ servers: server.url, name: "test", user: "me", pass: "secret" })).close();
  });

  test("redis answers, asks for its password, stops and starts", async () => {
    await using server = await startRedis({ password: "secret" });
    expect(await askRedis(server, "PING")).toContain("NOAUTH");
    expect(await askRedis(server, "AUTH secret")).toBe("+OK");
    await server.stop();
    await expect(askRedis(server, "PING")).rejects.toThrow("ECONNREFUSED");
    await server.restart();
    await eventually(async () => (await askRedis(server, "AUTH secret")) === "+OK");
  });

  test("several run side by side", async () => {
    await using one = await startRedis();
    await using other = await startRedis();
    expect(one.port).not.toBe(other.port);
    await eventually(async () => (await askRedis(one, "PING")) === "+PONG" && (await askRedis(other, "PING")) === "+PONG");
  });
});

describe("helpers", () => {
  test("eventually gives the value, or the last error and what was waited for", async () => {
    let tries = 0;
    expect(await eventually(() => (++tries < 3 ? undefined : tries))).toBe(3);
    const failing = eventually(
      () => {
        throw new Error("not yet");
      },
      { timeoutMs: 20, message: "no dawn" },
    );
    await expect(failing).rejects.toThrow(/no dawn.*20 ms.*not yet/);
  });

  test("seeds names the seed that failed", async () => {
    const failing = seeds(5, (seed) => {
      if (seed === 3) throw new Error("wrong");
    });
    await expect(failing).rejects.toThrow(/seed 3 .*wrong/);
  });

  test("ports are free and folders are there", async () => {
    expect(await freePort()).toBeGreaterThan(0);
    const dir = tempDir();
    expect(existsSync(dir)).toBe(true);
    expect(tempDir()).not.toBe(dir);
  });
});
