import { afterEach, describe, expect, test, vi } from "vitest";
import type * as Core from "@tradewind/core";
import type * as Kit from "@tradewind/kit";
import { onBadRoad, shortBacktest } from "./support/bad-road.ts";
import { impatientBarrier } from "./support/impatient-barrier.ts";

/** Which guard is off. */
const off = vi.hoisted(() => ({ inbox: false, progress: false, barrier: false }));

vi.mock("@tradewind/kit", async (original) => {
  const kit = await original<typeof Kit>();
  return {
    ...kit,
    createInbox: (context: Kit.ServiceContext) => kit.createInbox(context, { keepDuplicates: off.inbox }),
    createProgress: (from?: number) => (off.progress ? { passes: () => true, at: () => 0 } : kit.createProgress(from)),
  };
});
vi.mock("@tradewind/core", async (original) => {
  const core = await original<typeof Core>();
  const createBarrier: typeof Core.createBarrier = (plan, calendarOf, after) =>
    off.barrier ? impatientBarrier(plan) : core.createBarrier(plan, calendarOf, after);
  return { ...core, createBarrier };
});

const BROKEN_MS = 15_000;
const seed = 3;

afterEach(() => {
  off.inbox = off.progress = off.barrier = false;
});

describe("given the same bad road, when a guard is switched off, then the ledger is another one", () => {
  test("with all guards on it is the same", { timeout: 120_000 }, async () => {
    expect(await onBadRoad({ seed })).toEqual(await shortBacktest());
  });

  test("without the guards against what is delivered twice", { timeout: 120_000 }, async () => {
    off.inbox = off.progress = true;
    expect(await onBadRoad({ seed }, BROKEN_MS)).not.toEqual(await shortBacktest());
  });

  test("without ids at the bus and the guard against what is said twice", { timeout: 120_000 }, async () => {
    off.progress = true;
    expect(await onBadRoad({ seed, stripIds: true }, BROKEN_MS)).not.toEqual(await shortBacktest());
  });

  test("without the close barrier", { timeout: 120_000 }, async () => {
    off.barrier = true;
    expect(await onBadRoad({ seed }, BROKEN_MS)).not.toEqual(await shortBacktest());
  });
});
