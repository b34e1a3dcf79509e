import { describe, expect, test } from "vitest";
import { createIdWindow } from "../src/embedded/id-window.ts";

const WINDOW_MS = 1_000;

describe("given ids as they come", () => {
  test("when one is looked for within the window, then its first sequence is known; well after it, it is forgotten", () => {
    const ids = createIdWindow(WINDOW_MS);
    for (let time = 0; time < 10_000; time++) {
      ids.add(`id ${time}`, time + 1, time);
      if (time >= WINDOW_MS) expect(ids.find(`id ${time - WINDOW_MS + 1}`, time)).toBe(time - WINDOW_MS + 2);
      if (time >= 1.25 * WINDOW_MS) expect(ids.find(`id ${time - 1.25 * WINDOW_MS}`, time)).toBeUndefined();
    }
  });

  test("when nothing came for long, then nothing is known; when cleared, neither", () => {
    const ids = createIdWindow(WINDOW_MS);
    ids.add("a", 1, 0);
    expect(ids.find("a", WINDOW_MS)).toBeUndefined();
    ids.add("a", 2, WINDOW_MS);
    expect(ids.find("a", WINDOW_MS + 1)).toBe(2);
    ids.clear();
    expect(ids.find("a", WINDOW_MS + 2)).toBeUndefined();
  });
});
