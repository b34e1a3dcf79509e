/** Open and close may lie outside [low, high] by this share: sources that adjust prices leave such float noise. */
const NOISE = 1e-9;

/**
 * What is wrong with the numbers of a candle, with the offending value, or undefined: prices are above zero and
 * finite, low <= open, close <= high, volume is not negative.
 */
export function ohlcvProblem(open: number, high: number, low: number, close: number, volume: number): string | undefined {
  const top = high * (1 + NOISE);
  const bottom = low * (1 - NOISE);
  if (
    low > 0 &&
    high < Infinity &&
    open <= top &&
    close <= top &&
    open >= bottom &&
    close >= bottom &&
    volume >= 0 &&
    volume < Infinity &&
    high >= low
  )
    return undefined;
  for (const [name, price] of Object.entries({ open, high, low, close })) {
    if (!Number.isFinite(price)) return `${name} ${price} is not a finite number`;
    if (price <= 0) return `${name} ${price} is not above zero`;
  }
  if (!Number.isFinite(volume)) return `volume ${volume} is not a finite number`;
  if (volume < 0) return `volume ${volume} is negative`;
  if (high < low) return `high ${high} is below low ${low}`;
  return open > top || open < bottom
    ? `open ${open} is outside low ${low} to high ${high}`
    : `close ${close} is outside low ${low} to high ${high}`;
}
