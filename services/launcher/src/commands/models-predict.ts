import { isFailure, assetClasses, inputFailure } from "@tradewind/core";
import { resolveInstrument } from "@tradewind/config";
import type { VariantAnswer } from "../answers.ts";
import { gatewayOf, gatewayOptions, type Gateway } from "../client.ts";
import { exitCodes, type Command } from "../command.ts";
import { noMoreThan, required, show } from "../support.ts";

export const modelsPredict: Command = {
  name: "models predict",
  summary: "Ask a model what it says of an instrument's latest close",
  usage: "ID --symbol S",
  options: {
    symbol: { type: "string", value: "S", doc: "by symbol or id, of a variant that runs" },
    venue: { type: "string", value: "BROKER", doc: "where several have it" },
    timeframe: { type: "string", value: "T", doc: "the model's own where left out" },
    ...gatewayOptions,
  },
  details: "A shadow is asked by the name it speaks under: ID--SHA8.",
  async run(args, io) {
    const id = required(args, 0, "the model", 'list them with "tradewind models list"');
    noMoreThan(args, 1);
    const symbol = args.text("symbol");
    if (symbol === undefined) throw inputFailure("MISSING_FLAG", "--symbol says of what; give one that a running variant trades");
    const gateway = gatewayOf(args, io);
    const timeframe = args.text("timeframe");
    const place = await placeOf(gateway, symbol, args.text("venue"));
    const said = await gateway.post<Said>(`/api/models/${encodeURIComponent(id)}/predict`, {
      ...place,
      ...(timeframe !== undefined && { timeframe }),
    });
    io.out(args.flag("json") ? `${JSON.stringify(said)}\n` : sayings(said));
    return exitCodes.done;
  },
};

interface Place {
  readonly venue: string;
  readonly instrument: string;
}

/** The venue and instrument that are meant: those of a running variant. */
async function placeOf(gateway: Gateway, symbol: string, venue: string | undefined): Promise<Place> {
  const variants = await gateway.get<readonly VariantAnswer[]>("/api/variants");
  const places = variants.flatMap((variant) => placesIn(variant, symbol)).filter((place) => venue === undefined || place.venue === venue);
  const different = [...new Map(places.map((place) => [`${place.venue}/${place.instrument}`, place])).values()];
  if (different.length === 1) return different[0]!;
  const there = [...new Set(variants.flatMap(({ enabled, instruments }) => (enabled ? (instruments ?? []) : [])))].join(", ");
  throw inputFailure(
    "UNKNOWN_SYMBOL",
    different.length === 0
      ? `no running variant trades "${symbol}"${venue === undefined ? "" : ` at ${venue}`}; there are ${there || "none"}`
      : `"${symbol}" is traded at ${different.map((place) => place.venue).join(" and ")}; name one with --venue`,
  );
}

function placesIn({ enabled, broker, assetClass, instruments = [] }: VariantAnswer, symbol: string): Place[] {
  const known = assetClasses.find((name) => name === assetClass);
  if (!enabled || broker === undefined || known === undefined) return [];
  const instrument = instruments.includes(symbol) ? symbol : idOf(broker, known, symbol);
  return instrument !== undefined && instruments.includes(instrument) ? [{ venue: broker, instrument }] : [];
}

/** What is no symbol of a broker is another one's. */
function idOf(broker: string, assetClass: (typeof assetClasses)[number], symbol: string): string | undefined {
  try {
    return resolveInstrument(broker, assetClass, symbol).id;
  } catch (error) {
    if (!isFailure(error)) throw error;
    return undefined;
  }
}

/** What a model says of one close. */
interface Said {
  readonly version: string;
  /** Market time, ms. */
  readonly closeTime?: number;
  readonly rows: readonly {
    readonly score: number;
    readonly confidence: number;
    readonly probabilities: Readonly<Record<string, number>>;
  }[];
}

function sayings({ version, closeTime, rows }: Said): string {
  const of = closeTime === undefined ? "" : `${new Date(closeTime).toISOString().replace(/\.\d+Z$/, "Z")}  `;
  return rows
    .map(({ score, confidence, probabilities }) => {
      const shares = Object.entries(probabilities).map(([label, share]) => `${label} ${show(share, 4)}`);
      return `${of}${shares.join(", ")}; score ${show(score, 4)}, confidence ${show(confidence, 4)} (version ${version.slice(0, 8)})\n`;
    })
    .join("");
}
