import { readFileSync } from "node:fs";
import type { Finished } from "@tradewind/trainer";
import type { ModelChanged } from "../answers.ts";
import { gatewayOf } from "../client.ts";
import type { Arguments, Io } from "../command.ts";
import { uploadModel, uploadStates, type UploadState } from "../models/upload.ts";

export { uploadStates as registerStates };

/** Registers a finished model with the running system. Throws what the gateway refuses it with. */
export function registerModel({ result, files }: Finished, state: UploadState, args: Arguments, io: Io): Promise<ModelChanged> {
  return uploadModel(gatewayOf(args, io), { id: result.name, state, file: readFileSync(files.model), card: readFileSync(files.card) });
}

/** The command that registers it later. */
export function registerHint({ result }: Finished, file: string): string {
  return `\n  to register it where a system runs: tradewind models add ${file} --name ${result.name} --state shadow\n`;
}
