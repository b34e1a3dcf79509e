import { expect, test } from "vitest";
import { inspectModel, openModelSession, providerOf, referenceModel } from "../src/index.ts";
import { smallPlan } from "./models.ts";

const model = inspectModel(referenceModel({ matrix: smallPlan, seed: 1 }), "reference");

test.each([
  ["cpu", "cpu"],
  ["webgpu", "webgpu"],
  ["cuda", { name: "cuda", deviceId: 0 }],
  ["cuda:3", { name: "cuda", deviceId: 3 }],
  ["cuda:-1", undefined],
  ["cpu:1", undefined],
  ["rocm", undefined],
])("given the device %s, when the runtime is asked for it, then as %j", (device, wanted) => {
  expect(providerOf(device)).toEqual(wanted);
});

test.each(["rocm", "cuda:99", "webgpu:1"])(
  "given the device %s, which this machine does not have, when a model is opened, then it runs on the CPU and says why",
  async (device) => {
    const [asked, plain] = [await openModelSession(model, device), await openModelSession(model)];
    expect(asked.device).toBe("cpu");
    expect(asked.fallBack).toMatch(new RegExp(`^${device} cannot be had, runs on the CPU: [^\\n]+$`));
    expect(plain.fallBack).toBeUndefined();
    const row = Float32Array.from({ length: model.signature.rowSize }, (_, i) => Math.cos(i));
    expect(await asked.run(row, 1)).toEqual(await plain.run(row, 1));
    await asked.release();
    await plain.release();
  },
);
