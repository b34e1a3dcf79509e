const MINUS = "\u2212";
/** What an undefined figure looks like. */
export const NONE = "\u2013";

/** Thousands separated, fixed decimals, a real minus sign. The same on every machine, unlike a locale's. */
export function fixed(x: number, decimals: number): string {
  const [whole, fraction] = Math.abs(x).toFixed(decimals).split(".") as [string, string?];
  const body = whole.replace(/\B(?=(\d{3})+$)/g, ",") + (fraction ? `.${fraction}` : "");
  return x < 0 && /[1-9]/.test(body) ? MINUS + body : body;
}

/** An amount: two decimals from 1 on, else up to six significant digits (accounts in coins). */
export function money(x: number | null): string {
  if (x === null) return NONE;
  const size = Math.abs(x);
  return fixed(x, size === 0 || size >= 1 ? 2 : Math.min(12, 5 - Math.floor(Math.log10(size))));
}

/** A price or quantity to seven significant digits, without trailing zeros. */
export function quantity(x: number): string {
  const size = Math.abs(x);
  const decimals = size === 0 ? 0 : Math.max(0, Math.min(12, 6 - Math.floor(Math.log10(size))));
  const text = fixed(x, decimals);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** "12.34 %". */
export function percent(x: number | null, decimals = 2): string {
  return x === null ? NONE : `${fixed(x, decimals)}\u00a0%`;
}

/** "+12.34 %"; the sign carries what colour alone may not. */
export function signedPercent(x: number | null, decimals = 2): string {
  return x === null ? NONE : (Number(x.toFixed(decimals)) > 0 ? "+" : "") + percent(x, decimals);
}

/** "+1,234.50". */
export function signedMoney(x: number | null): string {
  return x === null ? NONE : (x > 0 ? "+" : "") + money(x);
}

/** A ratio such as Sharpe. */
export function ratioText(x: number | null): string {
  return x === null ? NONE : fixed(x, 2);
}

/** "2024-03-31", UTC. */
export function date(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** "2024-03-31 14:05", UTC; the time is left out at midnight. */
export function dateTime(time: number): string {
  const text = new Date(time).toISOString();
  return text.slice(11, 19) === "00:00:00" ? text.slice(0, 10) : `${text.slice(0, 10)} ${text.slice(11, 16)}`;
}

/** "1 y 7 mo", "23 d", "4 h 10 min": the two largest units that matter. */
export function duration(ms: number | null): string {
  if (ms === null) return NONE;
  const minutes = Math.round(ms / 60_000);
  const days = Math.round(minutes / 1440);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 1440) return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  if (days < 100) return `${days} d`;
  const months = Math.round(days / 30.44);
  if (months < 12) return `${months} mo`;
  return months % 12 === 0 ? `${months / 12} y` : `${Math.floor(months / 12)} y ${months % 12} mo`;
}

/** Class that colours a result. */
export function tone(x: number | null): "up" | "down" | "flat" {
  if (x === null || x === 0) return "flat";
  return x > 0 ? "up" : "down";
}

export function plural(count: number, noun: string): string {
  return `${fixed(count, 0)} ${noun}${count === 1 ? "" : "s"}`;
}
