import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createBook, type Rank } from "../src/budget/book.ts";

const want = (key: string, bytes: number, rank: Rank = "champion", pinned = false) => ({ key, bytes, rank, pinned });

/** Loads it and lets it answer once. */
function settle(book: ReturnType<typeof createBook>, key: string, bytes: number, rank: Rank = "champion", pinned = false): void {
  expect(book.ask(want(key, bytes, rank, pinned))).toEqual({ type: "granted" });
  book.correct(key, bytes);
  book.change(key, { busy: false });
  book.served(key);
}

describe("the book of memory", () => {
  test("given a full book, when one more is asked for, then the least recently used idle ones are to leave, as many as needed", () => {
    const book = createBook(100);
    for (const key of ["a", "b", "c"]) settle(book, key, 30);
    book.served("a");
    expect(book.ask(want("d", 50))).toEqual({ type: "evict", keys: ["b", "c"] });
    for (const key of ["b", "c"]) book.leaving(key);
    expect(book.ask(want("d", 50))).toEqual({ type: "wait" });
    book.drop("b");
    book.drop("c");
    expect(book.ask(want("d", 50))).toEqual({ type: "granted" });
    expect(book.usedBytes).toBe(80);
  });

  test("given pinned ones, when more is asked for than can ever come free, then the most that can be had is told", () => {
    const book = createBook(100);
    settle(book, "pinned", 40, "champion", true);
    settle(book, "other", 40);
    expect(book.ask(want("large", 61))).toEqual({ type: "never", bytes: 60 });
    expect(book.ask(want("fits", 60))).toEqual({ type: "evict", keys: ["other"] });
  });

  test("given a shadow that asks, when only champions could leave, then it gets nothing; a champion takes the shadow's place first", () => {
    const book = createBook(100);
    settle(book, "champion", 60);
    settle(book, "shadow", 40, "shadow");
    expect(book.ask(want("another", 50, "shadow"))).toEqual({ type: "never", bytes: 40 });
    expect(book.ask(want("third", 30))).toEqual({ type: "evict", keys: ["shadow"] });
  });

  test("given one that turned out larger, when the limit is passed, then that is repaid before anything is granted", () => {
    const book = createBook(100);
    settle(book, "a", 40);
    settle(book, "b", 40);
    book.correct("b", 70);
    expect(book.debtors()).toEqual(["a"]);
    expect(book.ask(want("c", 1)).type).toBe("evict");
    book.leaving("a");
    expect(book.debtors()).toEqual([]);
    expect(book.ask(want("c", 1))).toEqual({ type: "wait" });
    book.drop("a");
    expect(book.ask(want("c", 1))).toEqual({ type: "granted" });
  });

  test("given a busy one and an idle one used later, when room is needed, then the idle one leaves; one that loads or has answered nobody stays", () => {
    const book = createBook(100);
    settle(book, "busy", 40);
    settle(book, "idle", 40);
    book.change("busy", { busy: true });
    expect(book.ask(want("c", 40))).toEqual({ type: "evict", keys: ["idle"] });
    book.leaving("idle");
    book.drop("idle");
    book.ask(want("loading", 40));
    book.leaving("busy");
    book.drop("busy");
    book.correct("loading", 40);
    expect(book.ask(want("d", 80))).toEqual({ type: "wait" });
  });

  test("given any run of asks, measurements, uses and releases, then grants never pass the limit and each ask can be worked off", () => {
    const step = fc.record({
      what: fc.constantFrom("ask", "measure", "serve", "drop", "busy", "pin"),
      key: fc.constantFrom("a", "b", "c", "d", "e", "f"),
      bytes: fc.integer({ min: 1, max: 120 }),
      rank: fc.constantFrom<Rank>("champion", "shadow"),
      on: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const book = createBook(100);
        const held = new Map<string, number>();
        const total = (): number => [...held.values()].reduce((sum, bytes) => sum + bytes, 0);
        for (const { what, key, bytes, rank, on } of steps) {
          if (what === "ask" && !held.has(key)) {
            for (let turns = 0; ; turns++) {
              const before = total();
              const ruling = book.ask({ key, bytes, rank, pinned: on && bytes < 30 });
              if (ruling.type === "granted") {
                held.set(key, bytes);
                expect(before + bytes).toBeLessThanOrEqual(100);
              }
              if (ruling.type !== "evict") break;
              expect(turns).toBeLessThan(10);
              for (const one of ruling.keys) {
                expect(held.has(one)).toBe(true);
                book.leaving(one);
                book.drop(one);
                held.delete(one);
              }
            }
          } else if (held.has(key)) {
            if (what === "measure") {
              book.correct(key, bytes);
              held.set(key, bytes);
            } else if (what === "serve") book.served(key);
            else if (what === "busy") book.change(key, { busy: on });
            else if (what === "pin") book.change(key, { pinned: on });
            else if (what === "drop") {
              book.drop(key);
              held.delete(key);
            }
          }
          expect(book.usedBytes).toBe(total());
          if (total() > 100) expect(book.ask(want("z", 1)).type).not.toBe("granted");
        }
      }),
    );
  });
});
