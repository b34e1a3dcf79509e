import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import { decodeMessage } from "@tradewind/contracts";
import { eventually } from "@tradewind/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { askJob, cancelJob, readJob, readJobs, updateJob } from "../src/index.ts";

let bus: Bus;
beforeEach(async () => {
  bus = await openEmbeddedBus(":memory:");
});
afterEach(() => bus.close());

const asker = () => ({ bus, instance: "test", run: { run: "r", clock: "wall", startedAt: 0 } as const });
const train = { id: "train-1", kind: "train", by: "operator", parameters: { family: "cnn" } };

describe("jobs", () => {
  test("given a job asked for twice, it is worked once, with what was asked for", async () => {
    expect(await askJob(asker(), train)).toMatchObject({ state: "queued", by: "operator" });
    expect(await askJob(asker(), { ...train, parameters: { family: "lstm" } })).toMatchObject({ parameters: { family: "cnn" } });
    const worked: unknown[] = [];
    await bus.work({
      subject: "tw.job.train",
      take: async ({ data }) => {
        const decoded = decodeMessage("job", data);
        worked.push(decoded.ok && decoded.envelope.data);
      },
    });
    await askJob(asker(), { ...train, id: "train-2" });
    await eventually(() => worked.length === 2);
    expect(worked).toEqual([train, { ...train, id: "train-2" }]);
  });

  test("a job that has ended stays as it ended", async () => {
    await askJob(asker(), train);
    await updateJob(bus, train.id, { state: "running", worker: "w", message: "fold 1" });
    await updateJob(bus, train.id, { state: "done", message: "made", result: { sha256: "x" } });
    expect(await updateJob(bus, train.id, { state: "running", message: "late" })).toMatchObject({ state: "done", message: "made" });
    await expect(cancelJob(bus, train.id, "me")).rejects.toMatchObject({ code: "JOB_ENDED" });
    expect(await readJob(bus, train.id)).toMatchObject({ state: "done", worker: "w", result: { sha256: "x" } });
    expect(await askJob(asker(), train)).toMatchObject({ state: "done" });
  });

  test("a cancelled job takes no word of its worker any more", async () => {
    await askJob(asker(), train);
    expect(await cancelJob(bus, train.id, "me")).toMatchObject({ state: "cancelled", message: "cancelled by me" });
    expect(await updateJob(bus, train.id, { state: "done", message: "made" })).toMatchObject({ state: "cancelled" });
    expect((await readJobs(bus)).map(({ id }) => id)).toEqual(["train-1"]);
    await expect(cancelJob(bus, "none", "me")).rejects.toMatchObject({ code: "UNKNOWN_JOB" });
    expect(await updateJob(bus, "none", { state: "done" })).toBeUndefined();
  });

  test("a record that nobody can read is nobody's job, and hides no other", async () => {
    for (const [i, text] of ["{", "null", '{"id":5}'].entries()) await bus.kv("jobs").put(`bad-${i}`, text);
    await askJob(asker(), train);
    expect((await readJobs(bus)).map(({ id }) => id)).toEqual(["train-1"]);
    expect(await readJob(bus, "bad-1")).toBeUndefined();
    await expect(cancelJob(bus, "bad-0", "me")).rejects.toMatchObject({ code: "UNKNOWN_JOB" });
    expect(await askJob(asker(), { ...train, id: "bad-2" })).toMatchObject({ id: "bad-2", state: "queued" });
  });
});
