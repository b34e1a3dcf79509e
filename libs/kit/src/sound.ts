import type { Kind, MemberWord, PayloadOf } from "@tradewind/contracts";
import type { ServiceContext } from "./context.ts";

/** On the wall clock nothing is dated further ahead of the market than this. */
const AHEAD_MOST_MS = 86_400_000;
/** No price or volume of a market is that large; fixed-point money ends not far beyond. */
const MOST = 1e15;

/**
 * Why a message of the right shape still cannot be true, in one line; undefined when it can. Whoever may write to the
 * log may write such a thing, and one of it must not stop an account, or keep a stage waiting for a time that never comes.
 */
export function unsound<K extends Kind>(
  { clock, run }: Pick<ServiceContext, "clock" | "run">,
  kind: K,
  subject: string,
  data: PayloadOf<K>,
): string | undefined {
  const newest = run.clock === "wall" ? clock.now() + AHEAD_MOST_MS : Infinity;
  const tokens = subject.split(".");
  switch (kind) {
    case "candle":
      return marketProblem(data as PayloadOf<"candle">, tokens, newest);
    case "decision":
      return decisionProblem(data as PayloadOf<"decision">, tokens, newest);
    case "signal":
      return wordProblem(data as MemberWord, tokens[3], newest);
    case "prediction":
      return wordProblem(data as MemberWord, tokens[4], newest);
    default:
      return undefined;
  }
}

function marketProblem(event: PayloadOf<"candle">, [, , , instrument, timeframe]: readonly string[], newest: number): string | undefined {
  const about = event.type === "candle" || event.type === "correction" ? event.candle : event;
  if (about.instrument !== instrument || about.timeframe !== timeframe) return `it is about ${about.instrument} ${about.timeframe}`;
  if (event.type === "end") return undefined;
  if (event.type === "gap") return event.from < event.to ? tooNew(event.to, newest) : `a gap from ${event.from} to ${event.to}`;
  const { openTime, closeTime, open, high, low, close, volume } = event.candle;
  if (!(openTime < closeTime)) return `it opens at ${openTime} and closes at ${closeTime}`;
  if (!(low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close) && high < MOST && volume >= 0 && volume < MOST))
    return `no candle has open ${open}, high ${high}, low ${low}, close ${close}, volume ${volume}`;
  return tooNew(closeTime, newest);
}

function decisionProblem(
  decision: PayloadOf<"decision">,
  [, , variant, instrument]: readonly string[],
  newest: number,
): string | undefined {
  const { closeTime, validUntil, close, stop, target } = decision;
  if (decision.variant !== variant || decision.instrument !== instrument) return `it is about ${decision.variant} ${decision.instrument}`;
  if (validUntil < closeTime) return `it is made at ${closeTime} and valid until ${validUntil}`;
  for (const price of [close, stop ?? close, target ?? close]) if (!(price > 0 && price < MOST)) return `${price} is no price`;
  return tooNew(closeTime, newest);
}

function wordProblem(word: MemberWord, instrument: string | undefined, newest: number): string | undefined {
  const about = word.type === "signal" ? word.signal : word.type === "prediction" ? word.prediction : word.abstention;
  return about.instrument === instrument ? tooNew(about.closeTime, newest) : `it is about ${about.instrument}`;
}

function tooNew(time: number, newest: number): string | undefined {
  return time <= newest ? undefined : `it is dated ${new Date(Math.min(time, 8.64e15)).toISOString()}, and it is not even the day before`;
}
