import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { inspectModel, openModelSession } from "@tradewind/onnx";
import { eventually } from "@tradewind/testkit";
import type { ModelHost, ModelHostOptions } from "../src/host/model-host.ts";
import { hostOf, memoryOf } from "./support/hosts.ts";
import { hostPids } from "./support/sample.ts";
import { modelFile } from "./support/scene.ts";

const model = inspectModel(modelFile(), "the model");
const rows = Float32Array.from({ length: model.signature.rowSize }, (_, i) => Math.sin(i));

let host: ModelHost;
afterEach(() => host.stop());

function hostWith(options: Partial<ModelHostOptions> = {}): ModelHost {
  return (host = hostOf(model, options));
}
const pid = (): number => host.running()!.pid;

describe("a model's host process", () => {
  test("given a matrix, when it is run there, then the bits are those of a run in this process", async () => {
    const session = await openModelSession(model);
    expect(await hostWith().run(rows, 1)).toEqual(await session.run(rows, 1));
    await session.release();
  });

  test("given many requests at once, when the process is killed, then each is answered by the next one", async () => {
    const lost: string[] = [];
    hostWith({ on: { lost: (why) => lost.push(why) } });
    await host.ready();
    const first = pid();
    const asked = Array.from({ length: 50 }, () => host.run(rows, 1));
    process.kill(first, "SIGKILL");
    const answers = await Promise.all(asked);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    await eventually(() => lost.length === 1);
    expect(lost[0]).toContain("SIGKILL");
    expect(pid()).not.toBe(first);
  });

  test("given less memory than its limit, when it is found short of it, then its model is not left alone: the next one gets more and answers", async () => {
    const { book, memory } = memoryOf(4_096);
    const lost: string[] = [];
    hostWith({ memory, key: "short", quarantineMs: Infinity, on: { lost: (why) => lost.push(why) } });
    await host.ready();
    const before = book.bytesOf("short");
    // As the runtime ends when the kernel gives it nothing more.
    process.kill(pid(), "SIGABRT");
    await eventually(() => lost.length === 1);
    expect(lost[0]).toContain("it was granted");
    expect(await host.run(rows, 1)).toHaveLength(3);
    expect(book.bytesOf("short")).toBeGreaterThan(before);
  });

  test("given one attempt, when the process is killed, then the request fails with the reason and the next one is served", async () => {
    hostWith({ attempts: 1 });
    await host.ready();
    process.kill(pid(), "SIGSTOP");
    const asked = host.run(rows, 1);
    process.kill(pid(), "SIGKILL");
    await expect(asked).rejects.toMatchObject({ code: "HOST_LOST", action: "retry" });
    expect(await host.run(rows, 1)).toHaveLength(3);
  });

  test("given a process that hangs, when nothing comes for too long, then it is killed and the request is made again", async () => {
    const lost: string[] = [];
    hostWith({ hungMs: 1_500, on: { lost: (why) => lost.push(why) } });
    await host.ready();
    const first = pid();
    process.kill(first, "SIGSTOP");
    expect(await host.run(rows, 1)).toHaveLength(3);
    expect(pid()).not.toBe(first);
    expect(() => process.kill(first, 0)).toThrow("ESRCH");
    expect(lost).toEqual(["the host process of model the model gave no answer for 1.5 s and was killed"]);
  });

  test("given a host that is stopped, when it is asked, then it refuses and its process is gone", async () => {
    hostWith();
    await host.ready();
    const last = pid();
    await host.stop();
    await expect(host.run(rows, 1)).rejects.toMatchObject({ code: "HOST_STOPPED" });
    expect(() => process.kill(last, 0)).toThrow("ESRCH");
  });

  test.skipIf(process.platform !== "linux")(
    "given one that loads and does not come to an end, when the host is stopped, then its process is gone at once",
    async () => {
      hostWith({ hungMs: 600_000 });
      const ready = host.ready().catch((error: unknown) => error);
      const loading = await eventually(() => hostPids()[0]);
      process.kill(loading, "SIGSTOP");
      await host.stop();
      expect(await ready).toMatchObject({ code: "HOST_STOPPED" });
      expect(() => process.kill(loading, 0)).toThrow("ESRCH");
    },
  );

  test("given a service that is gone without a word, when its process is left over, then it ends by itself", async () => {
    const orphan = fork(join(import.meta.dirname, "../src/host/main.ts"), [], { serialization: "advanced", stdio: "ignore" });
    const ended = once(orphan, "exit");
    await once(orphan, "message");
    orphan.disconnect();
    expect(await ended).toEqual([0, null]);
  });

  test("given this process's secrets in the environment, when a model is loaded, then its process does not have them", async () => {
    process.env["TRADEWIND_TEST_SECRET"] = "hush";
    try {
      hostWith();
      await host.ready();
      const { readFileSync, existsSync } = await import("node:fs");
      const environ = `/proc/${pid()}/environ`;
      if (existsSync(environ)) expect(readFileSync(environ, "utf8")).not.toContain("hush");
    } finally {
      delete process.env["TRADEWIND_TEST_SECRET"];
    }
  });
});
