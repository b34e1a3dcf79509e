import { join } from "node:path";
import type { InspectedModel } from "@tradewind/onnx";
import { tempDir } from "@tradewind/testkit";
import { createBook } from "../../src/budget/book.ts";
import { Memory, type MemoryOptions } from "../../src/budget/memory.ts";
import { bytesOfMib } from "../../src/budget/mib.ts";
import type { ModelHost, ModelHostOptions } from "../../src/host/model-host.ts";
import { trialHost } from "../../src/host/trial-host.ts";

const codeCache = join(tempDir(), "code");

export function memoryOf(limitMb: number, options: Partial<MemoryOptions> = {}) {
  const book = createBook(bytesOfMib(limitMb));
  return { book, memory: new Memory({ book, ...options }) };
}

let hosts = 0;

/** A host with room for itself, unless it is told otherwise. */
export function hostOf(model: InspectedModel, over: Partial<ModelHostOptions> = {}): ModelHost {
  return trialHost(model, { maxRows: 1, callers: 1, codeCache }, { key: `host ${++hosts}`, waitMs: 0, ...over });
}
