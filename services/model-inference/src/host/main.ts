import { isFailure } from "@tradewind/core/errors";
import { loadRuntime, openModelSession, type ModelSession } from "@tradewind/onnx/session";
import type { FromHost, ToHost } from "./protocol.ts";

/**
 * The process of one model: whatever its arithmetic does to memory or crashes, it does here. It loads as few modules as
 * can be, since each of them is paid for once per model.
 */

const NOTHING = new Float32Array(0);
const SWEEP_BYTES = 2 * 2 ** 20;
const SWEEPS_PER_FULL = 8;
let garbage = 0;
let sweeps = 0;
let session: ModelSession | undefined;

function send(message: FromHost): void {
  // The service may have gone; then `disconnect` ends this process.
  process.send?.(message, undefined, undefined, () => undefined);
}

function wordsOf(error: unknown): { code: string; message: string } {
  return isFailure(error)
    ? { code: error.code, message: error.message }
    : { code: "MODEL_RUN", message: error instanceof Error ? error.message : String(error) };
}

/** Matrices come in buffers outside V8's heap, which it does not hurry to free; here they are the larger part. */
function sweep(bytes: number): void {
  garbage += bytes;
  if (garbage < SWEEP_BYTES) return;
  garbage = 0;
  sweeps += 1;
  // What has outlived a few of the small ones is taken by the large one.
  if (sweeps % SWEEPS_PER_FULL === 0) globalThis.gc?.();
  else globalThis.gc?.({ type: "minor" });
}

async function receive(message: ToHost): Promise<void> {
  switch (message.type) {
    case "load":
      try {
        session = await openModelSession(message, message.device);
        send({ type: "loaded", device: session.device, fallBack: session.fallBack });
      } catch (error) {
        send({ type: "refused", ...wordsOf(error) });
      }
      return;
    case "run":
      try {
        send({ type: "done", id: message.id, probabilities: await session!.run(message.matrices, message.rows) });
      } catch (error) {
        send({ type: "failed", id: message.id, ...wordsOf(error) });
      }
      sweep(message.matrices.byteLength);
      return;
    case "settle":
      // What the file came in is garbage now.
      globalThis.gc?.();
      send({ type: "done", id: message.id, probabilities: NOTHING });
      return;
    case "release":
      await session?.release();
      process.disconnect();
  }
}

process.title = "tradewind model host";
process.on("message", (message: ToHost) => void receive(message));
process.on("disconnect", () => process.exit(0));
// The service ends this process; a terminal's Ctrl-C reaches the whole group at once.
process.on("SIGINT", () => undefined);
await loadRuntime();
send({ type: "up" });
