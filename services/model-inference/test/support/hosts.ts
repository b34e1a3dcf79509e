import { join } from "node:path";
import type { InspectedModel } from "@tradewind/onnx";
import { tempDir } from "@tradewind/testkit";
import { createBook } from "../../src/budget/book.ts";
import { createEstimates } from "../../src/budget/estimates.ts";
import { createMemory, type MemoryOptions } from "../../src/budget/memory.ts";
import { bytesOfMib } from "../../src/budget/mib.ts";
import { inMemory } from "../../src/files.ts";
import { createModelHost, type ModelHost, type ModelHostOptions } from "../../src/host/model-host.ts";

export const codeCache = join(tempDir(), "code");

export function memoryOf(limitMb: number, options: Partial<MemoryOptions> = {}) {
  const book = createBook(bytesOfMib(limitMb));
  return { book, memory: createMemory({ book, ...options }) };
}

let hosts = 0;

/** A host with room for itself, unless it is told otherwise. */
export function hostOf(model: InspectedModel, options: Partial<ModelHostOptions> = {}): ModelHost {
  return createModelHost({
    key: `host ${++hosts}`,
    file: inMemory(model),
    name: "the model",
    device: "cpu",
    maxRows: 1,
    hungMs: 30_000,
    limitBytes: () => bytesOfMib(2_048),
    memory: memoryOf(8_192).memory,
    estimates: createEstimates(),
    codeCache,
    rank: "champion",
    pinned: false,
    attempts: 2,
    waitMs: 0,
    callers: () => 1,
    idleMs: 600_000,
    quarantineMs: 60_000,
    ...options,
  });
}
