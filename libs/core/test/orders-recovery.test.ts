import { describe, expect, it } from "vitest";
import type { Qty } from "../src/domain/fixed.ts";
import { d, MINUTE } from "./support/builders.ts";
import { asked, bare, books, bracket, execution, orderDesk, perp, placed, record, stopOnly, types, type OrderDesk } from "./orders-desk.ts";

const stateOf = (desk: OrderDesk) => desk.machine.state.scopes.get("account")?.state ?? "ACTIVE";
const recordsOf = (desk: OrderDesk) => desk.slot.live.map((order) => record(order.spec));

/** Two checks, for a difference must stand still. */
function check(desk: OrderDesk, ...said: Parameters<typeof books>): ReturnType<OrderDesk["say"]>[] {
  return [0, 1].map(() => {
    desk.now += 10_000;
    return desk.say(books(...said));
  });
}

describe("restart", () => {
  it("with resting orders: all owned again, none cancelled, none placed twice", () => {
    const before = orderDesk(bracket);
    before.holding();
    const ids = before.slot.live.map((order) => order.spec.clientId);
    const desk = before.restart();
    expect(desk.slot.live.map((order) => order.certainty)).toEqual(["unknown", "unknown"]);
    const settled = desk.say(books(recordsOf(desk), 10));
    expect(asked(desk, settled.intents)).toEqual([]);
    expect(desk.slot.live.map((order) => [order.spec.clientId, order.status, order.certainty])).toEqual(
      ids.map((id) => [id, "open", "known"]),
    );
  });

  it("asks for every order in flight and for everything the venue has", () => {
    const before = orderDesk(bracket);
    before.holding();
    const { machine, ledger } = before;
    const desk = orderDesk(bracket, ledger, before.now);
    const started = desk.step({ type: "start", time: before.now, ownerEpoch: machine.state.ownerEpoch + 1 });
    expect(asked(desk, started.intents).sort()).toEqual(["lookup stop", "lookup target", "snapshot"]);
  });

  it("reconciles before it trades", () => {
    const desk = orderDesk(bare).restart();
    expect(stateOf(desk)).toBe("REDUCING");
    expect(desk.decide("BUY")).toBeUndefined();
    desk.say(books([], 0));
    expect(stateOf(desk)).toBe("ACTIVE");
    expect(desk.decide("BUY")).toBeDefined();
  });

  it("after a kill between the ledger and the socket: the entry is looked up, never sent again", () => {
    const before = orderDesk(bare);
    const entry = before.decide("BUY")!;
    const desk = before.restart();
    desk.now += 15_001;
    for (let i = 0; i < 3; i++) expect(placed(desk.say({ type: "lookup", clientId: entry.clientId, order: null }).intents)).toEqual([]);
    expect(desk.machine.state.orders.get(entry.clientId)).toMatchObject({ status: "closed", outcome: "not_placed" });
  });

  it("drops a decision whose entry is in the ledger, and works one that is not", () => {
    const before = orderDesk(bare);
    const entry = before.decide("BUY")!;
    before.say({ type: "closed", clientId: entry.clientId, outcome: "rejected", filled: d<Qty>("0"), reason: "" });
    const again = before.restart();
    again.say(books([], 0));
    expect(again.decide("BUY")).toBeUndefined();
    expect(again.decide("BUY")).toBeDefined();
  });

  it("keeps a trailed stop where it was, and goes on with a closing", () => {
    const trailing = { ...stopOnly, exits: { ...stopOnly.exits, trailingStopPct: 5 } };
    const before = orderDesk(trailing);
    before.holding();
    const stop = before.live("stop")!.spec;
    const moved = before.step({
      type: "candle",
      candle: {
        instrument: perp.id,
        timeframe: "1m",
        openTime: before.now,
        closeTime: before.now + MINUTE,
        open: 120,
        high: 120,
        low: 120,
        close: 120,
        volume: 1,
        revision: 0,
        origin: "live",
        synthetic: false,
      },
    });
    expect(asked(before, moved.intents)).toEqual(["amend stop 10"]);
    before.say({ type: "amended", clientId: stop.clientId, quantity: stop.quantity, stopPrice: d("114") });
    const desk = before.restart();
    expect(asked(desk, desk.say(books([record(stop, { stopPrice: d("114") })], 10)).intents)).toEqual([]);
    desk.now += MINUTE;
    desk.decide("SELL");
    const closing = desk.restart();
    const gone = closing.say({ type: "closed", clientId: stop.clientId, outcome: "cancelled", filled: d<Qty>("0"), reason: "" });
    expect(asked(closing, gone.intents)).toEqual(["place close SELL 10"]);
  });

  it("places what a kill kept from being placed as soon as it has reconciled", () => {
    const before = orderDesk(stopOnly);
    const entry = before.entered();
    before.fill(entry, 10, "100", "t1");
    const stop = before.live("stop")!.spec;
    const desk = before.restart();
    desk.now += 15_001;
    let last = desk.say({ type: "lookup", clientId: stop.clientId, order: null });
    for (let i = 0; i < 2; i++) last = desk.say({ type: "lookup", clientId: stop.clientId, order: null });
    expect(asked(desk, last.intents)).toEqual(["place stop SELL 10"]);
  });
});

