import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectNats } from "@tradewind/bus";
import { eventually, startNats, type NatsServer } from "@tradewind/testkit";
import { PERP, decisionOf, equityOf, publisher, startSystem, variantOf } from "./support.ts";
import { orderId, tellTrade } from "./trade.ts";

let nats: NatsServer;
beforeAll(async () => {
  nats = await startNats();
});
afterAll(() => nats.stop());

const connect = () => connectNats({ servers: nats.url, name: "test" });

describe("given a gateway on a NATS server", () => {
  test("it follows files, shows, explains and taps; killed and started again, the server is found and nothing is missed", async () => {
    await using system = await startSystem({ variants: { sim: variantOf() }, connect });
    await eventually(() => system.desired("sim"));
    const to = publisher(system.bus);
    await tellTrade(to, "sim");
    await eventually(async () => (await system.call("/api/fills")).body.length === 2);
    expect((await system.call(`/api/why?order=${orderId("stop")}`)).body.answer).toContain("Filled 0.05 at 58805");
    const frames: { subject: string }[] = [];
    using stack = new DisposableStack();
    const socket = new WebSocket(`${system.gateway.url.replace(/^http/, "ws")}/api/tap?subject=tw.%3E&token=${system.gateway.token}`);
    stack.defer(() => socket.close());
    socket.addEventListener("message", ({ data }) => frames.push(JSON.parse(String(data)) as { subject: string }));
    let minute = 20;
    const say = (): Promise<string> => to.decision(decisionOf("sim", minute++));
    const heard = (): number => frames.filter(({ subject }) => subject === `tw.decision.sim.${PERP}`).length;
    await eventually(async () => (await say()) && heard() > 0);

    await nats.kill();
    await nats.restart();
    await eventually(() => system.bus.connected);
    await eventually(say);
    await to.decision(decisionOf("sim", 900, { action: "SELL", score: -0.4, reason: "after the restart" }));
    await eventually(async () => (await system.call("/api/decisions?limit=1")).body[0].reason === "after the restart");
    to.equity(equityOf("sim", 901, 10_010));
    await eventually(async () => (await system.call("/api/status")).body.variants[0].equity === 10_010);
    system.put("sim", variantOf({ risk_settings: { stop_loss_pct: 3 } }));
    await eventually(async () => (await system.desired("sim"))?.revision === 2);
    const before = heard();
    await eventually(async () => (await say()) && heard() > before);
  });
});
