import { inputFailure } from "@tradewind/core";
import type { WhyAnswer } from "../answers.ts";
import { gatewayOf, gatewayOptions } from "../client.ts";
import { exitCodes, type Arguments, type Command } from "../command.ts";
import { noMoreThan, parseTime } from "../support.ts";

export const why: Command = {
  name: "why",
  summary: "Tell why an order was made, or why there was no trade at a time",
  usage: "ORDER | --variant ID --symbol S --at TIME",
  options: {
    variant: { type: "string", value: "ID", doc: "whose decision" },
    symbol: { type: "string", value: "S", doc: "on which instrument: its id or its symbol; needed where the variant has several" },
    at: { type: "string", value: "TIME", doc: "market time: the close that was decided last at it, e.g. 2026-01-05T14:31" },
    ...gatewayOptions,
  },
  details: "ORDER is a client order id (32 hex digits) or its beginning, as fills and orders show it.\nWalks from the candle over signals, weights, decision and risk to order and fills.",
  async run(args, io) {
    noMoreThan(args, 1);
    const query = questionOf(args);
    const answer = await gatewayOf(args, io).get<WhyAnswer>("/api/why", query);
    io.out(args.flag("json") ? `${JSON.stringify(answer)}\n` : `${answer.text.trimEnd()}\n`);
    return exitCodes.done;
  },
};

function questionOf(args: Arguments): Record<string, string | undefined> {
  const order = args.positionals[0];
  const variant = args.text("variant");
  const at = parseTime(args.text("at"), "at");
  if (order !== undefined) {
    if (variant !== undefined || at !== undefined || args.text("symbol") !== undefined)
      throw inputFailure("TWO_QUESTIONS", `"${order}" and --variant, --symbol, --at are two questions; ask one`);
    return { order };
  }
  if (variant === undefined || at === undefined)
    throw inputFailure("MISSING_ARGUMENT", "name an order, or a variant and a time: tradewind why ORDER, or tradewind why --variant ID --at TIME");
  return { variant, instrument: args.text("symbol"), at: new Date(at).toISOString() };
}
