import { resolveInstrument } from "@tradewind/config";
import { assetClasses, inputFailure } from "@tradewind/core";
import type { VariantAnswer, WhyAnswer } from "../answers.ts";
import { gatewayOf, gatewayOptions, type Gateway } from "../client.ts";
import { exitCodes, type Arguments, type Command } from "../command.ts";
import { noMoreThan, parseTime } from "../support.ts";

export const why: Command = {
  name: "why",
  summary: "Tell why an order was made, or why there was no trade at a time",
  usage: "ORDER | --variant ID [--symbol S] [--at TIME]",
  options: {
    variant: { type: "string", value: "ID", doc: "whose decision" },
    symbol: { type: "string", value: "S", doc: "on which instrument, by symbol or id; all of the variant's where left out" },
    at: { type: "string", value: "TIME", doc: "market time, e.g. 2026-01-05T14:31; the last close where left out" },
    ...gatewayOptions,
  },
  details: `ORDER is a client order id (32 hex digits), as tap shows it with orders and fills.
Walks from the candle over signals, weights, decision and risk to order and fills, or tells why there was no trade.`,
  async run(args, io) {
    noMoreThan(args, 1);
    const question = questionOf(args);
    const gateway = gatewayOf(args, io);
    const answer = await gateway.get<WhyAnswer>("/api/why", await withInstrument(gateway, question));
    io.out(args.flag("json") ? `${JSON.stringify(answer)}\n` : `${answer.text.trimEnd()}\n`);
    return exitCodes.done;
  },
};

interface Question {
  readonly order?: string;
  readonly variant?: string;
  readonly instrument?: string;
  readonly at?: string;
}

function questionOf(args: Arguments): Question {
  const order = args.positionals[0];
  const variant = args.text("variant");
  const instrument = args.text("symbol");
  const at = parseTime(args.text("at"), "at");
  if (order !== undefined) {
    if (variant !== undefined || at !== undefined || instrument !== undefined)
      throw inputFailure("TWO_QUESTIONS", `"${order}" and --variant, --symbol, --at are two questions; ask one`);
    return { order };
  }
  if (variant === undefined)
    throw inputFailure(
      "MISSING_ARGUMENT",
      "name an order, or a variant and a time: tradewind why ORDER, or tradewind why --variant ID --at TIME",
    );
  return { variant, ...(instrument !== undefined && { instrument }), ...(at !== undefined && { at: new Date(at).toISOString() }) };
}

/** A symbol as people write it becomes the id on the bus. */
async function withInstrument(gateway: Gateway, { instrument, ...rest }: Question): Promise<Readonly<Record<string, string>>> {
  if (instrument === undefined || /^[A-Za-z0-9_-]+$/.test(instrument)) return { ...rest, ...(instrument !== undefined && { instrument }) };
  const variant = (await gateway.get<readonly VariantAnswer[]>("/api/variants")).find(({ id }) => id === rest.variant);
  const assetClass = assetClasses.find((name) => name === variant?.assetClass);
  if (variant?.broker === undefined || assetClass === undefined)
    throw inputFailure("UNKNOWN_VARIANT", `no variant "${rest.variant}" that compiles; "tradewind variants list" shows them`);
  return { ...rest, instrument: resolveInstrument(variant.broker, assetClass, instrument).id };
}
