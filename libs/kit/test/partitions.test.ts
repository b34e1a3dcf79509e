import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Bus } from "@tradewind/bus";
import { Failure } from "@tradewind/core";
import { claimPartitions, type Partitions, type PartitionsOptions } from "@tradewind/kit";
import { eventually } from "@tradewind/testkit";
import { openRig, type Rig, type Running } from "./support/rig.ts";

/** Longer than a lease lasts, with room for a busy machine. */
const TAKE_OVER_MS = 20_000;
const names = ["a", "b", "c", "d"];

interface Instance {
  readonly running: Running;
  readonly partitions: Partitions;
  /** Partitions being worked now; a name twice would mean two works of it. */
  readonly working: string[];
  readonly lost: string[];
}

let rig: Rig;
beforeEach(async () => {
  rig = await openRig("events");
});
afterEach(() => rig.close());

async function start(over: Partial<PartitionsOptions> = {}, through?: (bus: Bus) => Bus): Promise<Instance> {
  const working: string[] = [];
  const lost: string[] = [];
  let partitions: Partitions | undefined;
  const running = await rig.start(
    {
      name: "worker",
      async build(context, stack) {
        partitions = claimPartitions(context, {
          kind: "test",
          wanted: () => names,
          async start(partition, signal) {
            working.push(partition);
            signal.addEventListener("abort", () => lost.push(partition));
            return { stop: async () => void working.splice(working.indexOf(partition), 1) };
          },
          ...over,
        });
        stack.defer(() => partitions!.stop());
      },
    },
    through,
  );
  return { running, partitions: partitions!, working, lost };
}

const holds = (instance: Instance, count: number): Promise<unknown> =>
  eventually(() => instance.working.length === count, { timeoutMs: TAKE_OVER_MS, message: `not ${count} partitions in work` });

const leases = (): Promise<string[]> =>
  rig.bus
    .kv("leases")
    .entries()
    .then((entries) => entries.map(({ key }) => key).sort());

describe("given partitions to work", () => {
  test("when one instance is there, then it works all; when a second comes, then each works half, and none is worked twice", async () => {
    const first = await start();
    await holds(first, 4);
    const second = await start();
    await holds(second, 2);
    await holds(first, 2);
    expect([...first.working, ...second.working].sort()).toEqual(names);
    expect(first.running.context.state.current().partitions).toEqual([...first.working].sort());
  });

  test("when there are four and a third instance comes, then nobody is idle and all are worked", async () => {
    const instances = [await start(), await start()];
    await Promise.all(instances.map((instance) => holds(instance, 2)));
    instances.push(await start());
    const even = (): boolean => {
      const counts = instances.map(({ working }) => working.length).sort((a, b) => a - b);
      return counts.join() === "1,1,2";
    };
    await eventually(even, { timeoutMs: TAKE_OVER_MS, message: "not shared 1, 1, 2" });
    expect(instances.flatMap(({ working }) => working).sort()).toEqual(names);
  });

  test("when an instance is stopped, then its work ends, its leases are free at once, and another takes them", async () => {
    const first = await start();
    await holds(first, 4);
    await first.running.stop();
    expect(first.working).toEqual([]);
    expect(await leases()).toEqual([]);
    const second = await start();
    await holds(second, 4);
  });

  test("when an instance is killed, then the other takes over what it worked", async () => {
    const first = await start();
    await holds(first, 4);
    const second = await start();
    await holds(second, 2);
    first.running.kill();
    await holds(second, 4);
    // Whoever comes back finds its leases gone, and stops.
    await eventually(() => first.lost.length === 2, { timeoutMs: TAKE_OVER_MS });
    await holds(first, 0);
  });

  test("when a lease is taken away, then the work is told and stopped", async () => {
    const only = await start({ wanted: () => ["a"] });
    await holds(only, 1);
    await rig.bus.kv("leases").put("test.a", JSON.stringify({ owner: "somebody", since: Date.now() }));
    await eventually(() => only.lost.includes("a"), { timeoutMs: TAKE_OVER_MS });
    await holds(only, 0);
    expect(only.running.context.state.current().notes.some(({ text }) => text.includes("lease lost"))).toBe(true);
  });

  test("when the answer to a renewal is lost, then the lease stays and the work goes on", async () => {
    let lose = 0;
    const only = await start({ wanted: () => ["a"] }, (bus) => ({
      ...bus,
      kv(bucket) {
        const kv = bus.kv(bucket);
        return {
          ...kv,
          async update(key, value, revision) {
            const updated = await kv.update(key, value, revision);
            if (bucket === "leases" && lose++ === 0) throw new Failure("retry", "BUS_UNAVAILABLE", "no answer");
            return updated;
          },
        };
      },
    }));
    await holds(only, 1);
    await eventually(() => lose >= 4, { timeoutMs: TAKE_OVER_MS });
    expect(only.lost).toEqual([]);
    expect(only.working).toEqual(["a"]);
  });

  test("when what a partition needs changes, then its work starts anew, and the others' goes on", async () => {
    const versions: Record<string, string> = { a: "1", b: "1" };
    const started: string[] = [];
    const instance = await start({
      wanted: () => ["a", "b"],
      versionOf: (partition) => versions[partition]!,
      async start(partition) {
        started.push(`${partition}${versions[partition]}`);
        return { stop: async () => void started.push(`${partition} stopped`) };
      },
    });
    await eventually(() => started.length === 2);
    versions["b"] = "2";
    await instance.partitions.refresh();
    await eventually(() => started.length === 4);
    expect(started).toEqual(["a1", "b1", "b stopped", "b2"]);
  });

  test("when a partition is not wanted any more, then its work ends", async () => {
    let wanted: readonly string[] = names;
    const instance = await start({ wanted: () => wanted });
    await holds(instance, 4);
    wanted = ["c"];
    await instance.partitions.refresh();
    await holds(instance, 1);
    expect(await leases()).toEqual(["test.c"]);
  });

  test("when one cannot be started, then the others are worked, and its lease is free for somebody who can", async () => {
    const unable = await start({
      wanted: () => ["a", "b"],
      async start(partition) {
        if (partition === "a") throw new Error("no such thing here");
        return { stop: async () => undefined };
      },
    });
    await eventually(() => unable.partitions.held().length === 1);
    await eventually(async () => (await leases()).join() === "test.b");
    expect(unable.running.context.state.current().notes.some(({ text }) => text.includes("no such thing here"))).toBe(true);
  });
});
