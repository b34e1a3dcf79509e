import { describe, expect, it } from "vitest";
import type { Qty } from "../src/domain/fixed.ts";
import { d } from "./support/builders.ts";
import { asked, bare, bracket, orderDesk, placed, stopOnly, types } from "./orders-desk.ts";

const filled = (quantity: string) => ({ type: "closed", outcome: "filled", filled: d<Qty>(quantity), reason: "" }) as const;
const cancelled = (quantity = "0") => ({ type: "closed", outcome: "cancelled", filled: d<Qty>(quantity), reason: "" }) as const;

describe("reports in any order", () => {
  it("a fill before the acknowledgement: the position is there, and the late acknowledgement opens no phantom", () => {
    const desk = orderDesk(bare);
    const entry = desk.decide("BUY")!;
    desk.fill(entry, 10, "100", "t1");
    expect(desk.slot.position.qty).toBe(d("10"));
    expect(desk.open(entry)).toEqual({ events: [], intents: [] });
    expect(desk.slot.live).toEqual([]);
  });

  it("a fill after the cancellation was told is booked all the same", () => {
    const desk = orderDesk(bare);
    const entry = desk.entered();
    desk.decide("SELL");
    // The venue counts the fill, but has not told of it: the cancellation is not believed until it has.
    const told = desk.say({ ...cancelled("4"), clientId: entry.clientId });
    expect(types(told.events)).toEqual(["order_unknown"]);
    desk.fill(entry, 4, "100", "t1");
    expect(desk.slot.position.qty).toBe(d("4"));
    expect(types(desk.say({ ...cancelled("4"), clientId: entry.clientId }).events)).toContain("closed cancelled");
  });

  it("a fill of an order that is closed for good still counts", () => {
    const desk = orderDesk(stopOnly);
    const entry = desk.entered();
    desk.say({ ...cancelled(), clientId: entry.clientId });
    const late = desk.fill(entry, 3, "100", "t1");
    expect(desk.slot.position.qty).toBe(d("3"));
    expect(asked(desk, late.intents)).toEqual(["place stop SELL 3"]);
  });

  it("closed as filled before its fills: nothing is believed until they are there", () => {
    const desk = orderDesk(bare);
    const entry = desk.entered();
    const told = desk.say({ ...filled("10"), clientId: entry.clientId });
    expect(types(told.events)).toEqual(["order_unknown"]);
    expect(asked(desk, told.intents)).toEqual(["lookup entry"]);
    expect(types(desk.fill(entry, 10, "100", "t1").events)).toEqual(["fill", "closed filled"]);
  });

  it("everything told twice comes to the same", () => {
    const once = orderDesk(bracket);
    const twice = orderDesk(bracket);
    for (const [desk, times] of [
      [once, 1],
      [twice, 2],
    ] as const) {
      const entry = desk.decide("BUY")!;
      const repeat = (tell: () => unknown) => Array.from({ length: times }, tell);
      repeat(() => desk.open(entry));
      repeat(() => desk.fill(entry, 4, "100", "t1"));
      repeat(() => desk.fill(entry, 6, "101", "t2"));
      repeat(() => desk.say({ ...filled("10"), clientId: entry.clientId }));
      const stop = desk.live("stop")!.spec;
      repeat(() => desk.open(stop));
      repeat(() => desk.fill(stop, 10, "95", "t3"));
    }
    expect(twice.slot.position).toEqual(once.slot.position);
    expect(twice.machine.state.balances).toEqual(once.machine.state.balances);
    expect(twice.ledger.flatMap((entry) => types(entry.events))).toEqual(once.ledger.flatMap((entry) => types(entry.events)));
  });
});

