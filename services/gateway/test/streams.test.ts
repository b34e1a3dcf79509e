import { describe, expect, test } from "vitest";
import { eventually } from "@tradewind/testkit";
import { PERP, candleOf, decisionOf, equityOf, publisher, startSystem, variantOf, type System } from "./support.ts";
import { tellTrade } from "./trade.ts";

interface Stream extends Disposable {
  readonly frames: any[];
  readonly socket: WebSocket;
}

async function open({ gateway }: System, path: string, protocols: string[]): Promise<Stream> {
  const frames: any[] = [];
  const socket = new WebSocket(gateway.url.replace(/^http/, "ws") + path, protocols);
  socket.addEventListener("message", ({ data }) => frames.push(JSON.parse(String(data))));
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error("the stream did not open")));
  });
  return { frames, socket, [Symbol.dispose]: () => socket.close() };
}

const asBrowser = ({ gateway }: System): string[] => ["tradewind", `bearer.${gateway.token}`];

describe("given a tap on the bus", () => {
  test("messages of every kind the pattern covers come from now on, kept or not, each once", async () => {
    await using system = await startSystem({ variants: { sim: variantOf() } });
    const to = publisher(system.bus);
    await to.decision(decisionOf("sim", 1));
    using all = await open(system, "/api/tap?subject=tw.%3E", asBrowser(system));
    using decisions = await open(system, `/api/tap?subject=tw.decision.*.${PERP}&token=${system.gateway.token}`, []);
    expect(all.socket.protocol).toBe("tradewind");
    const seen = (stream: Stream, subject: string): unknown[] => stream.frames.filter((frame) => frame.subject === subject);
    // Readers begin a moment after the stream is open: the first message is said until it is heard.
    let minute = 2;
    await eventually(async () => {
      await to.decision(decisionOf("sim", minute++));
      return seen(all, `tw.decision.sim.${PERP}`).length > 0 && seen(decisions, `tw.decision.sim.${PERP}`).length > 0;
    });
    await to.candle(candleOf(1, 60_000));
    to.equity(equityOf("sim", 1, 10_000));
    await tellTrade(to, "sim");
    await eventually(() => seen(all, "tw.ledger.paper-sim").length === 5 && seen(all, "tw.equity.sim").length === 1);
    expect(all.frames.find((frame) => frame.subject.startsWith("tw.candle"))).toMatchObject({ message: { data: { type: "candle" } } });
    expect(decisions.frames.every(({ subject }) => subject === `tw.decision.sim.${PERP}`)).toBe(true);
    expect(decisions.frames.some(({ message }) => message.time === decisionOf("sim", 1).closeTime)).toBe(false);
  });
});

describe("given the page's stream", () => {
  test("a snapshot first, then what changes; thousands of messages make few updates", async () => {
    await using system = await startSystem({ variants: { sim: variantOf() } });
    await eventually(() => system.desired("sim"));
    const to = publisher(system.bus);
    await to.decision(decisionOf("sim", 1));
    await eventually(async () => (await system.call("/api/decisions")).body.length === 1);
    using stream = await open(system, "/api/live", asBrowser(system));
    const snapshot = await eventually(() => stream.frames[0]);
    expect(snapshot).toMatchObject({ type: "snapshot", status: { simulated: true }, decisions: [{ variant: "sim" }], lines: { sim: [] } });
    for (let i = 0; i < 5_000; i++) to.equity(equityOf("sim", 1 + i / 1000, 10_000 + i));
    await tellTrade(to, "sim");
    await eventually(() => stream.frames.some(({ points }) => points?.sim?.at(-1)?.[1] === 14_999));
    const fills = await eventually(() => {
      const found = stream.frames.flatMap((frame) => frame.fills);
      return found.length === 2 ? found : undefined;
    });
    expect(fills.map(({ leg }) => leg)).toEqual(["entry", "stop"]);
    expect(stream.frames.length).toBeLessThan(100);
    const metrics = await system.service.context.metrics.registry.metrics();
    expect(metrics).toMatch(/tradewind_gateway_ws_clients\{stream="live",.*\} 1/);
  });

  test("clients beyond the most there may be are refused, and room is free again when one goes", async () => {
    await using system = await startSystem();
    const streams = await Promise.all(Array.from({ length: 64 }, () => open(system, "/api/live", asBrowser(system))));
    await expect(open(system, "/api/live", asBrowser(system))).rejects.toThrow("did not open");
    streams[0]!.socket.close();
    const next = await eventually(() => open(system, "/api/live", asBrowser(system)));
    for (const { socket } of [...streams, next]) socket.close();
  });
});
