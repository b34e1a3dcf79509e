import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  content,
  decodeMessage,
  encodeMessage,
  kindOf,
  matches,
  messageId,
  patternOf,
  streamOf,
  subjectOf,
  subjects,
  tokenOf,
  type Kind,
} from "../src/index.ts";

const kinds = Object.keys(subjects) as Kind[];

interface Sample {
  readonly subject: string;
  readonly message: { readonly v: number; readonly data: unknown };
}
const sampleOf = (kind: Kind): Sample => JSON.parse(readFileSync(join(import.meta.dirname, `../wire/${kind}.json`), "utf8")) as Sample;

describe("given the recorded sample of each subject", () => {
  test.each(kinds)("%s still decodes, whole, and its subject is one of the kind", (kind) => {
    const { subject, message } = sampleOf(kind);
    expect(matches(patternOf(kind), subject)).toBe(true);
    expect(kindOf(subject)).toBe(kind);
    const decoded = decodeMessage(kind, JSON.stringify(message));
    expect(decoded).toEqual({ ok: true, envelope: message });
  });

  test.each(kinds)("%s of another schema version is refused with both versions", (kind) => {
    const { message } = sampleOf(kind);
    const decoded = decodeMessage(kind, JSON.stringify({ ...message, v: message.v - 1 }));
    expect(decoded).toEqual({ ok: false, problem: expect.stringContaining(`version ${message.v - 1}`) });
  });

  test.each(kinds)("%s without one of its fields, with null, garbage or nothing in it, is a problem of one line", (kind) => {
    const { message } = sampleOf(kind);
    const { data: _, ...headless } = message;
    for (const text of [JSON.stringify(headless), JSON.stringify({ ...message, data: null }), "\u0000\u{1f4a5}{", "", "[]", "null"]) {
      const decoded = decodeMessage(kind, text);
      expect(decoded.ok).toBe(false);
      if (!decoded.ok) expect(decoded.problem).not.toContain("\n");
    }
  });
});

describe("subjects", () => {
  test("what is kept is kept by one stream", () => {
    const kept = kinds.filter((kind) => streamOf(sampleOf(kind).subject) !== undefined);
    expect(kept).toEqual(["candle", "feature", "prediction", "signal", "decision", "ledger", "job"]);
  });

  test("matching follows NATS", () => {
    expect(matches("tw.ledger.>", "tw.ledger.a")).toBe(true);
    expect(matches("tw.ledger.>", "tw.ledger")).toBe(false);
    expect(matches("tw.*.a", "tw.ledger.a")).toBe(true);
    expect(matches("tw.*", "tw.ledger.a")).toBe(false);
    expect(matches("tw.ledger.a.b", "tw.ledger.a")).toBe(false);
  });

  test("any text makes a token", () => {
    expect(tokenOf("BRK.B")).toBe("BRK_B");
    expect(subjectOf("signal", { variant: "v", instrument: tokenOf("BTC/USDT:USDT") })).toBe("tw.signal.v.BTC_USDT_USDT");
  });

  test("ids say what the message says, and two words on one close by one member have one id", () => {
    const signal = { source: "rsi", instrument: "X", closeTime: 5, action: "BUY" as const, confidence: 1, reason: "" };
    const abstention = { source: "rsi", instrument: "X", closeTime: 5, reason: "late" };
    expect(messageId.signal("v", { type: "signal", signal })).toBe(messageId.signal("v", { type: "abstention", abstention }));
    expect(content({ type: "abstention", abstention })).toBe(abstention);
  });

  test("what is encoded decodes to the same", () => {
    const data = { id: "j1", kind: "train", by: "test", parameters: { seed: 1 } };
    const text = encodeMessage("job", { id: "j", time: 1, published: 2, source: "s", run: "r", data });
    expect(decodeMessage("job", text)).toEqual({
      ok: true,
      envelope: { id: "j", time: 1, published: 2, source: "s", run: "r", v: 2, data },
    });
  });
});
