import { afterEach, describe, expect, test } from "vitest";
import { matrixSize } from "@tradewind/core";
import { inspectModel, metadataProperties, graphBuilder, REFERENCE_LABELS, writeModel } from "@tradewind/onnx";
import type { ModelHost } from "../src/host/model-host.ts";
import { hostOf } from "./support/hosts.ts";
import { sizedModel } from "./support/models.ts";
import { matrix } from "./support/scene.ts";

const rowSize = matrixSize(matrix);
const model = inspectModel(sizedModel(1, 4), "the model");
const rowOf = (i: number): Float32Array => Float32Array.from({ length: rowSize }, (_, j) => Math.sin(i * rowSize + j));

let host: ModelHost;
afterEach(() => host.stop());

/** A host whose runs are noted by their rows. */
function noting(options: Parameters<typeof hostOf>[1] = {}, of = model): number[] {
  const batches: number[] = [];
  host = hostOf(of, { ...options, on: { batch: (rows) => batches.push(rows) } });
  return batches;
}

describe("requests that come together", () => {
  test("given as many as may ask, when they ask at once, then they share runs, and each has the answer of a run of its own", async () => {
    const batches = noting({ maxRows: 8, callers: () => 16, waitMs: 1_000 });
    await host.ready();
    const together = await Promise.all(Array.from({ length: 16 }, (_, i) => host.run(rowOf(i), 1)));
    expect(batches).toEqual([8, 8]);
    await host.stop();
    noting();
    for (const [i, answer] of together.entries()) {
      const own = await host.run(rowOf(i), 1);
      for (const [j, value] of own.entries()) expect(Math.abs(answer[j]! - value)).toBeLessThan(1e-5);
    }
  });

  test("given one with a near deadline, when others could still come, then it is not held up for them", async () => {
    const batches = noting({ maxRows: 8, callers: () => 16, waitMs: 60_000 });
    await host.ready();
    expect(await host.run(rowOf(1), 1, performance.now() + 500)).toHaveLength(3);
    expect(batches).toEqual([1]);
  });

  test("given more rows than a run may have, when they are asked for, then they go in parts and come back in order", async () => {
    const batches = noting({ maxRows: 4, callers: () => 1 });
    const rows = Float32Array.from(Array.from({ length: 10 }, (_, i) => [...rowOf(i)]).flat());
    const all = await host.run(rows, 10);
    expect(batches.toSorted((a, b) => a - b)).toEqual([2, 4, 4]);
    for (const i of [0, 5, 9]) {
      const own = await host.run(rowOf(i), 1);
      for (const [j, value] of own.entries()) expect(Math.abs(all[i * 3 + j]! - value)).toBeLessThan(1e-5);
    }
  });

  test("given one that the model cannot answer, when it shares a run, then it alone fails", async () => {
    noting({ maxRows: 4, callers: () => 4, waitMs: 1_000 });
    await host.ready();
    const bad = Float32Array.from({ length: rowSize }, () => NaN);
    const results = await Promise.allSettled([rowOf(1), bad, rowOf(2), rowOf(3)].map((row) => host.run(row, 1)));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
    expect(results[1]).toMatchObject({ reason: { code: "MODEL_OUTPUT" } });
  });

  test("given a file that works for one row alone, when many ask, or one for many, then each row has a run of its own", async () => {
    const graph = graphBuilder("one");
    const input = graph.input("x", "float", ["batch", rowSize]);
    const flat = graph.add("Reshape", [input, graph.whole([1, rowSize])]);
    const weights = graph.constant([rowSize, 3], new Float32Array(rowSize * 3).fill(0.01));
    graph.output("p", graph.add("Softmax", [graph.add("MatMul", [flat, weights])], { axis: 1 }), "float", ["batch", 3]);
    const metadata = metadataProperties({ matrix, labels: REFERENCE_LABELS, version: "1", notes: {} });
    const file = writeModel({ graph: graph.finish(), opset: 17, producer: "test", producerVersion: "1", metadata });
    const batches = noting({ maxRows: 8, callers: () => 4 }, inspectModel(file, "one"));
    await host.ready();
    expect(await Promise.all(Array.from({ length: 4 }, (_, i) => host.run(rowOf(i), 1)))).toHaveLength(4);
    expect(batches).toEqual([1, 1, 1, 1]);
    const three = Float32Array.from([1, 2, 3].flatMap((i) => [...rowOf(i)]));
    const together = await host.run(three, 3);
    const alone = await Promise.all([1, 2, 3].map((i) => host.run(rowOf(i), 1)));
    expect([...together]).toEqual(alone.flatMap((own) => [...own]));
  });

  test("given nobody who asks, when the time of idleness is over, then the process ends, and the next request starts one", async () => {
    const batches = noting({ idleMs: 50 });
    await host.run(rowOf(1), 1);
    const ended = host.running()!.ended;
    await ended;
    expect(host.running()).toBeUndefined();
    await host.run(rowOf(1), 1);
    expect(batches).toEqual([1, 1]);
  });
});
