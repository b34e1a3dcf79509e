import { setImmediate } from "node:timers/promises";
import type { Bus } from "@tradewind/bus";
import type { InspectedModel } from "@tradewind/onnx";
import type { ServedModel } from "@tradewind/contracts";
import { bytesOfMib } from "./budget/mib.ts";
import type { ModelFile } from "./host/start-serving.ts";
import { bytesOf, fileOf } from "./registration.ts";

/** The files of registered models, from the blobs. */
export interface ModelFiles {
  /** Reads and checks it. Throws as `fileOf`. */
  of(model: Pick<ServedModel, "id" | "sha256">): Promise<ModelFile>;
}

/** Kept at hand, so that a host that was killed is replaced without the bus. */
const KEPT_MOST_BYTES = bytesOfMib(64);
const KNOWN_MOST = 500;

function done(): void {}

export function modelFiles(bus: Bus): ModelFiles {
  const kept = new Map<string, Uint8Array>();
  /** What files say of themselves: without their bytes. */
  const known = new Map<string, ModelFile>();
  let last: Promise<void> = Promise.resolve();

  function keep(sha256: string, bytes: Uint8Array): void {
    kept.delete(sha256);
    kept.set(sha256, bytes);
    let total = [...kept.values()].reduce((sum, { length }) => sum + length, 0);
    for (const [oldest, { length }] of kept) {
      if (total <= KEPT_MOST_BYTES) break;
      kept.delete(oldest);
      total -= length;
    }
  }

  /** One at a time, and whatever else is due in between: a large file keeps this thread busy for a while. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(() => setImmediate()).then(work);
    last = result.then(done, done);
    return result;
  }

  async function learn(model: Pick<ServedModel, "id" | "sha256">): Promise<ModelFile> {
    const before = known.get(model.sha256);
    if (before !== undefined) return before;
    const file = await fileOf(bus, model);
    keep(file.sha256, file.bytes);
    const read = async (): Promise<Uint8Array> => {
      const bytes = kept.get(model.sha256) ?? (await inTurn(() => bytesOf(bus, model)));
      keep(model.sha256, bytes);
      return bytes;
    };
    const found = { ...inMemory(file), read };
    known.set(model.sha256, found);
    if (known.size > KNOWN_MOST) known.delete(known.keys().next().value!);
    return found;
  }

  return {
    of: async (model) => known.get(model.sha256) ?? inTurn(() => learn(model)),
  };
}

/** A file that is in memory already. */
export function inMemory({ sha256, signature, metadata, bytes }: InspectedModel): ModelFile {
  return { sha256, signature, golden: metadata.golden, size: bytes.length, read: () => Promise.resolve(bytes) };
}
