import { afterEach, describe, expect, test, vi } from "vitest";
import type * as Core from "@tradewind/core";
import type * as Kit from "@tradewind/kit";
import { onBadRoad, shortBacktest } from "./support/bad-road.ts";
import { impatientBarrier } from "./support/impatient-barrier.ts";

/** Which guard is off. */
const off = vi.hoisted(() => ({ inbox: false, barrier: false }));

vi.mock("@tradewind/kit", async (original) => {
  const kit = await original<typeof Kit>();
  return { ...kit, createInbox: (context: Kit.ServiceContext) => kit.createInbox(context, { keepDuplicates: off.inbox }) };
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
  off.inbox = off.barrier = false;
});

describe("given the same bad road, when a guard is switched off, then the ledger is another one", () => {
  test("with all guards on it is the same", { timeout: 120_000 }, async () => {
    expect(await onBadRoad({ seed })).toEqual(await shortBacktest());
  });

  test("without the inbox's sequence guard", { timeout: 120_000 }, async () => {
    off.inbox = true;
    expect(await onBadRoad({ seed }, BROKEN_MS)).not.toEqual(await shortBacktest());
  });

  test("without ids at the bus", { timeout: 120_000 }, async () => {
    expect(await onBadRoad({ seed, stripIds: true }, BROKEN_MS)).not.toEqual(await shortBacktest());
  });

  test("without the close barrier", { timeout: 120_000 }, async () => {
    off.barrier = true;
    expect(await onBadRoad({ seed }, BROKEN_MS)).not.toEqual(await shortBacktest());
  });
});
