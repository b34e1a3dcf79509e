import type { Loose, Subscription } from "@tradewind/bus";
import { decodeMessage, type ServiceCommand, type ServiceReply } from "@tradewind/contracts";
import { isFailure, type Command } from "@tradewind/core";
import { lineOf, type ServiceContext } from "@tradewind/kit";
import type { Desk } from "./desk.ts";

const verbs: readonly string[] = ["halt", "resume", "close"] satisfies readonly Command["verb"][];

/**
 * Answers `tw.command.execution.{verb}`: `halt`, `resume`, `close` are carried out and recorded, `account` gives the
 * account's view. Only the instance that works the account named (or that of the variant named) answers; without
 * either, each answers for all it works.
 */
export function answerCommands(context: ServiceContext, desks: ReadonlyMap<string, Desk>): Subscription {
  return context.bus.respond("tw.command.execution.*", async ({ subject, data }: Loose) => {
    const decoded = decodeMessage("command", data);
    if (!decoded.ok) return JSON.stringify({ ok: false, message: decoded.problem } satisfies ServiceReply);
    const command = decoded.envelope.data;
    const concerned = [...desks].filter(([account, desk]) => concerns(command, account, desk));
    if (concerned.length === 0) return undefined;
    return JSON.stringify(await answer(subject.split(".")[3]!, command, new Map(concerned)));
  });
}

function concerns(command: ServiceCommand, account: string, desk: Desk): boolean {
  if (command.account !== undefined && command.account !== account) return false;
  return command.variant === undefined || desk.variants.includes(command.variant);
}

async function answer(verb: string, command: ServiceCommand, desks: ReadonlyMap<string, Desk>): Promise<ServiceReply> {
  if (verb === "account") return { ok: true, message: "", data: [...desks.values()].map((desk) => desk.view()) };
  if (!verbs.includes(verb)) return { ok: false, message: `execution knows no "${verb}"; it takes ${verbs.join(", ")} and account` };
  const { by, variant, instrument } = command;
  const order: Command = {
    verb: verb as Command["verb"],
    by,
    ...(variant !== undefined && { variant }),
    ...(instrument !== undefined && { instrument }),
  };
  try {
    const done = await Promise.all([...desks.values()].map((desk) => desk.command(order)));
    return { ok: true, message: done.join("; ") };
  } catch (error) {
    return { ok: false, message: isFailure(error) ? error.message : lineOf(error) };
  }
}
