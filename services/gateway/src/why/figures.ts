/** A number for people, to four decimals. */
export function short(value: number): string {
  return String(Number(value.toFixed(4)));
}

export function signed(value: number): string {
  return value > 0 ? `+${short(value)}` : short(value);
}
