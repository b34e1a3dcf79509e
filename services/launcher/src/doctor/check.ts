/** What one look came to. `way` says what to do where it is not well. */
export interface Finding {
  readonly what: string;
  readonly verdict: "ok" | "warn" | "fail";
  readonly found: string;
  readonly way?: string;
}

export const ok = (what: string, found: string): Finding => ({ what, verdict: "ok", found });
export const warn = (what: string, found: string, way: string): Finding => ({ what, verdict: "warn", found, way });
export const fail = (what: string, found: string, way: string): Finding => ({ what, verdict: "fail", found, way });

/** Compares versions part by part: negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const parts = (text: string): number[] => text.split(/[.+-]/).slice(0, 3).map(Number);
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
