import { startNats } from "@tradewind/testkit";
import { describe } from "vitest";
import { connectNats, type Bus } from "../src/index.ts";
import { testBus } from "./contract.ts";
import type { MakeWorld } from "./contract/world.ts";

const make: MakeWorld = async (options) => {
  const server = await startNats();
  const opened: Bus[] = [];
  const connect = async (): Promise<Bus> => {
    const bus = await connectNats({ servers: server.url, name: "test", ...options });
    opened.push(bus);
    return bus;
  };
  const bus = await connect();
  await bus.ensure();
  return {
    bus,
    connect,
    address: ["nats", server.url],
    async [Symbol.asyncDispose]() {
      for (const each of opened) await each.close();
      await server[Symbol.asyncDispose]();
    },
  };
};

describe("NATS bus", () => {
  testBus(make);
});
