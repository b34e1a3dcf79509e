import type { CandleColumns } from "@tradewind/core";

export interface BareResult {
  readonly trades: number;
  readonly cash: number;
  readonly equity: Float64Array;
}

export interface BareRules {
  readonly fast: number;
  readonly slow: number;
  readonly quantity: number;
  readonly stopLossPct: number;
  readonly takeProfitPct: number;
  readonly startingBalance: number;
}

const TAKER_FEE = 0.0005;
const MAKER_FEE = 0.0002;

/** What the loop remembers between candles. */
interface Book {
  cash: number;
  /** Signed quantity and the price it was opened at. */
  held: number;
  entry: number;
  stop: number;
  target: number;
  trades: number;
}

function close(book: Book, price: number, feeRate: number): void {
  book.cash += book.held * (price - book.entry) - Math.abs(book.held) * price * feeRate;
  book.held = 0;
  book.trades += 1;
}

/**
 * The same rules written as a loop over Float64Array columns and nothing else: the least that the idea costs.
 * Two averages, crossing, entry at the next open, stop before target, fees, an equity curve. No decisions, no orders,
 * no ledger, no risk.
 */
export function bareLoop(columns: CandleColumns, rules: BareRules): BareResult {
  const { open, high, low, close: closes, length } = columns;
  const equity = new Float64Array(length);
  const book: Book = { cash: rules.startingBalance, held: 0, entry: 0, stop: 0, target: 0, trades: 0 };
  const cents = (price: number) => Math.round(price * 100) / 100;
  const fastWeight = 2 / (rules.fast + 1);
  const slowWeight = 2 / (rules.slow + 1);
  let fast = 0;
  let slow = 0;
  let gap = Number.NaN;
  let wanted = 0;
  let signalClose = 0;
  for (let i = 0; i < length; i++) {
    const first = open[i]!;
    const last = closes[i]!;
    if (wanted !== 0) {
      if (book.held * wanted < 0) close(book, first, TAKER_FEE);
      if (book.held === 0) {
        book.held = wanted * rules.quantity;
        book.entry = first;
        book.cash -= rules.quantity * first * TAKER_FEE;
        book.stop = cents(signalClose * (1 - (wanted * rules.stopLossPct) / 100));
        book.target = cents(signalClose * (1 + (wanted * rules.takeProfitPct) / 100));
      }
      wanted = 0;
    }
    if (book.held > 0) {
      if (low[i]! <= book.stop) close(book, Math.min(first, book.stop), TAKER_FEE);
      else if (high[i]! >= book.target) close(book, Math.max(first, book.target), MAKER_FEE);
    } else if (book.held < 0) {
      if (high[i]! >= book.stop) close(book, Math.max(first, book.stop), TAKER_FEE);
      else if (low[i]! <= book.target) close(book, Math.min(first, book.target), MAKER_FEE);
    }
    equity[i] = book.cash + book.held * (last - book.entry);
    fast = i < rules.fast ? fast + last / rules.fast : fast + (last - fast) * fastWeight;
    slow = i < rules.slow ? slow + last / rules.slow : slow + (last - slow) * slowWeight;
    if (i < rules.slow - 1) continue;
    const before = gap;
    gap = fast - slow;
    if (before <= 0 && gap > 0) wanted = 1;
    else if (before >= 0 && gap < 0) wanted = -1;
    signalClose = last;
  }
  if (book.held !== 0) close(book, closes[length - 1]!, TAKER_FEE);
  if (length > 0) equity[length - 1] = book.cash;
  return { trades: book.trades, cash: book.cash, equity };
}
