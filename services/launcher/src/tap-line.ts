import { kindOf, type Kind, type PayloadOf } from "@tradewind/contracts";

interface Frame {
  /** So many messages were left out before: the reader was too slow. */
  readonly dropped?: number;
  readonly subject: string;
  readonly message: { readonly time: number; readonly data: unknown };
}

/** How a payload of each kind reads in one line; others are shown as they are. */
const readers: { readonly [K in Kind]?: (data: PayloadOf<K>) => string } = {
  candle(data) {
    switch (data.type) {
      case "candle":
      case "correction": {
        const { open, high, low, close, volume, origin } = data.candle;
        return `${data.type === "candle" ? "" : "correction "}o ${open} h ${high} l ${low} c ${close} v ${rounded(volume)}${origin === "live" ? "" : ` ${origin}`}`;
      }
      case "gap":
        return `gap from ${iso(data.from)} to ${iso(data.to)}: ${data.reason}`;
      case "end":
        return "the data ends";
    }
  },
  signal: wordText,
  prediction: wordText,
  decision: ({ action, close, score, votes, reason }) =>
    `${action} at ${close}, score ${signed(score)}: ${reason}; ${votes.map(({ source, vote, weight }) => `${source} ${vote === null ? "abstains" : signed(vote)} x ${weight.toFixed(2)}`).join(", ")}`,
  ledger: ({ n, input, events }) => `entry ${n} on ${input}: ${events.map(({ type }) => type).join(", ") || "nothing"}`,
  order: ({ side, quantity, status, leg, reason, clientId }) => `${status} ${leg} ${side} ${quantity}: ${reason} [${clientId}]`,
  fill: ({ side, quantity, price, leg, realized, clientId }) =>
    `${leg} ${side} ${quantity} at ${price}${Number(realized) === 0 ? "" : `, P/L ${signed(Number(realized))}`} [${clientId}]`,
  position: ({ quantity, entryPrice, mark, profit }) => `${quantity} from ${rounded(entryPrice)}, now ${mark}, ${signed(profit)}`,
  equity: ({ equity, currency, cash, drawdown, state }) =>
    `${equity.toFixed(2)} ${currency}, cash ${cash.toFixed(2)}, drawdown ${(100 * drawdown).toFixed(2)} %, ${state}`,
};

/** One frame of the gateway's stream as a line: market time, subject, what it says. */
export function tapLine(frame: string): string {
  let parsed: Frame;
  try {
    parsed = JSON.parse(frame) as Frame;
  } catch {
    return frame;
  }
  const { subject, message, dropped } = parsed;
  if (dropped !== undefined) return `-  ${dropped} messages were left out: too many at once`;
  const kind = kindOf(subject);
  const read = kind === undefined ? undefined : (readers[kind] as ((data: unknown) => string) | undefined);
  let text: string;
  try {
    text = read?.(message.data) ?? JSON.stringify(message.data);
  } catch {
    text = JSON.stringify(message);
  }
  return `${typeof message.time === "number" ? iso(message.time) : "-"}  ${subject}  ${text}`;
}

function wordText(word: PayloadOf<"signal">): string {
  switch (word.type) {
    case "signal":
      return `${word.signal.source} ${word.signal.action} ${word.signal.confidence.toFixed(2)}${word.signal.reason === "" ? "" : `: ${word.signal.reason}`}`;
    case "prediction":
      return `${word.prediction.source} ${signed(word.prediction.score)}, confidence ${word.prediction.confidence.toFixed(2)}`;
    case "abstention":
      return `${word.abstention.source} abstains: ${word.abstention.reason}`;
  }
}

function iso(time: number): string {
  return new Date(time).toISOString().slice(0, 19);
}

/** Without the tail of digits that float64 leaves. */
function rounded(value: number): number {
  return Number(value.toPrecision(10));
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(2)}`;
}
