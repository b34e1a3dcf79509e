import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "@tradewind/testkit";
import { MINUTE, PERP, START, candleOf, decisionOf, publisher, startSystem, variantOf } from "./support.ts";
import { fillOf, orderId, tellTrade } from "./trade.ts";

let system: Awaited<ReturnType<typeof startSystem>>;
let to: ReturnType<typeof publisher>;
const settings = { run: { clock: "events" } };

beforeAll(async () => {
  system = await startSystem({
    variants: { sim: variantOf(), twin: variantOf(), idle: variantOf(), quiet: variantOf() },
    settings,
    clock: false,
  });
  to = publisher(system.bus);
  for (const id of ["sim", "twin", "idle", "quiet"]) await eventually(() => system.desired(id));
  await tellTrade(to, "sim");
});
afterAll(() => system[Symbol.asyncDispose]());

const at = (minute: number, seconds = 0): string => new Date(START + minute * MINUTE + seconds * 1_000).toISOString();
interface Step {
  readonly stage: string;
  readonly says: string;
}
async function why(query: Readonly<Record<string, string>>): Promise<{ answer: string; steps: Step[]; text: string; question: string }> {
  const { status, body } = await system.call(`/api/why?${new URLSearchParams(query).toString()}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}
const stages = ({ steps }: { steps: Step[] }): string => steps.map(({ stage }) => stage).join(" ");

describe("given the log of one trade", () => {
  test("why an entry: from the candle to the last fill, in order, as text too", async () => {
    const found = await why({ order: orderId("entry") });
    expect(stages(found)).toBe("candle signal votes decision risk order report fill report order fill report");
    const says = found.steps.map((step) => step.says);
    expect(says[0]).toContain("close 60010.5");
    expect(says[1]).toBe("momentum says BUY, confidence 0.8: change 0.61 % over 20");
    expect(says[2]).toContain("nn abstains (no word by the deadline), weight 0.3");
    expect(says[3]).toMatch(/^BUY, weighted vote \+0\.8, [\d.]+ needed/);
    expect(says[5]).toContain("market BUY 0.05 BTC-USDT-PERP, stop to rest at 58810.3");
    expect(found.answer).toContain("Filled 0.05 at 60012.5; filled.");
    for (const { says: line } of found.steps) expect(found.text).toContain(line);
  });

  test("why a stop: the entry's decision led to it", async () => {
    const found = await why({ order: orderId("stop"), variant: "sim" });
    expect(found.answer).toMatch(/^stop SELL 0\.05 BTC-USDT-PERP of sim: stop\. Filled 0\.05 at 58805/);
    expect(stages(found)).toContain("candle signal votes decision");
    expect(found.steps.at(-2)!.says).toContain("profit -30");
  });

  test("an order of two ledgers asks for the variant; one of none is not found", async () => {
    const unknown = "f".repeat(32);
    expect((await system.call(`/api/why?order=${unknown}`)).body.error).toMatchObject({
      code: "NOT_FOUND",
      message: expect.stringContaining(unknown),
    });
    await tellTrade(to, "twin");
    const { status, body } = await system.call(`/api/why?order=${orderId("entry")}`);
    expect([status, body.error.code]).toEqual([400, "AMBIGUOUS_ORDER"]);
    expect(body.error.message).toContain("paper-twin");
    expect((await why({ order: orderId("entry"), variant: "twin" })).answer).toContain("of twin");
  });

  test("at a time: the last close before it, and what it led to", async () => {
    const found = await why({ variant: "sim", instrument: PERP, at: at(10, 30) });
    expect(found.answer).toContain(`BUY on the close of 2026-01-05 14:10:00`);
    expect(found.answer).toContain(orderId("entry"));
    expect(stages(found)).toBe("candle signal votes decision order");
    const hold = await why({ variant: "sim", at: at(9, 59) });
    expect(hold.answer).toMatch(/No trade on the close of 2026-01-05 14:09:00: HOLD, the weighted vote of 0 is below the [\d.]+ needed/);
  });

  test("a time without a zone is UTC", async () => {
    const zoned = await why({ variant: "sim", at: "2026-01-05T14:10:30Z" });
    const bare = await why({ variant: "sim", at: "2026-01-05T14:10:30" });
    const elsewhere = await why({ variant: "sim", at: "2026-01-05T15:10:30+01:00" });
    expect([bare.answer, elsewhere.answer]).toEqual([zoned.answer, zoned.answer]);
  });
});

describe("given a time without a trade, why there was none", () => {
  const variant = "quiet";
  const account = "paper-quiet";
  let n = 0;
  const entry = (minute: number, events: Parameters<typeof to.entry>[1]["events"], cause?: string): Promise<void> => {
    const time = START + minute * MINUTE;
    return to.entry(account, { n: ++n, ownerEpoch: 1, time, watermark: time, input: "decision", events }, cause);
  };
  const slot = { variant, instrument: PERP };
  const bought = { action: "BUY", score: 0.9, reason: "up" } as const;

  test("a risk rule denied it; it came too late", async () => {
    const first = await to.decision(decisionOf(variant, 20, bought));
    await entry(20, [{ type: "denied", ...slot, code: "MAX_TOTAL_EXPOSURE", detail: "12000 would be over 10000" }], first);
    expect((await why({ variant, at: at(20) })).answer).toContain("BUY was denied, MAX_TOTAL_EXPOSURE: 12000 would be over 10000");
    const second = await to.decision(decisionOf(variant, 21, bought));
    await entry(23, [{ type: "decision_expired", ...slot, decisionTime: START + 21 * MINUTE }], second);
    expect((await why({ variant, at: at(21) })).answer).toContain("expired before the account could take it");
  });

  test("the variant was halted", async () => {
    await entry(22, [{ type: "state", scope: `variant:${variant}`, state: "HALTED", reason: "halted by operator" }]);
    const decided = await to.decision(decisionOf(variant, 24, bought));
    await entry(24, [{ type: "denied", ...slot, code: "HALTED", detail: "variant:quiet is HALTED: halted by operator" }], decided);
    const found = await why({ variant, at: at(24) });
    expect(found.answer).toContain("denied, HALTED");
    expect(found.steps.find(({ stage }) => stage === "state")!.says).toContain("HALTED: halted by operator");
  });

  test("the same side was held already; nobody voted", async () => {
    await entry(25, [fillOf(variant, "entry", 60_000)]);
    await to.decision(decisionOf(variant, 26, bought));
    expect((await why({ variant, at: at(26) })).answer).toContain("BUY, and 0.05 was held already");
    const votes = [{ source: "momentum", vote: null, weight: 1, reason: "warming up" }];
    await to.decision(decisionOf(variant, 27, { votes, reason: "no votes" }));
    expect((await why({ variant, at: at(27) })).answer).toContain("HOLD, nobody voted (momentum: warming up)");
  });

  test("no candle came, for a gap or at all", async () => {
    await to.gap(PERP, START + 27 * MINUTE, START + 29 * MINUTE, "the venue was away");
    const found = await why({ variant, at: at(29) });
    expect(found.answer).toMatch(/^No trade: no candle: a gap from 2026-01-05 14:27:00 to 2026-01-05 14:29:00 \(the venue was away\)/);
    expect((await why({ variant, at: at(500) })).answer).toContain("no candle: a gap");
    expect((await why({ variant: "idle", at: at(1) })).answer).toContain("no candle of BTC-USDT-PERP 1m at bybit had come by then");
  });

  test("the variant was not worked, was stopped, or had not begun", async () => {
    await to.candle(candleOf(40, 60_000));
    expect((await why({ variant: "idle", at: at(40) })).answer).toContain(
      "the close of 2026-01-05 14:40:00 came, but idle decided nothing on it",
    );
    await system.call("/api/variants/idle/stop", { by: "Ann" });
    expect((await why({ variant: "idle", at: at(40) })).answer).toContain("stopped by Ann");
    expect((await system.call("/api/why?variant=nobody")).status).toBe(404);
    expect((await system.call("/api/why?variant=sim&instrument=ETH-USDT-PERP")).body.error.message).toContain("it trades BTC-USDT-PERP");
  });
});
