import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Failure } from "@tradewind/core";
import { checkpointStore, createInbox, keepCheckpoints, type ServiceContext } from "@tradewind/kit";
import { eventually } from "@tradewind/testkit";
import { messageOf, openRig, type Rig } from "./support/rig.ts";

const BTC = "tw.candle.bybit.BTC.1m";

let rig: Rig;
let context: ServiceContext;
beforeEach(async () => {
  rig = await openRig("events");
  ({ context } = await rig.start({ name: "stage", build: async () => undefined }));
});
afterEach(() => rig.close());

describe("given a checkpoint in the store", () => {
  const checkpoint = { positions: { [BTC]: 7 }, state: { shares: Float64Array.of(0.1, Number.NaN), open: new Map([[1, "x"]]) } };

  test("when it is of the same version, then it is given back exactly", async () => {
    await checkpointStore(context, "BTC", "one").save(checkpoint);
    expect(await checkpointStore(context, "BTC", "one").load()).toEqual(checkpoint);
  });

  test("when it is of another version or partition, or unreadable, then there is none", async () => {
    await checkpointStore(context, "BTC", "one").save(checkpoint);
    expect(await checkpointStore(context, "BTC", "two").load()).toBeUndefined();
    expect(await checkpointStore(context, "ETH", "one").load()).toBeUndefined();
    await rig.bus.kv("checkpoints").put("stage.BTC", "{");
    expect(await checkpointStore(context, "BTC", "one").load()).toBeUndefined();
  });

  test("when it is too large for the bus, then that is told once and the work goes on; when it is of another run, then there is none", async () => {
    const tooLarge = new Failure("service", "BUS_TOO_LARGE", "too large");
    const refusing = {
      ...context,
      bus: { ...context.bus, kv: () => ({ ...context.bus.kv("checkpoints"), put: () => Promise.reject(tooLarge) }) },
    };
    const store = checkpointStore(refusing, "BTC", "one");
    await store.save(checkpoint);
    await store.save(checkpoint);
    expect(context.state.current().notes).toHaveLength(1);
    await checkpointStore({ ...context, run: { ...context.run, run: "another" } }, "BTC", "one").save(checkpoint);
    expect(await checkpointStore(context, "BTC", "one").load()).toBeUndefined();
  });

  test("when it is cleared, then there is none", async () => {
    const store = checkpointStore(context, "BTC", "one");
    await store.save(checkpoint);
    await store.clear();
    expect(await store.load()).toBeUndefined();
  });
});

describe("given a checkpoint of a stage that was away", () => {
  const ETH = "tw.candle.bybit.ETH.1m";
  const LEDGER = "tw.ledger.main";
  const notes = (): string[] => context.state.current().notes.map(({ text }) => text);

  beforeEach(async () => {
    await rig.close();
    rig = await openRig("wall", { maxBytes: { MARKET: 50_000 } });
    ({ context } = await rig.start({ name: "stage", build: async () => undefined }));
  });

  async function candles(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await rig.bus.append(BTC, "x".repeat(1_000));
  }

  test("when the log has dropped what came after it, then it is given back, and a note says what is gone", async () => {
    const store = checkpointStore(context, "BTC", "one");
    await candles(10);
    await store.save({ positions: { [ETH]: 3, [BTC]: 10 }, state: 1 });
    await candles(100);
    const first = await eventually(async () => ((await rig.bus.first(BTC)) > 50 ? rig.bus.first(BTC) : undefined));
    expect(await store.load()).toMatchObject({ positions: { [BTC]: 10 }, state: 1 });
    expect(notes().filter((text) => text.includes(`#10 and #${first}`))).toHaveLength(1);
  });

  test("when only a quiet subject lies before what is kept, then there is no note", async () => {
    const store = checkpointStore(context, "BTC", "one");
    await candles(110);
    await eventually(async () => (await rig.bus.first(BTC)) > 50);
    await rig.bus.append(LEDGER, "x");
    const before = notes();
    await store.save({ positions: { [ETH]: 3, [BTC]: 110, [LEDGER]: 0 }, state: 1 });
    expect(await store.load()).toBeDefined();
    expect(notes()).toEqual(before);
  });
});

describe("given a stage that keeps checkpoints", () => {
  const end = (time: number): string => messageOf("candle", `e${time}`, time, { type: "end", instrument: "BTC", timeframe: "1m", time });

  async function keep(flush: () => Promise<void>, valid: () => boolean) {
    const inbox = createInbox(context);
    const store = checkpointStore(context, "BTC", "one");
    let sum = 0;
    const checkpoints = keepCheckpoints({ inbox, store, capture: () => sum, flush, valid, fail: context.fail });
    await inbox.open({
      kind: "candle",
      filter: BTC,
      from: { after: 0 },
      take({ time }) {
        sum += time;
        return checkpoints.taken();
      },
    });
    return { store, checkpoints, inbox, sum: () => sum };
  }

  test("when its outputs are not durable, then nothing is saved; when they are, then the state of then", async () => {
    const durable = Promise.withResolvers<void>();
    const { store, checkpoints, inbox, sum } = await keep(
      () => durable.promise,
      () => true,
    );
    for (let time = 1; time <= 10; time++) await rig.bus.append(BTC, end(time));
    await eventually(() => sum() === 55);
    await inbox.stop();
    const stopped = checkpoints.stop();
    expect(await store.load()).toBeUndefined();
    durable.resolve();
    await stopped;
    expect(await store.load()).toMatchObject({ state: 55 });
  });

  test("when it goes on for long, then it saves on its way, never a state without its position", async () => {
    const { store, checkpoints, inbox, sum } = await keep(
      async () => undefined,
      () => true,
    );
    const first = (await rig.bus.last(BTC))?.seq ?? 0;
    await Promise.all(Array.from({ length: 1_200 }, () => rig.bus.append(BTC, end(1))));
    const saved = await eventually(() => store.load());
    // Within a message, the position is that of the one before.
    const behind = (saved.state as number) - (saved.positions[BTC]! - first);
    expect([0, 1]).toContain(behind);
    await eventually(() => sum() === 1_200);
    await inbox.stop();
    await checkpoints.stop();
  });

  test("when it is no longer its partition, then nothing is saved", async () => {
    let ours = true;
    const { store, checkpoints, inbox, sum } = await keep(
      async () => undefined,
      () => ours,
    );
    await rig.bus.append(BTC, end(1));
    await eventually(() => sum() === 1);
    ours = false;
    await inbox.stop();
    await checkpoints.stop();
    expect(await store.load()).toBeUndefined();
  });
});
