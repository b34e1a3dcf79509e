import { decodeMessage, type ModelRecord, type ServiceCommand, type ServiceReply } from "@tradewind/contracts";
import { updateJob, updateModel } from "@tradewind/kit";
import { eventually } from "@tradewind/testkit";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startSystem } from "./support.ts";

const MIB = 1_048_576;
const SHA = "ab".repeat(32);
const record: ModelRecord = {
  id: "m",
  versions: [
    {
      sha256: SHA,
      bytes: 3,
      matrix: { timeframes: ["1m"], window: 4, features: [{ name: "rsi" }] },
      featureSchema: "f".repeat(64),
      labels: ["down", "flat", "up"],
      version: "1",
      state: "champion",
      registeredAt: 5,
      notes: { family: "cnn" },
    },
  ],
  device: "cpu",
  pinned: false,
  history: [{ at: 5, sha256: SHA, to: "champion", reason: "registered", by: "me" }],
};

let system: Awaited<ReturnType<typeof startSystem>>;
/** What a model-inference that is not there was asked, and what it answers. */
let asked: ServiceCommand[];
let answer: (command: ServiceCommand) => ServiceReply | Promise<ServiceReply>;

beforeAll(async () => {
  system = await startSystem({ settings: { inference: { per_model_limit_mb: 1 } } });
  system.bus.respond("tw.command.model-inference.*", async ({ data }) => {
    const decoded = decodeMessage("command", data);
    if (!decoded.ok) throw new Error(decoded.problem);
    asked.push(decoded.envelope.data);
    return JSON.stringify(await answer(decoded.envelope.data));
  });
  await updateModel(system.bus, "m", () => record);
});
beforeEach(() => {
  asked = [];
  answer = () => ({ ok: true, message: "done", data: record });
});
afterAll(() => system[Symbol.asyncDispose]());

interface Sent {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: any;
}

