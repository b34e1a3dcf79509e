import { inputFailure } from "@tradewind/core";
import type { CommandAnswer } from "../answers.ts";
import { gatewayOf, gatewayOptions } from "../client.ts";
import { exitCodes, type Arguments, type Command, type Io } from "../command.ts";
import { noMoreThan } from "../support.ts";

type Verb = "pause" | "resume" | "halt" | "close";

const summaries: Readonly<Record<Verb, string>> = {
  pause: "Stop a variant's new entries and keep its exits, until resumed",
  resume: "Let a paused or halted variant or account trade again",
  halt: "Halt a variant or an account: no new risk until a person resumes it",
  close: "Close the open positions of a variant or an account",
};

const command = (verb: Verb): Command => ({
  name: verb,
  summary: summaries[verb],
  usage: "VARIANT | --account ID | --all",
  options: {
    account: { type: "string", value: "ID", doc: "the account and every variant in it" },
    all: { type: "boolean", doc: "every variant that runs" },
    ...(verb === "close" && {
      instrument: { type: "string" as const, value: "ID", doc: "only the position in this instrument, e.g. BTC-USDT" },
    }),
    ...gatewayOptions,
  },
  details: `The account's owner answers, and records it in the ledger. Exit code 1: it was not done.${verb === "pause" ? "\nA pause is a halt of one variant: its state is HALTED until it is resumed." : ""}`,
  run: (args, io) => run(verb, args, io),
});

export const pause = command("pause");
export const resume = command("resume");
export const halt = command("halt");
export const close = command("close");

async function run(verb: Verb, args: Arguments, io: Io): Promise<number> {
  noMoreThan(args, 1);
  const [variant] = args.positionals;
  const account = args.text("account");
  const instrument = args.text("instrument");
  const chosen = [variant, account === undefined ? undefined : `--account ${account}`, args.flag("all") ? "--all" : undefined].filter(
    (one) => one !== undefined,
  );
  if (chosen.length !== 1)
    throw inputFailure(
      "ONE_TARGET",
      `tradewind ${verb} takes one of VARIANT, --account ID and --all; found ${chosen.length === 0 ? "none" : chosen.join(" and ")}`,
    );
  const answer = await gatewayOf(args, io).post<CommandAnswer>("/api/commands", {
    // A pause is of one variant; what holds for more is a halt.
    verb: verb === "pause" && variant === undefined ? "halt" : verb,
    ...(variant !== undefined && { variant }),
    ...(account !== undefined && { account }),
    ...(instrument !== undefined && { instrument }),
  });
  if (args.flag("json")) io.out(`${JSON.stringify(answer)}\n`);
  else
    for (const { account: of, ok, message } of answer.results)
      io.out(`${ok ? "" : "NOT DONE: "}${message.startsWith(of) ? message : `${of}: ${message}`}\n`);
  return answer.ok ? exitCodes.done : exitCodes.failed;
}
