import type { ServiceContext } from "@tradewind/kit";

/** What is wrong with variants now, one line each. A new problem is told once, in the log and as a note. */
export interface Problems {
  all(): ReadonlyMap<string, string>;
  /** Undefined when there is none any more. */
  set(id: string, problem: string | undefined): void;
  /** Forgets those of variants that are no more. */
  keepOnly(known: (id: string) => boolean): void;
}

export function createProblems({ log, state }: ServiceContext): Problems {
  const present = new Map<string, string>();
  return {
    all: () => present,
    set(id, problem) {
      if (present.get(id) === problem) return;
      const line = id === "" ? problem : `variant ${id}: ${problem ?? "its file is fine again"}`;
      if (problem === undefined) {
        present.delete(id);
        if (id !== "") log.info(line);
        return;
      }
      present.set(id, problem);
      log.warn(line);
      state.note(line!);
    },
    keepOnly(known) {
      for (const id of present.keys()) if (!known(id)) present.delete(id);
    },
  };
}