describe("protective orders", () => {
  it("both are placed with the first fill and grow with the position", () => {
    const desk = orderDesk(bracket);
    const entry = desk.entered();
    const first = desk.fill(entry, 4, "100", "t1");
    expect(asked(desk, first.intents)).toEqual(["place stop SELL 4", "place target SELL 4"]);
    const [stop, target] = placed(first.intents);
    desk.open(stop!);
    desk.open(target!);
    expect(asked(desk, desk.fill(entry, 6, "100", "t2").intents)).toEqual(["amend stop 10", "amend target 10"]);
  });

  it("while the stop's own placement is under way its growth waits for the answer", () => {
    const desk = orderDesk(stopOnly);
    const entry = desk.entered();
    const [stop] = placed(desk.fill(entry, 4, "100", "t1").intents);
    expect(asked(desk, desk.fill(entry, 6, "100", "t2").intents)).toEqual([]);
    expect(asked(desk, desk.open(stop!).intents)).toEqual(["amend stop 10"]);
  });

  it("when one of the pair fills, the other is cancelled at once", () => {
    const desk = orderDesk(bracket);
    desk.holding();
    const target = desk.live("target")!.spec;
    expect(asked(desk, desk.fill(target, 10, "110", "t2").intents)).toEqual(["cancel stop"]);
    expect(desk.slot.position.qty).toBe(0n);
  });

  it("a stop at work leaves nothing to the target", () => {
    const desk = orderDesk(bracket);
    desk.holding();
    const stop = desk.live("stop")!.spec;
    expect(asked(desk, desk.fill(stop, 3, "95", "t2").intents)).toEqual(["cancel target"]);
  });

  it("an exit that the venue ends of its own accord is not replaced before the other one has been looked up", () => {
    const desk = orderDesk(bracket);
    desk.holding();
    const stop = desk.live("stop")!.spec;
    const told = desk.say({ ...cancelled(), clientId: stop.clientId });
    expect(asked(desk, told.intents)).toEqual(["lookup target"]);
  });

  it("a stop that the venue refuses closes the position", () => {
    const desk = orderDesk(stopOnly);
    const entry = desk.entered();
    const [stop] = placed(desk.fill(entry, 10, "100", "t1").intents);
    const refused = desk.say({ type: "closed", clientId: stop!.clientId, outcome: "rejected", filled: d<Qty>("0"), reason: "price band" });
    expect(asked(desk, refused.intents)).toEqual(["place close SELL 10"]);
  });

  it("the rest of an entry whose trade was stopped out is withdrawn, and what it fills meanwhile is closed", () => {
    const desk = orderDesk(stopOnly);
    const entry = desk.entered();
    const [stop] = placed(desk.fill(entry, 4, "100", "t1").intents);
    desk.open(stop!);
    expect(asked(desk, desk.fill(stop!, 4, "95", "t2").intents)).toEqual(["cancel entry"]);
    desk.fill(entry, 2, "95", "t3");
    const gone = desk.say({ ...cancelled("6"), clientId: entry.clientId });
    expect(asked(desk, gone.intents)).toEqual(["place close SELL 2"]);
  });
});

describe("requests that meet a fill", () => {
  it("a cancellation refused because the order has filled: looked up, booked, done", () => {
    const desk = orderDesk(bracket);
    desk.holding();
    desk.decide("SELL");
    const stop = desk.live("stop")!.spec;
    const refused = desk.say({ type: "request_refused", clientId: stop.clientId, request: "cancelling", reason: "order is not open" });
    expect(asked(desk, refused.intents)).toEqual(["lookup stop"]);
    desk.fill(stop, 10, "95", "t2");
    expect(desk.slot.position.qty).toBe(0n);
    expect(desk.live("stop")).toBeUndefined();
  });

  it("an amended order is not over because its fills reach the size we knew", () => {
    const desk = orderDesk(stopOnly);
    const entry = desk.entered();
    const [stop] = placed(desk.fill(entry, 4, "100", "t1").intents);
    desk.open(stop!);
    desk.fill(entry, 6, "100", "t2");
    const reached = desk.fill(stop!, 4, "95", "t3");
    expect(types(reached.events)).not.toContain("closed filled");
    expect(desk.live("stop")!.status).toBe("open");
  });

  it("a close command while the entry is under way closes what the entry makes", () => {
    const desk = orderDesk(bare);
    const entry = desk.decide("BUY")!;
    desk.step({ type: "command", command: { verb: "close", by: "test" }, time: desk.now });
    expect(asked(desk, desk.fill(entry, 10, "100", "t1").intents)).toEqual(["place close SELL 10"]);
  });

  it("a halt withdraws an entry as soon as it can be withdrawn", () => {
    const desk = orderDesk(bare);
    const entry = desk.decide("BUY")!;
    desk.step({ type: "command", command: { verb: "halt", by: "test" }, time: desk.now });
    expect(asked(desk, desk.open(entry).intents)).toEqual(["cancel entry"]);
  });
});
