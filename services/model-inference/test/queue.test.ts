import { describe, expect, test } from "vitest";
import { createQuarantine } from "../src/host/quarantine.ts";
import { createQueue, type Asked } from "../src/host/queue.ts";

const rules = { maxRows: 8, waitMs: 2 };
const asked = (over: Partial<Asked> = {}): Asked => ({
  matrices: new Float32Array(0),
  rows: 1,
  deadlineAt: Infinity,
  askedAt: 100,
  lost: 0,
  resolve: () => undefined,
  reject: () => undefined,
  ...over,
});

describe("who waits for a run", () => {
  test("given fewer than a batch, when the run is due, then after the wait; a near deadline shortens it by what a run takes", () => {
    const queue = createQueue();
    expect(queue.dueAt(rules, 4, 0)).toBe(Infinity);
    queue.push(asked());
    queue.push(asked({ askedAt: 101 }));
    expect(queue.dueAt(rules, 4, 0)).toBe(102);
    queue.push(asked({ askedAt: 101, deadlineAt: 108 }));
    expect(queue.dueAt(rules, 4, 1)).toBe(101);
  });

  test("given a whole batch, or everybody who may ask, when the run is due, then at once", () => {
    const queue = createQueue();
    queue.push(asked({ rows: 7 }));
    expect(queue.dueAt(rules, 4, 0)).toBe(102);
    expect(queue.dueAt(rules, 1, 0)).toBe(-Infinity);
    queue.push(asked());
    expect(queue.dueAt(rules, 4, 0)).toBe(-Infinity);
  });

  test("given more than a batch, when it is taken, then as many as fit, in order; lost ones come first again, late ones never", () => {
    const queue = createQueue();
    const [a, b, c, d] = [asked({ rows: 4 }), asked({ rows: 4 }), asked({ rows: 4 }), asked({ rows: 12, deadlineAt: 105 })];
    for (const one of [a, b, c, d]) queue.push(one);
    expect(queue.take(8)).toEqual([a, b]);
    queue.again([b]);
    expect(queue.late(104)).toEqual([]);
    expect(queue.late(105)).toEqual([d]);
    expect(queue.take(8)).toEqual([b, c]);
    expect(queue.length).toBe(0);
  });
});

describe("a model that fails", () => {
  let now = 0;
  const quarantine = () => {
    now = 0;
    return createQuarantine({ now: () => now, lossesMost: 3, firstMs: 1_000 });
  };

  test("given a file at fault, when it fails again and again, then it is left alone longer each time, until its record changes", () => {
    const one = quarantine();
    const times: number[] = [];
    for (let i = 0; i < 12; i++) {
      one.failed("bad");
      times.push(one.held()!.until - now);
      now = one.held()!.until;
      expect(one.held()).toBeUndefined();
    }
    expect(times.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(times.at(-1)).toBe(600_000);
    one.failed("bad");
    one.lift();
    expect(one.held()).toBeUndefined();
    one.failed("bad");
    expect(one.held()!.until - now).toBe(1_000);
  });

  test("given processes that end, when few do, then each is replaced, later each time; when many do without answers, the model is left alone", () => {
    const one = quarantine();
    one.lost("crash");
    expect(one.pauseMs()).toBe(0);
    one.lost("crash");
    expect(one.pauseMs()).toBe(100);
    for (let i = 0; i < 20; i++) one.served();
    expect(one.pauseMs()).toBe(0);
    for (let i = 0; i < 3; i++) one.lost("crash");
    expect(one.held()?.error).toBe("crash");
  });
});
