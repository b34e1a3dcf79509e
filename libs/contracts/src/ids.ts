import type { Candle, Decision } from "@tradewind/core";
import type { MarketEvent, MemberWord } from "./payloads.ts";

/** Ids are functions of what a message says: a second instance that says the same is dropped as a duplicate. */
export const messageId = {
  market(venue: string, event: MarketEvent): string {
    switch (event.type) {
      case "candle":
      case "correction":
        return candleId(venue, event.candle);
      case "gap":
        return `g/${venue}/${event.instrument}/${event.timeframe}/${event.from}-${event.to}`;
      case "end":
        return `e/${venue}/${event.instrument}/${event.timeframe}/${event.time}`;
    }
  },
  signal(variant: string, word: MemberWord): string {
    const { source, instrument, closeTime } = content(word);
    return `s/${variant}/${instrument}/${source}/${closeTime}`;
  },
  prediction(model: string, venue: string, word: MemberWord): string {
    const { instrument, closeTime } = content(word);
    return `p/${model}/${venue}/${instrument}/${closeTime}`;
  },
  decision: (decision: Pick<Decision, "variant" | "instrument" | "closeTime">): string =>
    `d/${decision.variant}/${decision.instrument}/${decision.closeTime}`,
  feature: (venue: string, instrument: string, schema8: string, closeTime: number): string =>
    `f/${venue}/${instrument}/${schema8}/${closeTime}`,
};

function candleId(venue: string, { instrument, timeframe, openTime, revision }: Candle): string {
  return `c/${venue}/${instrument}/${timeframe}/${openTime}/${revision}`;
}

/** What a word is about, whatever its type. */
export function content(word: MemberWord): { readonly source: string; readonly instrument: string; readonly closeTime: number } {
  switch (word.type) {
    case "signal":
      return word.signal;
    case "prediction":
      return word.prediction;
    case "abstention":
      return word.abstention;
  }
}
