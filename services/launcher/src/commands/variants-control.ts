import type { ChangeAnswer } from "../answers.ts";
import { gatewayOf, gatewayOptions } from "../client.ts";
import { exitCodes, type Arguments, type Command, type Io } from "../command.ts";
import { noMoreThan, required } from "../support.ts";

export const variantsStart: Command = {
  name: "variants start",
  summary: "Start a variant, or start it anew from its changed file, while everything runs",
  usage: "ID",
  options: gatewayOptions,
  details: "ID is the name of a file in the system's variants/ folder, without .json.",
  run: (args, io) => change(args, io, "start"),
};

export const variantsStop: Command = {
  name: "variants stop",
  summary: "Stop a variant while everything runs; its account and positions stay",
  usage: "ID",
  options: gatewayOptions,
  details: "Its open positions stay open and are exited by no one; to flatten it first: tradewind close ID.",
  run: (args, io) => change(args, io, "stop"),
};

async function change(args: Arguments, io: Io, verb: "start" | "stop"): Promise<number> {
  const id = required(args, 0, "the variant's id", `for example: tradewind variants ${verb} sim_btc_momentum`);
  noMoreThan(args, 1);
  const gateway = gatewayOf(args, io);
  const answer = await gateway.post<ChangeAnswer>(`/api/variants/${encodeURIComponent(id)}/${verb}`, {});
  if (args.flag("json")) io.out(`${JSON.stringify(answer)}\n`);
  else io.out(`${answer.message}\n`);
  return exitCodes.done;
}
