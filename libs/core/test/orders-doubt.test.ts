import { describe, expect, it } from "vitest";
import type { Price, Qty } from "../src/domain/fixed.ts";
import type { OrderSpec } from "../src/domain/order.ts";
import type { Order } from "../src/orders/order.ts";
import { d } from "./support/builders.ts";
import { asked, bare, bracket, execution, orderDesk, placed, record, stopOnly, types, type OrderDesk } from "./orders-desk.ts";

const WINDOW_MS = 5_000 + 5_000 + 5_000;
const unanswered = (order: OrderSpec) => ({ type: "unanswered", clientId: order.clientId, reason: "timeout" }) as const;
const silence = (order: OrderSpec) => ({ type: "lookup", clientId: order.clientId, order: null }) as const;

describe("an order without an answer", () => {
  it("is unknown, not rejected; it blocks the instrument; a look-up finds it", () => {
    const desk = orderDesk(bare);
    const entry = desk.decide("BUY")!;
    const told = desk.say(unanswered(entry));
    expect(types(told.events)).toEqual(["order_unknown"]);
    expect(asked(desk, told.intents)).toEqual(["lookup entry"]);
    expect(desk.decide("BUY")).toBeUndefined();
    desk.say({
      type: "lookup",
      clientId: entry.clientId,
      order: record(entry, { open: false, outcome: "filled", filled: d("10"), executions: [execution("BUY", 10, "100", "t1")] }),
    });
    expect(desk.slot.position.qty).toBe(d("10"));
    expect(desk.slot.live).toEqual([]);
  });

  it("is looked up again and again until the venue answers", () => {
    const desk = orderDesk(bare);
    const entry = desk.decide("BUY")!;
    desk.say(unanswered(entry));
    for (let i = 0; i < 3; i++) {
      desk.now += 1_000;
      expect(asked(desk, desk.step({ type: "timer", time: desk.now }).intents)).toContain("lookup entry");
    }
  });

  it("was never placed only after three silent look-ups beyond its window, and is not sent again", () => {
    const desk = orderDesk(bare);
    const entry = desk.decide("BUY")!;
    desk.say(unanswered(entry));
    for (let i = 0; i < 5; i++) expect(desk.say(silence(entry)).events).toEqual([]);
    desk.now += WINDOW_MS + 1;
    desk.say(silence(entry));
    desk.say(silence(entry));
    const third = desk.say(silence(entry));
    expect(types(third.events)).toEqual(["closed not_placed"]);
    expect(placed(third.intents)).toEqual([]);
    const next = desk.decide("BUY")!;
    expect(next.clientId).not.toBe(entry.clientId);
  });

  it("that the venue once acknowledged is never called unplaced, however silent the venue", () => {
    const desk = orderDesk(stopOnly);
    desk.holding();
    const stop = desk.live("stop")!.spec;
    desk.say({ type: "request_refused", clientId: stop.clientId, request: "cancelling", reason: "busy" });
    desk.now += 10 * WINDOW_MS;
    for (let i = 0; i < 10; i++) desk.say(silence(stop));
    expect(desk.live("stop")).toMatchObject({ status: "open", certainty: "unknown" });
  });

  it("a late acknowledgement does not end the doubt about a later request", () => {
    const desk = orderDesk(bracket);
    desk.holding();
    desk.decide("SELL");
    const stop = desk.live("stop")!.spec;
    desk.say(unanswered(stop));
    desk.open(stop);
    expect(desk.live("stop")).toMatchObject({ request: "cancelling", certainty: "unknown" });
  });

  it("an exit that was never sent is placed anew, as a new attempt", () => {
    const desk = orderDesk(stopOnly);
    const entry = desk.entered();
    const [stop] = placed(desk.fill(entry, 10, "100", "t1").intents);
    const [again] = placed(desk.say({ type: "not_sent", clientId: stop!.clientId, reason: "too late" }).intents);
    expect(again).toMatchObject({ leg: "stop", quantity: stop!.quantity });
    expect(again!.clientId).not.toBe(stop!.clientId);
  });

  it("an unanswered amendment is looked up, and asked for again when the venue has the old size", () => {
    const desk = orderDesk(stopOnly);
    const entry = desk.entered();
    const [stop] = placed(desk.fill(entry, 4, "100", "t1").intents);
    desk.open(stop!);
    desk.fill(entry, 6, "100", "t2");
    expect(asked(desk, desk.say(unanswered(stop!)).intents)).toEqual(["lookup stop"]);
    const found = desk.say({ type: "lookup", clientId: stop!.clientId, order: record(stop!) });
    expect(asked(desk, found.intents)).toEqual(["amend stop 10"]);
    expect(desk.live("stop")).toMatchObject({ certainty: "known", request: "amending" });
  });

  it("an amendment that comes through after a later one sends us to the venue's own record", () => {
    const desk = orderDesk(stopOnly);
    desk.holding();
    const stop = desk.live("stop")!.spec;
    const told = desk.say({ type: "amended", clientId: stop.clientId, quantity: d<Qty>("4"), stopPrice: stop.stopPrice! });
    expect(asked(desk, told.intents)).toEqual(["lookup stop"]);
  });
});

