import { createHash } from "node:crypto";
import { inputFailure, isFailure } from "@tradewind/core";
import { checkModelId } from "@tradewind/kit";
import { propertiesOf, withMetadata } from "@tradewind/onnx";
import type { ModelChanged } from "../answers.ts";
import type { Gateway } from "../client.ts";

export const uploadStates = ["candidate", "shadow", "champion"] as const;
export type UploadState = (typeof uploadStates)[number];

export interface ModelUpload {
  readonly id: string;
  readonly file: Uint8Array;
  readonly state: UploadState;
  /** Of a file that says nothing of itself, as `propertiesOf` reads it. */
  readonly metadata?: unknown;
  /** An HTML page about it. */
  readonly card?: Uint8Array;
}

/** Registers a model with the running system, its card beside it. Throws what the gateway refuses it with. */
export async function uploadModel(gateway: Gateway, { id, file, state, metadata, card }: ModelUpload): Promise<ModelChanged> {
  const path = `/api/models/${checkModelId(id)}`;
  const whole = metadata === undefined ? file : withMetadata(file, propertiesOf(metadata, `model ${id}`));
  const changed = await gateway.put<ModelChanged>(path, { state }, whole, "application/octet-stream").catch((error: unknown) => {
    if (!isFailure(error) || error.code !== "BODY_TOO_LARGE") throw error;
    const mib = Math.ceil(whole.length / 1_048_576);
    throw inputFailure(
      "MODEL_TOO_LARGE",
      `the file of model ${id} has ${mib} MiB; ${error.message}: make it smaller, or raise inference.per_model_limit_mb where the gateway runs`,
    );
  });
  const version = createHash("sha256").update(whole).digest("hex");
  if (card !== undefined) await gateway.put(`${path}/card`, { version }, card, "text/html");
  return changed;
}

export function stateOf(text: string | undefined): UploadState {
  const found = uploadStates.find((state) => state === (text ?? "candidate"));
  if (found === undefined) throw inputFailure("BAD_STATE", `--state "${text}" is not one of ${uploadStates.join(", ")}`);
  return found;
}
