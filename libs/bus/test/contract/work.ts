import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { Failure } from "@tradewind/core";
import { eventually } from "@tradewind/testkit";
import { describe, expect, test } from "vitest";
import type { Bus, BusOptions, Consumer } from "../../src/index.ts";
import { appendAll, LEDGER, numbers, type MakeWorld } from "./world.ts";

const JOB = "tw.job.train";
const worker = join(import.meta.dirname, "../support/worker.ts");
/** Short enough to wait for; nothing is said of how long anything takes. */
const SHORT: BusOptions = { ackWaitMs: 1_000 };

/** A worker of quick pieces of work; gives what it has worked. */
async function works(bus: Bus, subject = JOB): Promise<{ readonly done: string[]; readonly worker: Consumer }> {
  const done: string[] = [];
  return { done, worker: await bus.work({ subject, take: async ({ data }) => void done.push(data) }) };
}

/** A worker in a process of its own that takes one message and never ends it. */
async function hangingWorker(address: readonly string[], ackWaitMs: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [worker, ...address, JOB, String(ackWaitMs)], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}

export const testWork = (make: MakeWorld): void => {
  describe("a work queue", () => {
    test("given several workers, each message is worked by one of them alone, and is gone then", async () => {
      await using world = await make();
      const workers = [await works(world.bus), await works(await world.connect()), await works(world.bus)];
      await appendAll(world.bus, JOB, numbers(30));
      const all = (): string[] => workers.flatMap(({ done }) => done);
      await eventually(() => all().length >= 30);
      expect(
        all()
          .map(Number)
          .sort((a, b) => a - b),
      ).toEqual(numbers(30).map(Number));
      await eventually(async () => (await world.bus.last(JOB)) === undefined);
    });

    test("given two workers and long work, both have a message at a time", async () => {
      await using world = await make();
      const other = await world.connect();
      const ends: (() => void)[] = [];
      const taken: string[] = [];
      for (const bus of [world.bus, other])
        await bus.work({
          subject: JOB,
          take: ({ data }) => {
            taken.push(data);
            return new Promise<void>((resolve) => ends.push(resolve));
          },
        });
      await appendAll(world.bus, JOB, numbers(4));
      await eventually(() => taken.length === 2);
      expect([...taken].sort()).toEqual(["0", "1"]);
      ends[0]!();
      await eventually(() => taken.length === 3);
      expect(taken[2]).toBe("2");
      for (const end of ends) end();
      await eventually(() => ends.length === 4);
      ends[3]!();
    });

    test("gives what was there before the worker and what comes after, in order, of its own subject", async () => {
      await using world = await make();
      await appendAll(world.bus, JOB, numbers(5));
      await appendAll(world.bus, "tw.job.other", ["not mine"]);
      const { done } = await works(world.bus);
      await appendAll(world.bus, JOB, numbers(5, 5));
      await eventually(() => done.length >= 10);
      expect(done).toEqual(numbers(10));
      expect((await world.bus.last("tw.job.other"))?.data).toBe("not mine");
    });

    test("given the same id twice, is given one message", async () => {
      await using world = await make();
      await world.bus.append(JOB, "once", { id: "j/1" });
      expect((await world.bus.append(JOB, "once", { id: "j/1" })).duplicate).toBe(true);
      const { done } = await works(world.bus);
      await appendAll(world.bus, JOB, ["end"]);
      await eventually(() => done.includes("end"));
      expect(done).toEqual(["once", "end"]);
      expect((await world.bus.append(JOB, "once", { id: "j/1" })).duplicate).toBe(true);
    });

    test("when take throws, tells it and gives the message again; the others do not wait for it", async () => {
      const thrown: unknown[] = [];
      await using world = await make({ onError: (error) => thrown.push(error) });
      const taken: string[] = [];
      await world.bus.work({
        subject: JOB,
        take: async ({ data }) => {
          taken.push(data);
          if (data === "bad" && taken.filter((one) => one === "bad").length < 2) throw new Error("not today");
        },
      });
      await appendAll(world.bus, JOB, ["bad", "good"]);
      await eventually(() => taken.length >= 3);
      expect(taken).toEqual(["bad", "good", "bad"]);
      expect(thrown).toEqual([expect.objectContaining({ message: "not today" })]);
      await eventually(async () => (await world.bus.last(JOB)) === undefined);
    });

    test("when take throws a failure that is to be tried again, gives the message again and tells nobody", async () => {
      const thrown: unknown[] = [];
      await using world = await make({ onError: (error) => thrown.push(error) });
      let times = 0;
      await world.bus.work({
        subject: JOB,
        async take() {
          if (++times === 1) throw new Failure("retry", "NOT_NOW", "later");
        },
      });
      await appendAll(world.bus, JOB, ["x"]);
      await eventually(() => times === 2);
      expect(thrown).toEqual([]);
    });

    test("given a worker is silent for too long, its message is another's; while it renews, it is its own", async () => {
      await using world = await make(SHORT);
      const other = await world.connect();
      const renewed = await hold(world.bus, "renewed");
      await appendAll(world.bus, JOB, ["renewed"]);
      await eventually(() => renewed.taken);
      const beat = setInterval(renewed.renew, 100);
      const silent = await hold(world.bus, "silent");
      await appendAll(world.bus, JOB, ["silent"]);
      await eventually(() => silent.taken);
      const { done } = await works(other);
      await eventually(() => done.length > 0);
      expect(done).toEqual(["silent"]);
      clearInterval(beat);
      await eventually(() => done.length > 1);
      expect(done).toEqual(["silent", "renewed"]);
      renewed.end();
      silent.end();
    });

    test("stop lets the message in hand end, which then is gone, and takes none after it", async () => {
      await using world = await make();
      const held = await hold(world.bus, "0");
      await appendAll(world.bus, JOB, numbers(2));
      await eventually(() => held.taken);
      let stopped = false;
      const stopping = held.worker.stop().then(() => (stopped = true));
      expect(stopped).toBe(false);
      held.end();
      await stopping;
      await held.worker.failed;
      const { done } = await works(world.bus);
      await eventually(() => done.length > 0);
      await appendAll(world.bus, JOB, ["end"]);
      await eventually(() => done.includes("end"));
      expect(done).toEqual(["1", "end"]);
    });

    test("given its worker is killed, gives the message again", async () => {
      await using world = await make(SHORT);
      await appendAll(world.bus, JOB, ["hard"]);
      await world.bus.close();
      const child = await hangingWorker(world.address, SHORT.ackWaitMs!);
      child.kill("SIGKILL");
      await once(child, "exit");
      const { done } = await works(await world.connect());
      await eventually(() => done.length > 0);
      expect(done).toEqual(["hard"]);
    });

    test("is kept when everybody is closed, and numbers on when it is empty", async () => {
      await using world = await make();
      const seqs = await appendAll(world.bus, JOB, numbers(3));
      await world.bus.close();
      const bus = await world.connect();
      const { done, worker: first } = await works(bus);
      await eventually(() => done.length >= 3);
      await first.stop();
      expect(done).toEqual(numbers(3));
      await bus.close();
      const again = await world.connect();
      expect((await appendAll(again, JOB, ["later"]))[0]).toBe(seqs.at(-1)! + 1);
      const later = await works(again);
      await eventually(() => later.done.length > 0);
      expect(later.done).toEqual(["later"]);
    });

    test("given a subject that no work queue keeps, refuses", async () => {
      await using world = await make();
      const take = async (): Promise<void> => undefined;
      await expect(world.bus.work({ subject: LEDGER, take })).rejects.toMatchObject({ code: "NO_WORK_QUEUE", action: "bug" });
      await expect(world.bus.work({ subject: "tw.job.*", take })).rejects.toMatchObject({ code: "BAD_SUBJECT" });
      await expect(world.bus.work({ subject: "tw.fill.v.ETH", take })).rejects.toMatchObject({ code: "NO_STREAM" });
    });
  });
};

/** A worker that holds the message `data` until `end`, and others not at all. */
async function hold(bus: Bus, data: string) {
  const held = { taken: false, renew: (): void => undefined, end: (): void => undefined };
  const worker = await bus.work({
    subject: JOB,
    take: (message, renew) =>
      new Promise((resolve) => {
        if (message.data !== data) return resolve();
        Object.assign(held, { taken: true, renew, end: resolve });
      }),
  });
  return Object.assign(held, { worker });
}
