import { expect, test } from "vitest";
import type { MakeWorld } from "./world.ts";

export const testBlobs = (make: MakeWorld): void => {
  test("blobs: gives back the bytes, replaces, lists and deletes", async () => {
    await using world = await make();
    const blobs = world.bus.blobs("model-files");
    const bytes = Uint8Array.from({ length: 5_000_000 }, (_, i) => (i * 31 + (i >> 8)) % 251);
    expect(await blobs.get("a.onnx")).toBeUndefined();
    expect(await blobs.list()).toEqual([]);
    await blobs.put("a.onnx", bytes);
    await blobs.put("empty", new Uint8Array(0));
    const got = await (await world.connect()).blobs("model-files").get("a.onnx");
    expect(Buffer.compare(got!, bytes)).toBe(0);
    expect(await blobs.get("empty")).toEqual(new Uint8Array(0));
    await blobs.put("a.onnx", Uint8Array.of(1, 2, 3));
    expect(await blobs.get("a.onnx")).toEqual(Uint8Array.of(1, 2, 3));
    expect(await blobs.list()).toEqual(["a.onnx", "empty"]);
    await blobs.delete("a.onnx");
    await blobs.delete("none");
    expect(await blobs.get("a.onnx")).toBeUndefined();
    expect(await blobs.list()).toEqual(["empty"]);
  });
};
