import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bus } from "@tradewind/bus";
import { Failure, createPrng } from "@tradewind/core";
import { createOutbox, type Outbox } from "@tradewind/kit";
import { seeds } from "@tradewind/testkit";
import { logged, openRig, type Rig, type Running } from "./support/rig.ts";

const subject = (instrument: string): string => `tw.candle.bybit.${instrument}.1m`;

let rig: Rig;
let running: Running;
beforeEach(async () => {
  rig = await openRig("events");
});
afterEach(() => rig.close());

async function start(through?: (bus: Bus) => Bus): Promise<Outbox> {
  running = await rig.start({ name: "writer", build: async () => undefined }, through);
  return createOutbox(running.context);
}

const say = (outbox: Outbox, instrument: string, time: number): Promise<{ duplicate: boolean }> =>
  outbox.append(
    "candle",
    { venue: "bybit", instrument, timeframe: "1m" },
    { id: `${instrument}/${time}`, time, data: { type: "end", instrument, timeframe: "1m", time } },
  );

const timesOf = async (instrument: string): Promise<number[]> =>
  (await logged(rig.bus, "candle", subject(instrument))).map(({ time }) => time);

describe("given an outbox", () => {
  test("when appends fail before or after they are done, then every message is there once, in order on each subject", async () => {
    await seeds(3, async (seed) => {
      const prng = createPrng(seed);
      const away = new Failure("retry", "BUS_UNAVAILABLE", "away");
      const outbox = await start((bus) => ({
        ...bus,
        async append(...given) {
          const fate = prng.below(6);
          if (fate === 0) throw away;
          const appended = await bus.append(...given);
          if (fate === 1) throw new Failure("retry", "APPEND_UNCERTAIN", "no answer");
          return appended;
        },
      }));
      const times = Array.from({ length: 6 }, (_, i) => seed * 100 + i);
      for (const time of times) for (const instrument of ["BTC", "ETH", "SOL"]) void say(outbox, instrument, time);
      await outbox.flush();
      for (const instrument of ["BTC", "ETH", "SOL"])
        expect((await timesOf(instrument)).filter((time) => Math.floor(time / 100) === seed)).toEqual(times);
    });
  });

  test("when a message is there already, then it says so", async () => {
    const outbox = await start();
    expect(await say(outbox, "BTC", 1)).toMatchObject({ duplicate: false });
    expect(await say(outbox, "BTC", 1)).toMatchObject({ duplicate: true });
    expect(await timesOf("BTC")).toEqual([1]);
  });

  test("when flushed, then what was appended is in the log", async () => {
    const outbox = await start();
    for (let time = 1; time <= 50; time++) void say(outbox, "BTC", time);
    await outbox.flush();
    expect(await timesOf("BTC")).toHaveLength(50);
    await outbox.flush();
  });

  test("when the bus refuses for good, then the service fails, nothing later on the subject is added, and flush says so", async () => {
    const outbox = await start((bus) => ({
      ...bus,
      append: (on, text, options) =>
        options?.id === "BTC/2" ? Promise.reject(new Failure("service", "BUS_FORBIDDEN", "not yours")) : bus.append(on, text, options),
    }));
    for (let time = 1; time <= 3; time++) say(outbox, "BTC", time).catch(() => undefined);
    await expect(outbox.flush()).rejects.toMatchObject({ code: "BUS_FORBIDDEN" });
    await expect(running.failed).rejects.toMatchObject({ code: "BUS_FORBIDDEN" });
    expect(await timesOf("BTC")).toEqual([1]);
  });
});
