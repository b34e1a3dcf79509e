import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bus, ConsumeOptions } from "@tradewind/bus";
import { createInbox, type Inbox, type ServiceContext } from "@tradewind/kit";
import { eventually } from "@tradewind/testkit";
import { messageOf, openRig, type Rig, type Running } from "./support/rig.ts";

const BTC = "tw.candle.bybit.BTC.1m";
const ETH = "tw.candle.bybit.ETH.1m";

let rig: Rig;
let running: Running;
let context: ServiceContext;
beforeEach(async () => {
  rig = await openRig("events");
});
afterEach(() => rig.close());

async function start(through?: (bus: Bus) => Bus): Promise<Inbox> {
  running = await rig.start({ name: "reader", build: async () => undefined }, through);
  context = running.context;
  return createInbox(context);
}

/** The end of the data at a time: the shortest message of a candle subject. */
const end = (time: number, instrument = "BTC"): string =>
  messageOf("candle", `e${instrument}${time}`, time, { type: "end", instrument, timeframe: "1m", time });

async function counted(reason: string): Promise<number> {
  const { values } = await context.metrics.dropped.get();
  return values.find(({ labels }) => labels.reason === reason)?.value ?? 0;
}

describe("given an inbox", () => {
  test("when messages are delivered again, then each is taken once, in the order of the log", async () => {
    const twice = (bus: Bus): Bus => ({
      ...bus,
      consume: ({ take, ...options }: ConsumeOptions) => {
        let before: Parameters<typeof take>[0] | undefined;
        return bus.consume({
          ...options,
          async take(message) {
            await take(message);
            await take(message);
            if (before !== undefined) await take(before);
            before = message;
          },
        });
      },
    });
    const inbox = await start(twice);
    const taken: number[] = [];
    for (let time = 1; time <= 5; time++) await rig.bus.append(BTC, end(time));
    await inbox.open({ kind: "candle", filter: BTC, from: { after: 0 }, take: ({ time }) => void taken.push(time) });
    await eventually(() => taken.length === 5);
    await rig.bus.append(BTC, end(6));
    await eventually(() => taken.length === 6);
    expect(taken).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await counted("duplicate")).toBeGreaterThanOrEqual(9);
    await inbox.stop();
  });

  test("when messages cannot be read, then they are counted, told and left out, and the position is beyond them", async () => {
    const inbox = await start();
    const taken: number[] = [];
    await rig.bus.append(BTC, "garbage");
    await rig.bus.append(BTC, end(1).replace('"v":1', '"v":7'));
    await rig.bus.append(BTC, "null");
    await rig.bus.append(BTC, end(2));
    const { seq } = await rig.bus.append(BTC, '{"v":1,"data":{}}');
    await inbox.open({ kind: "candle", filter: BTC, from: { after: 0 }, take: ({ time }) => void taken.push(time) });
    await eventually(async () => (await counted("unreadable")) === 4);
    expect(taken).toEqual([2]);
    expect(inbox.positions()).toEqual({ [BTC]: seq });
    expect(context.state.current().notes.some(({ text }) => text.includes(BTC))).toBe(true);
    await inbox.stop();
  });

  test("when it starts from a position, then it takes what comes after", async () => {
    const inbox = await start();
    const taken: number[] = [];
    await rig.bus.append(BTC, end(1));
    const { seq } = await rig.bus.append(BTC, end(2));
    await rig.bus.append(BTC, end(3));
    await inbox.open({ kind: "candle", filter: BTC, from: { after: seq }, take: ({ time }) => void taken.push(time) });
    await eventually(() => taken.length > 0);
    expect(taken).toEqual([3]);
    await inbox.stop();
  });

  test("when several inputs and other work want to run, then only one does at a time, and a failure holds nobody up", async () => {
    const inbox = await start();
    let inside = 0;
    let most = 0;
    let done = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
      done++;
    };
    for (let time = 1; time <= 20; time++) {
      await rig.bus.append(BTC, end(time));
      await rig.bus.append(ETH, end(time, "ETH"));
    }
    await inbox.open({ kind: "candle", filter: BTC, from: { after: 0 }, take: work });
    await inbox.open({ kind: "candle", filter: ETH, from: { after: 0 }, take: work });
    const failing = inbox.exclusive(() => Promise.reject(new Error("mine")));
    await expect(failing).rejects.toThrow("mine");
    await Promise.all(Array.from({ length: 20 }, () => inbox.exclusive(work)));
    await eventually(() => done === 60);
    expect(most).toBe(1);
    await inbox.stop();
  });

  test("when an input has no room, then it waits while the others go on, and does not hold up the end", async () => {
    const inbox = await start();
    const taken: string[] = [];
    let gate: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
    for (let time = 1; time <= 3; time++) {
      await rig.bus.append(BTC, end(time));
      await rig.bus.append(ETH, end(time, "ETH"));
    }
    await inbox.open({
      kind: "candle",
      filter: BTC,
      from: { after: 0 },
      room: () => (taken.includes("BTC2") || !taken.includes("BTC1") ? undefined : gate?.promise),
      take: ({ time }) => void taken.push(`BTC${time}`),
    });
    await inbox.open({ kind: "candle", filter: ETH, from: { after: 0 }, take: ({ time }) => void taken.push(`ETH${time}`) });
    await eventually(() => taken.includes("ETH3") && taken.includes("BTC1"));
    expect(taken).not.toContain("BTC2");
    const first = gate;
    gate = undefined;
    first.resolve();
    await eventually(() => taken.includes("BTC3"));
    gate = Promise.withResolvers();
    taken.splice(0, taken.length, "BTC1");
    await rig.bus.append(BTC, end(4));
    await inbox.stop();
    expect(taken).toEqual(["BTC1"]);
  });

  test("when it stops, then the message in hand is finished and no other begun", async () => {
    const inbox = await start();
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    let finished = 0;
    for (let time = 1; time <= 3; time++) await rig.bus.append(BTC, end(time));
    await inbox.open({
      kind: "candle",
      filter: BTC,
      from: { after: 0 },
      async take() {
        begun++;
        await gate.promise;
        finished++;
      },
    });
    await eventually(() => begun === 1);
    const stopped = inbox.stop();
    gate.resolve();
    await stopped;
    expect([begun, finished]).toEqual([1, 1]);
  });

  test("when taking a message fails, then the service fails, and the position stays before it", async () => {
    const inbox = await start();
    await rig.bus.append(BTC, end(1));
    await inbox.open({
      kind: "candle",
      filter: BTC,
      from: { after: 0 },
      take() {
        throw new Error("no room for it");
      },
    });
    await expect(running.failed).rejects.toThrow("no room for it");
    expect(inbox.positions()).toEqual({ [BTC]: 0 });
    await inbox.stop();
  });

  test("when a filter is opened a second time, or one of another kind, then it is refused", async () => {
    const inbox = await start();
    const take = (): void => undefined;
    await inbox.open({ kind: "candle", filter: BTC, from: "new", take });
    await expect(inbox.open({ kind: "candle", filter: BTC, from: "new", take })).rejects.toThrow(BTC);
    await expect(inbox.open({ kind: "signal", filter: ETH, from: "new", take })).rejects.toThrow(ETH);
    await inbox.stop();
  });
});
