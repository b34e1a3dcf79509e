import type { ServiceCommand, ServiceReply } from "@tradewind/contracts";
import { inputFailure } from "@tradewind/core";

/** What comes of a command; undefined leaves the answer to another instance. */
export type Verb = (command: ServiceCommand) => Promise<Pick<ServiceReply, "message" | "data"> | undefined>;

/** The model that a command is about. Throws `COMMAND_INCOMPLETE`. */
export function idOf({ model }: ServiceCommand): string {
  if (model === undefined || model === "") throw incomplete("model");
  return model;
}

/** A parameter that is text; undefined when it was left out. Throws `COMMAND_INCOMPLETE`. */
export function textOf({ parameters }: ServiceCommand, name: string): string | undefined {
  const value = parameters?.[name];
  if (value === undefined || typeof value === "string") return value;
  throw inputFailure("COMMAND_INCOMPLETE", `${name} ${JSON.stringify(value)} is no text`);
}

export function incomplete(what: string): Error {
  return inputFailure("COMMAND_INCOMPLETE", `name the ${what}`);
}
