import type { ServiceContext } from "./context.ts";

/** What goes wrong again and again, told once for as long as it lasts. */
export interface Trouble {
  /** Logged and noted, unless what was last told under this key was the same: the same `cause`, by default the same line. */
  tell(key: string, line: string, more?: { readonly cause?: string; readonly err?: unknown }): void;
  /** It went well: the next trouble of this key is told again. */
  over(key: string): void;
}

export function createTrouble({ log, state }: Pick<ServiceContext, "log" | "state">, level: "warn" | "error" = "warn"): Trouble {
  const told = new Map<string, string>();
  return {
    tell(key, line, { cause = line, err } = {}) {
      if (told.get(key) === cause) return;
      told.set(key, cause);
      log[level](err === undefined ? {} : { err }, line);
      state.note(line);
    },
    over: (key) => void told.delete(key),
  };
}