async function send(
  method: string,
  path: string,
  body?: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const type = typeof body === "string" ? "text/html" : "application/octet-stream";
  const response = await fetch(system.gateway.url + path, {
    method,
    headers: { authorization: `Bearer ${system.gateway.token}`, ...(body !== undefined && { "content-type": type }), ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : Buffer.from(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text.startsWith("{") ? JSON.parse(text) : undefined };
}

describe("the registry of models over REST", () => {
  test("a model is shown with its versions and history, and one there is not is told", async () => {
    const { body: all } = await system.call("/api/models");
    expect(all).toMatchObject([{ id: "m", champion: SHA, versions: [{ state: "champion", window: 4, features: ["rsi"], card: false }] }]);
    expect((await system.call("/api/models/m")).body).toEqual(all[0]);
    expect((await send("GET", "/api/models/none")).body.error).toMatchObject({ code: "MODEL_UNKNOWN" });
  });

  test("a record that cannot be read is shown with its problem, and hides no other", async () => {
    await system.bus.kv("models").put("broken", "{}");
    expect((await system.call("/api/models")).body).toMatchObject([{ id: "broken", problem: expect.stringContaining("id") }, { id: "m" }]);
    await system.bus.kv("models").delete("broken");
  });

  test("a file is handed to model-inference with what was asked of it, and leaves nothing behind", async () => {
    let bytes: Uint8Array | undefined;
    answer = async ({ blob }) => {
      bytes = await system.bus.blobs("model-files").get(blob!);
      return { ok: true, message: "registered", data: record };
    };
    const metadata = { labels: ["down", "up"] };
    const headers = { "x-tradewind-metadata": JSON.stringify(metadata) };
    const { status, body } = await send("PUT", "/api/models/m?state=shadow&by=me", Uint8Array.of(1, 2, 3), headers);
    expect({ status, message: body.message, id: body.model.id }).toEqual({ status: 200, message: "registered", id: "m" });
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect(asked).toMatchObject([{ verb: "register", model: "m", by: "me", parameters: { state: "shadow", metadata } }]);
    expect(await system.bus.blobs("model-files").list()).toEqual([]);
  });

  test("files that a gateway left behind when it was killed go with the next one; those on their way stay", async () => {
    const files = system.bus.blobs("model-files");
    const onItsWay = `upload-${Date.now()}-another`;
    for (const name of ["upload-1-left", onItsWay, SHA]) await files.put(name, Uint8Array.of(1));
    await send("PUT", "/api/models/m", Uint8Array.of(1, 2, 3));
    expect(await files.list()).toEqual([SHA, onItsWay].sort());
    for (const name of [onItsWay, SHA]) await files.delete(name);
  });

  test("a file that is refused is refused with the reason and its code", async () => {
    answer = () => ({ ok: false, message: "MODEL_FORMAT: model m is no ONNX file; give one" });
    expect(await send("PUT", "/api/models/m", Uint8Array.of(1))).toMatchObject({
      status: 400,
      body: { error: { code: "MODEL_FORMAT", message: "model m is no ONNX file; give one" } },
    });
    expect(await system.bus.blobs("model-files").list()).toEqual([]);
  });

  test("a file over the limit, none, or another kind of body: refused in one line, and nobody is asked", async () => {
    expect(await send("PUT", "/api/models/m", new Uint8Array(MIB + 1))).toMatchObject({
      status: 413,
      body: { error: { code: "BODY_TOO_LARGE", message: "a body may have 1 MiB here" } },
    });
    expect((await send("PUT", "/api/models/m", new Uint8Array(MIB))).status).toBe(200);
    asked = [];
    expect((await send("PUT", "/api/models/m")).status).toBe(400);
    expect((await send("PUT", "/api/models/m", "{}", { "content-type": "application/json" })).status).toBe(415);
    expect((await send("PUT", "/api/models/m?state=king", Uint8Array.of(1))).status).toBe(400);
    expect((await send("PUT", "/api/models/m", Uint8Array.of(1), { "x-tradewind-metadata": "{" })).status).toBe(400);
    expect((await send("PUT", "/api/models/a--b", Uint8Array.of(1))).body.error.code).toBe("BAD_MODEL_ID");
    expect((await send("POST", "/api/models/m/state", Uint8Array.of(1))).status).toBe(415);
    expect(asked).toEqual([]);
  });

  test("states, settings and removals reach model-inference as its commands", async () => {
    await system.call("/api/models/m/state", { version: "abab", state: "retired", reason: "worse" });
    await system.call("/api/models/m/settings", { pinned: true });
    await system.call("/api/models/m/settings", { device: "cuda:0", by: "me" });
    await system.call("/api/models/m/settings", { limit_mb: null });
    expect((await system.call("/api/models/m/settings", { pinned: true, device: "cpu" })).status).toBe(400);
    answer = () => ({ ok: true, message: "gone" });
    expect((await send("DELETE", "/api/models/m?version=abab")).body).toEqual({ message: "gone" });
    await send("DELETE", "/api/models/m");
    expect(asked).toEqual([
      { verb: "state", by: "operator", model: "m", parameters: { version: "abab", state: "retired", reason: "worse" } },
      { verb: "pin", by: "operator", model: "m" },
      { verb: "device", by: "me", model: "m", parameters: { device: "cuda:0" } },
      { verb: "limit", by: "operator", model: "m", parameters: { limit_mb: null } },
      { verb: "unregister", by: "operator", model: "m", parameters: { version: "abab" } },
      { verb: "unregister", by: "operator", model: "m" },
    ]);
  });

  test("a card is kept for a version and shown as a page in which nothing runs", async () => {
    expect((await send("GET", "/api/models/m/card")).body.error.code).toBe("MODEL_CARD_MISSING");
    expect((await send("PUT", "/api/models/m/card?version=none", "<p>x")).status).toBe(404);
    expect((await send("PUT", "/api/models/m/card", "<!doctype html><p>card")).status).toBe(200);
    const { text, headers } = await send("GET", "/api/models/m/card?version=abab");
    expect(text).toBe("<!doctype html><p>card");
    expect(headers.get("content-type")).toContain("text/html");
    expect(headers.get("content-security-policy")).toMatch(/default-src 'none'.*sandbox/);
    expect((await system.call("/api/models/m")).body.versions[0].card).toBe(true);
  });

  test("what a model says is asked of whoever serves it", async () => {
    answer = () => ({ ok: true, message: "asked", data: { probabilities: { up: 1 } } });
    expect((await system.call("/api/models/m--abababab/predict", { matrix: [1, 2], rows: 2 })).body).toEqual({ probabilities: { up: 1 } });
    await system.call("/api/models/m/predict", { venue: "sim", instrument: "BTC-USDT" });
    expect(asked.map(({ model, parameters }) => [model, parameters])).toEqual([
      ["m--abababab", { matrix: [1, 2], rows: 2 }],
      ["m", { venue: "sim", instrument: "BTC-USDT" }],
    ]);
    expect((await system.call("/api/models/m/predict", {})).status).toBe(400);
  });

  test("figures of memory are those of all instances together; without one, that is told", async () => {
    expect((await send("GET", "/api/models/stats")).body.error.code).toBe("NO_INFERENCE");
    const now = Date.now();
    for (const instance of ["a", "b"])
      await system.bus.kv("states").put(
        `model-inference.${instance}`,
        JSON.stringify({
          service: "model-inference",
          instance,
          state: "running",
          since: now,
          at: now + 3_600_000,
          partitions: [],
          notes: [],
          pid: 1,
          memoryMb: 1,
        }),
      );
    answer = ({ parameters }) => ({
      ok: true,
      message: "",
      data: {
        total_limit_mb: 100,
        models: { [`of-${String(parameters!["instance"])}`]: { memory_mb: 10, device: "cpu" } },
        total_used_mb: 10,
        total_free_mb: 90,
        utilization_percent: 10,
      },
    });
    const stats = await eventually(async () => {
      const { status, body } = await send("GET", "/api/models/stats");
      return status === 200 && body;
    });
    expect(stats).toMatchObject({ total_limit_mb: 100, total_used_mb: 10, total_free_mb: 90, utilization_percent: 10 });
    expect(Object.keys(stats.models as object)).toEqual(["of-a", "of-b"]);
    expect(Object.keys(stats.instances as object)).toEqual(["a", "b"]);
  });
});

describe("jobs over REST", () => {
  test("a training that is asked for waits in the queue with a record, and can be watched and cancelled", async () => {
    const parameters = { family: "cnn", seed: 7 };
    const { status, body } = await system.call("/api/jobs", { kind: "train", parameters, by: "me" });
    expect({ status, message: body.message }).toEqual({ status: 200, message: expect.stringMatching(/none runs now$/) });
    const { id } = body.job as { id: string };
    expect(body.job).toMatchObject({ state: "queued", kind: "train", parameters, by: "me" });
    const queued = await system.bus.last("tw.job.train");
    expect(decodeMessage("job", queued!.data)).toMatchObject({ ok: true, envelope: { data: { id, parameters } } });
    await updateJob(system.bus, id, { state: "running", worker: "w", progress: 0.5, message: "fold 2 of 4" });
    expect((await system.call(`/api/jobs/${id}`)).body).toMatchObject({ state: "running", progress: 0.5, message: "fold 2 of 4" });
    expect((await system.call("/api/jobs?state=running")).body).toHaveLength(1);
    expect((await system.call("/api/jobs?state=done")).body).toEqual([]);
    expect((await system.call(`/api/jobs/${id}/cancel`, { by: "me" })).body).toMatchObject({
      state: "cancelled",
      message: "cancelled by me",
    });
    expect((await system.call(`/api/jobs/${id}/cancel`, {})).status).toBe(409);
    expect((await system.call("/api/jobs/none")).status).toBe(404);
    expect((await system.call("/api/jobs", { kind: "mine", parameters: {} })).status).toBe(400);
    expect((await system.call("/api/jobs", { kind: "train", parameters: { symbol: "\u001b[31mBTC" } })).status).toBe(400);
  });
});

test("a page is told when a model or a job has changed", async () => {
  const url = system.gateway.url.replace("http", "ws");
  const socket = new WebSocket(`${url}/api/live`, ["tradewind", `bearer.${system.gateway.token}`]);
  const counts: number[] = [];
  socket.addEventListener("message", ({ data }) => counts.push((JSON.parse(String(data)) as { registry: number }).registry));
  await eventually(() => counts.length > 0);
  const before = counts.at(-1)!;
  await updateModel(system.bus, "other", () => ({ ...record, id: "other" }));
  await eventually(() => counts.at(-1)! > before);
  socket.close();
});