interface Row {
  readonly given: string;
  readonly arrange: (desk: OrderDesk) => OrderSpec;
  readonly when: (order: OrderSpec) => Parameters<OrderDesk["say"]>[0];
  readonly becomes: Partial<Order>;
}

const price = (order: OrderSpec): Price => order.stopPrice!;
const intended = (desk: OrderDesk) => desk.decide("BUY")!;
const opened = (desk: OrderDesk) => desk.entered();
const stopOf = (desk: OrderDesk) => (desk.holding(), desk.live("stop")!.spec);
const stopCancelling = (desk: OrderDesk) => {
  const stop = stopOf(desk);
  desk.decide("SELL");
  return stop;
};
const doubted = (arrange: Row["arrange"]) => (desk: OrderDesk) => {
  const order = arrange(desk);
  desk.say(unanswered(order));
  return order;
};
const closedAs = (outcome: "filled" | "cancelled" | "rejected" | "expired") => (order: OrderSpec) =>
  ({ type: "closed", clientId: order.clientId, outcome, filled: d<Qty>("0"), reason: "" }) as const;
const lookedUp = (over: Parameters<typeof record>[1]) => (order: OrderSpec) =>
  ({ type: "lookup", clientId: order.clientId, order: record(order, over) }) as const;
const acknowledged = (order: OrderSpec) => ({ type: "open", clientId: order.clientId, venueId: `v-${order.leg}` }) as const;

/** Status x request x certainty, and what each kind of evidence makes of it. */
const rows: readonly Row[] = [
  { given: "placing", arrange: intended, when: acknowledged, becomes: { status: "open", request: "none", certainty: "known" } },
  { given: "placing", arrange: intended, when: unanswered, becomes: { status: "intended", request: "placing", certainty: "unknown" } },
  { given: "placing", arrange: intended, when: closedAs("rejected"), becomes: { status: "closed", outcome: "rejected" } },
  { given: "placing", arrange: intended, when: silence, becomes: { status: "intended", request: "placing", certainty: "known" } },
  { given: "placing", arrange: intended, when: lookedUp({}), becomes: { status: "open", request: "none", certainty: "known" } },
  {
    given: "placing",
    arrange: intended,
    when: (order) => ({ type: "not_sent", clientId: order.clientId, reason: "" }),
    becomes: { status: "closed", outcome: "not_placed" },
  },
  {
    given: "placing, unknown",
    arrange: doubted(intended),
    when: acknowledged,
    becomes: { status: "open", request: "none", certainty: "known" },
  },
  { given: "placing, unknown", arrange: doubted(intended), when: silence, becomes: { status: "intended", certainty: "unknown" } },
  {
    given: "placing, unknown",
    arrange: doubted(intended),
    when: closedAs("rejected"),
    becomes: { status: "closed", outcome: "rejected", certainty: "known" },
  },
  {
    given: "placing, unknown",
    arrange: doubted(intended),
    when: lookedUp({ open: false, outcome: "expired" }),
    becomes: { status: "closed", outcome: "expired" },
  },
  { given: "open", arrange: opened, when: closedAs("cancelled"), becomes: { status: "closed", outcome: "cancelled" } },
  { given: "open", arrange: opened, when: closedAs("expired"), becomes: { status: "closed", outcome: "expired" } },
  { given: "open", arrange: opened, when: silence, becomes: { status: "open", certainty: "known" } },
  { given: "cancelling", arrange: stopCancelling, when: closedAs("cancelled"), becomes: { status: "closed", outcome: "cancelled" } },
  {
    given: "cancelling",
    arrange: stopCancelling,
    when: unanswered,
    becomes: { status: "open", request: "cancelling", certainty: "unknown" },
  },
  {
    given: "cancelling",
    arrange: stopCancelling,
    when: acknowledged,
    becomes: { status: "open", request: "cancelling", certainty: "known" },
  },
  {
    given: "cancelling, unknown",
    arrange: doubted(stopCancelling),
    when: lookedUp({}),
    becomes: { status: "open", request: "cancelling", certainty: "known" },
  },
  {
    given: "cancelling, unknown",
    arrange: doubted(stopCancelling),
    when: lookedUp({ open: false, outcome: "cancelled" }),
    becomes: { status: "closed", outcome: "cancelled" },
  },
  { given: "cancelling, unknown", arrange: doubted(stopCancelling), when: silence, becomes: { status: "open", certainty: "unknown" } },
  {
    given: "resting",
    arrange: stopOf,
    when: (order) => ({ type: "amended", clientId: order.clientId, quantity: order.quantity, stopPrice: price(order) }),
    becomes: { status: "open", request: "none", certainty: "known" },
  },
  {
    given: "resting",
    arrange: stopOf,
    when: (order) => ({ type: "request_refused", clientId: order.clientId, request: "amending", reason: "" }),
    becomes: { status: "open", certainty: "unknown" },
  },
];

describe("an order's states", () => {
  it.each(rows.map((row, i) => [`${i + 1}: ${row.given}`, row] as const))("%s", (_, { arrange, when, becomes }) => {
    const desk = orderDesk(stopOnly);
    const order = arrange(desk);
    desk.say(when(order));
    expect(desk.machine.state.orders.get(order.clientId)).toMatchObject(becomes);
  });
});
