import { readFileSync } from "node:fs";
import type { Finished } from "@tradewind/trainer";
import { gatewayOf } from "../client.ts";
import type { Arguments, Io } from "../command.ts";

export const registerStates = ["candidate", "shadow", "champion"] as const;
export type RegisterState = (typeof registerStates)[number];

interface Registered {
  readonly message: string;
}

/** Registers a finished model with the running system. Throws what the gateway refuses it with. */
export async function registerModel({ result, files }: Finished, state: RegisterState, args: Arguments, io: Io): Promise<Registered> {
  const gateway = gatewayOf(args, io);
  return gateway.post<Registered>("/api/models", {
    id: result.name,
    state,
    file: readFileSync(files.model).toString("base64"),
    card: readFileSync(files.card, "utf8"),
  });
}

/** The command that registers it later. */
export function registerHint({ result }: Finished, file: string): string {
  return `\n  to register it where a system runs: tradewind models add ${file} --id ${result.name} --state shadow\n`;
}
