import { expect, test } from "vitest";
import { netFamilies } from "@tradewind/onnx";
import { families } from "../src/learners/registry.ts";

test("given every kind of net there is, when it is looked up, then it can be trained with all of its sizes as settings", () => {
  for (const [name, net] of Object.entries(netFamilies)) {
    expect(families[name]?.doc).toBe(net.doc);
    expect(Object.keys(families[name]!.settings)).toEqual(expect.arrayContaining(Object.keys(net.settings)));
  }
});
