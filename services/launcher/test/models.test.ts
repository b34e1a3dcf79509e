import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultMatrixPlan } from "@tradewind/core";
import { graphBuilder, referenceModel, writeModel } from "@tradewind/onnx";
import { eventually } from "@tradewind/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busyVariant, ground, type Ground, type System } from "./support-system.ts";

interface Version {
  readonly sha256: string;
  readonly state: string;
  readonly version: string;
}
interface Model {
  readonly id: string;
  readonly pinned: boolean;
  readonly versions: readonly Version[];
}

let place: Ground;
let system: System;
beforeAll(async () => {
  place = ground({ modelled: busyVariant({ models: [{ id: "nn" }] }) }, { market: { warmup_bars: 400 }, start: { variants: ["*"] } });
  for (const seed of [1, 2])
    writeFileSync(join(place.path, `net-${seed}.onnx`), referenceModel({ matrix: defaultMatrixPlan, seed, version: `v${seed}` }));
  system = await place.start("--speed", "120");
});
afterAll(() => place.dispose());

const done = async (...argv: string[]): Promise<string> => {
  const { code, out, err } = await system.run(...argv);
  expect(code, out + err).toBe(0);
  return out;
};
const jsonOf = async <T>(...argv: string[]): Promise<T> => JSON.parse(await done(...argv, "--json")) as T;
const states = async (): Promise<string[]> =>
  (await jsonOf<Model>("models", "show", "nn")).versions.map(({ version, state }) => `${version} ${state}`);

/** A file of another tool: its shapes fit the given features, and it says nothing of itself. */
function foreignFile(): Uint8Array {
  const graph = graphBuilder("foreign");
  const flat = graph.add("Flatten", [graph.input("x", "float", ["n", 1, 4, 2])], { axis: 1 });
  const weights = graph.constant([8, 3], new Float32Array(24).fill(0.1));
  graph.output("p", graph.add("Softmax", [graph.add("MatMul", [flat, weights])], { axis: 1 }), "float", ["n", 3]);
  return writeModel({ graph: graph.finish(), opset: 17, producer: "other", producerVersion: "1", metadata: {} });
}