describe("reconciliation", () => {
  it("runs on a schedule, and again sooner when it is not answered", () => {
    const desk = orderDesk(bare).restart();
    desk.say(books([], 0));
    for (let i = 0; i < 3; i++) {
      desk.now += MINUTE;
      expect(asked(desk, desk.step({ type: "timer", time: desk.now }).intents)).toEqual(["snapshot"]);
      desk.now += 10_000;
      expect(asked(desk, desk.step({ type: "timer", time: desk.now }).intents)).toEqual(["snapshot"]);
      desk.say(books([], 0));
    }
  });

  it("books fills that the stream lost, and the end of the order", () => {
    const desk = orderDesk(stopOnly);
    desk.holding();
    const stop = desk.live("stop")!.spec;
    desk.say(
      books([record(stop, { open: false, outcome: "filled", filled: d("10"), executions: [execution("SELL", 10, "95", "t2")] })], 0),
    );
    expect(desk.slot.position.qty).toBe(0n);
    expect(desk.slot.live).toEqual([]);
    expect(stateOf(desk)).toBe("ACTIVE");
  });

  it("a position that nobody can explain is adopted explicitly, once it stands still, and only reduced", () => {
    const desk = orderDesk(bare);
    const [first, second] = check(desk, [], 7);
    expect(first!.events).toEqual([]);
    expect(types(second!.events)).toEqual(["adopted", "state"]);
    expect(desk.slot.position.qty).toBe(d("7"));
    expect(stateOf(desk)).toBe("REDUCING");
    expect(asked(desk, desk.step({ type: "command", command: { verb: "close", by: "test" }, time: desk.now }).intents)).toEqual([
      "place close SELL 7",
    ]);
  });

  it("a snapshot older than a fill is no reason to adopt anything", () => {
    const desk = orderDesk(bare);
    const entry = desk.entered();
    desk.say(books([], 0));
    desk.fill(entry, 10, "100", "t1");
    desk.now += 10_000;
    desk.say(books([], 0));
    desk.now += 10_000;
    desk.say(books([], 10));
    expect(desk.ledger.flatMap((one) => types(one.events))).not.toContain("adopted");
    expect(stateOf(desk)).toBe("ACTIVE");
  });

  it("an order that is not ours is noticed, left alone, and keeps the account reducing while it rests", () => {
    const desk = orderDesk(bare);
    const foreign = { ...record(orderDesk(bare).decide("BUY")!), clientId: "web-1234" };
    const told = desk.say(books([foreign], 0));
    expect(told.events).toMatchObject([
      { type: "notice", code: "EXTERNAL_ORDER" },
      { type: "state", state: "REDUCING" },
    ]);
    expect(asked(desk, told.intents)).toEqual([]);
    expect(desk.decide("BUY")).toBeUndefined();
    desk.say(books([], 0));
    expect(stateOf(desk)).toBe("ACTIVE");
  });

  it("an order with our prefix that the ledger lacks is told apart from a foreign one", () => {
    const desk = orderDesk(bare);
    const orphan = record(orderDesk(bare).decide("BUY")!);
    expect(desk.say(books([orphan], 0)).events).toContainEqual(expect.objectContaining({ code: "ORPHAN_ORDER" }));
  });

  it("never lifts what a person halted", () => {
    const desk = orderDesk(bare);
    desk.step({ type: "command", command: { verb: "halt", by: "test" }, time: desk.now });
    check(desk, [], 7);
    desk.say(books([], 7));
    expect(stateOf(desk)).toBe("HALTED");
    const started = desk.restart();
    started.say(books([], 7));
    expect(stateOf(started)).toBe("HALTED");
  });

  it("a resume does not lift what reconciliation holds", () => {
    const desk = orderDesk(bare);
    check(desk, [], 7);
    desk.step({ type: "command", command: { verb: "resume", by: "test" }, time: desk.now });
    expect(stateOf(desk)).toBe("REDUCING");
    desk.say(books([], 7));
    expect(stateOf(desk)).toBe("ACTIVE");
  });
});
