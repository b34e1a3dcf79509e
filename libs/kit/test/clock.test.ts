import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openMarketClock, setMarketClock } from "@tradewind/kit";
import { eventually } from "@tradewind/testkit";
import { openRig, type Rig } from "./support/rig.ts";

const DAY_MS = 86_400_000;

let rig: Rig;
let wallMs = 0;
beforeEach(async () => {
  rig = await openRig("wall");
  wallMs = 1_700_000_000_000;
});
afterEach(() => rig.close());

const open = () => openMarketClock(rig.bus, () => wallMs);

describe("given a market's clock", () => {
  test("when nobody has set it, then it is the wall's", async () => {
    const clock = await open();
    expect(clock.now()).toBe(wallMs);
    wallMs -= 5_000;
    expect(clock.now(), "a wall clock that is put back does not put time back").toBe(wallMs + 5_000);
    clock.stop();
  });

  test("when it is set, then it runs at its own speed, and whoever looked before sees the new time, be it earlier", async () => {
    const clock = await open();
    clock.now();
    await setMarketClock(rig.bus, { wallMs, marketMs: DAY_MS, speed: 60 });
    await eventually(() => clock.speed() === 60);
    expect(clock.now()).toBe(DAY_MS);
    wallMs += 1_000;
    expect(clock.now()).toBe(DAY_MS + 60_000);
    clock.stop();
  });

  test("when a time comes, then whoever waits for it is called once; whoever has stopped is not", async () => {
    await setMarketClock(rig.bus, { wallMs, marketMs: 0, speed: 1_000 });
    const clock = await open();
    const rung: string[] = [];
    clock.at(-1, () => rung.push("past"));
    clock.at(1_000, () => rung.push("soon"));
    clock.at(1_000, () => rung.push("stopped")).stop();
    await eventually(() => rung.length === 1);
    wallMs += 10;
    await eventually(() => rung.length === 2);
    expect(rung).toEqual(["past", "soon"]);
    clock.stop();
  });

  test("when the market is set forward, then a time that has come by it rings", async () => {
    await setMarketClock(rig.bus, { wallMs, marketMs: 0, speed: 1 });
    const clock = await open();
    let rung = false;
    clock.at(DAY_MS, () => (rung = true));
    await setMarketClock(rig.bus, { wallMs, marketMs: 2 * DAY_MS, speed: 1 });
    await eventually(() => rung);
    clock.stop();
  });

  test("when it is set to what is no setting, then it goes on as before, and that is told", async () => {
    const told: string[] = [];
    await setMarketClock(rig.bus, { wallMs, marketMs: DAY_MS, speed: 2 });
    const clock = await openMarketClock(
      rig.bus,
      () => wallMs,
      (line) => told.push(line),
    );
    for (const text of ["{", "null", "{}", '{"wallMs":0,"marketMs":1e300,"speed":1}', '{"wallMs":0,"marketMs":0,"speed":-1}'])
      await rig.bus.kv("run").put("clock", text);
    await eventually(() => told.length === 5);
    expect(clock.now()).toBe(DAY_MS);
    expect(clock.speed()).toBe(2);
    clock.stop();
  });
});
