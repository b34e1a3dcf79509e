const money = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const amount = new Intl.NumberFormat("en", { maximumSignificantDigits: 7 });

export const asMoney = (value) => (Math.abs(value) >= 1e7 ? whole.format(value) : money.format(value));
/** Decimal text of any length, short enough to read. */
export const asAmount = (text) => amount.format(Number(text));

const signOf = (value) => (value > 0 ? "+" : value < 0 ? "−" : "");
export const asSigned = (value) => `${signOf(value)}${asMoney(Math.abs(value))}`;
export const asPercent = (value, digits = 2) => `${signOf(value)}${Math.abs(value).toFixed(digits)} %`;
export const toneOf = (value) => (value > 0 ? "up" : value < 0 ? "down" : "flat");
/** Not by colour alone. */
export const arrowOf = (value) => (value > 0 ? "▲" : value < 0 ? "▼" : "■");

const iso = (time) => new Date(time).toISOString();
export const asDate = (time) => iso(time).slice(0, 10);
export const asClock = (time) => iso(time).slice(11, 19);
export const asTime = (time) => `${asDate(time)} ${asClock(time)}`;

/** How long ago or how long, in one unit. */
export function asSpan(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  return s < 86_400 ? `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min` : `${Math.floor(s / 86_400)} d`;
}