describe("given a running system and a variant with a model that nobody has registered", () => {
  it("models list says how to register one", async () => {
    const { code, out, err } = await system.run("models", "list");
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toContain("tradewind models add FILE.onnx");
  });

  it("models add registers a file as a candidate; promoted, it speaks for the variant", async () => {
    expect(await done("models", "add", "net-1.onnx", "--name", "nn")).toMatch(
      /^model nn is registered: [0-9a-f]{8} as candidate; it has no champion and abstains in /,
    );
    expect(await states()).toEqual(["v1 candidate"]);
    expect(await done("models", "promote", "nn", "--reason", "first")).toMatch(/is champion/);
    expect(await done("models", "list")).toMatch(/^nn {2}champion [0-9a-f]{8} \(v1\), 1 version, cpu\n$/);
    const lines = await done("tap", "tw.prediction.nn.>", "--count", "1");
    expect(lines).toContain("tw.prediction.nn.bybit.BTC-USDT");
    expect(await done("models", "show", "nn")).toMatch(/candidate -> champion: first \(operator\)/);
  });

  it("another version runs as a shadow beside it, is promoted, and the former one can come back", async () => {
    await done("models", "add", "net-2.onnx", "--name", "nn", "--state", "shadow");
    expect(await states()).toEqual(["v2 shadow", "v1 champion"]);
    const [shadow, champion] = (await jsonOf<Model>("models", "show", "nn")).versions.map(({ sha256 }) => sha256.slice(0, 8)) as [
      string,
      string,
    ];
    expect(await done("tap", `tw.prediction.nn--${shadow}.>`, "--count", "1")).toContain(shadow);
    await done("models", "promote", "nn", "--version", shadow);
    expect(await states()).toEqual(["v2 champion", "v1 retired"]);
    await done("models", "promote", "nn", "--version", champion);
    expect(await states()).toEqual(["v2 retired", "v1 champion"]);
    await done("models", "remove", "nn", "--version", shadow);
    expect(await states()).toEqual(["v1 champion"]);
  });

  it("an older file added again with a card: the card is that version's", async () => {
    writeFileSync(join(place.path, "card.html"), "<p>");
    await done("models", "add", "net-2.onnx", "--name", "nn");
    expect(await done("models", "add", "net-1.onnx", "--name", "nn", "--card", "card.html")).toMatch(/as champion\n$/);
    const { versions } = await jsonOf<{ readonly versions: readonly { readonly version: string; readonly card: boolean }[] }>(
      ...["models", "show", "nn"],
    );
    expect(versions.map(({ version, card }) => [version, card])).toEqual([
      ["v2", false],
      ["v1", true],
    ]);
    await done("models", "remove", "nn", "--version", "v2");
  });

  it("pinned, it is so in its record; its memory and device are told", async () => {
    await done("models", "pin", "nn");
    expect((await jsonOf<Model>("models", "show", "nn")).pinned).toBe(true);
    const stats = await eventually(async () => {
      const told = await jsonOf<{ readonly models: Readonly<Record<string, { readonly memory_mb: number; readonly device: string }>> }>(
        "models",
        "stats",
      );
      return told.models["nn"] !== undefined && told.models["nn"].memory_mb > 0 && told;
    });
    expect(stats).toMatchObject({
      models: { nn: { device: "cpu" } },
      total_limit_mb: expect.any(Number),
      utilization_percent: expect.any(Number),
    });
    await done("models", "unpin", "nn");
    expect((await jsonOf<Model>("models", "show", "nn")).pinned).toBe(false);
  });

  it("another device or limit is in its record, and the device it cannot have is the CPU", async () => {
    await done("models", "set", "nn", "--limit-mb", "900");
    await done("models", "set", "nn", "--device", "cuda:0");
    expect(await jsonOf("models", "show", "nn")).toMatchObject({ device: "cuda:0", limitMb: 900 });
    expect(await done("models", "list")).toContain("cuda:0, at most 900 MiB");
    await done("models", "set", "nn", "--limit-mb", "usual");
    await done("models", "set", "nn", "--device", "cpu");
    expect(await done("models", "list")).toMatch(/1 version, cpu$/m);
  });

  it("asked, it says what it thinks of the latest close", async () => {
    const said = await jsonOf<{ readonly rows: readonly { readonly probabilities: Readonly<Record<string, number>> }[] }>(
      ...["models", "predict", "nn", "--symbol", "BTC/USDT"],
    );
    const { probabilities } = said.rows[0]!;
    expect(Object.keys(probabilities).sort()).toEqual(["down", "flat", "up"]);
    expect(Object.values(probabilities).reduce((total, one) => total + one, 0)).toBeCloseTo(1, 5);
    expect(await done("models", "predict", "nn", "--symbol", "BTC-USDT")).toMatch(
      /Z {2}down \d\.\d{4}, flat \d\.\d{4}, up \d\.\d{4}; score/,
    );
  });

  it("a file of another tool is taken with its metadata beside it, and refused without", async () => {
    writeFileSync(join(place.path, "foreign.onnx"), foreignFile());
    const features = { timeframes: ["1m"], window: 4, features: [{ name: "log_return" }, { name: "rsi" }] };
    writeFileSync(join(place.path, "foreign.json"), JSON.stringify({ features, labels: ["down", "flat", "up"], version: "theirs" }));
    expect(await system.run("models", "add", "foreign.onnx")).toMatchObject({
      code: 2,
      err: expect.stringMatching(/has no "tradewind\.format"/),
    });
    expect(await done("models", "add", "foreign.onnx", "--metadata", "foreign.json")).toContain("model foreign is registered");
    expect(await done("models", "remove", "foreign")).toContain("no longer registered");
  });

  it.each([
    ["a file that is not there", ["models", "add", "none.onnx"]],
    ["a file that is no model", ["models", "add", "configs/system.yaml", "--name", "x"]],
    ["metadata that are no JSON", ["models", "add", "net-1.onnx", "--metadata", "net-2.onnx"]],
    ["a name that is none", ["models", "add", "net-1.onnx", "--name", "a.b"]],
    ["a state there is not", ["models", "add", "net-1.onnx", "--state", "king"]],
    ["a model that is not there", ["models", "show", "none"]],
    ["an id that no model has", ["models", "show", "stats"]],
    ["a version that is not there", ["models", "promote", "nn", "--version", "00000000"]],
    ["a device there is not", ["models", "set", "nn", "--device", "abacus"]],
    ["a limit that is none", ["models", "set", "nn", "--limit-mb", "-1"]],
    ["nothing to set", ["models", "set", "nn"]],
    ["a model that is not there, to be removed", ["models", "remove", "none"]],
    ["a symbol that nobody trades", ["models", "predict", "nn", "--symbol", "DOGE/USDT"]],
    ["no symbol", ["models", "predict", "nn"]],
    ["no model", ["models", "pin"]],
    ["a job that is not there", ["jobs", "show", "none"]],
    ["a training of nothing", ["jobs", "train", "--family", "cnn"]],
    ["a training of no days", ["jobs", "train", "--family", "cnn", "--symbol", "BTC/USDT", "--days", "few"]],
    ["a state of jobs there is not", ["jobs", "list", "--state", "lost"]],
  ])("given %s, one line says what is wrong, with exit code 2", async (_, argv) => {
    const { code, out, err } = await system.run(...argv);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^[^\n]+\n$/);
    expect(err).not.toContain("    at ");
  });

  it("jobs list, with none, says how to ask for one", async () => {
    expect(await system.run("jobs", "list")).toMatchObject({ code: 0, out: "", err: expect.stringContaining("tradewind jobs train") });
    expect(await jsonOf("jobs", "list")).toEqual([]);
  });
});

it.each([[["models", "list"]], [["models", "add", "net-1.onnx"]], [["jobs", "list"]]])(
  "given no running system, %j says so and how to start one",
  async (argv) => {
    const empty = ground({}, {});
    writeFileSync(join(empty.path, "net-1.onnx"), referenceModel({ matrix: defaultMatrixPlan, seed: 1 }));
    const { code, err } = await empty.cli(...argv);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringMatching(/^[^\n]*tradewind start[^\n]*\n$/) });
    await empty.dispose();
  },
);
