/** The ids of the last so many milliseconds, and up to a quarter longer, with the sequences they were given. */
export interface IdWindow {
  /** The sequence of the first append with this id, within the window that ends at `time`. */
  find(id: string, time: number): number | undefined;
  add(id: string, seq: number, time: number): void;
  clear(): void;
}

const PARTS = 4;

interface Part {
  readonly since: number;
  until: number;
  readonly seqs: Map<string, number>;
}

/**
 * Ids go by the part of the window they came in: dropped one by one from the front of a map, they would leave holes
 * there that every look at the oldest has to pass.
 */
export function createIdWindow(windowMs: number): IdWindow {
  let parts: Part[] = [];

  function dropOld(time: number): void {
    while (parts.length > 0 && parts[0]!.until <= time - windowMs) parts.shift();
  }

  return {
    find(id, time) {
      dropOld(time);
      for (const { seqs } of parts) {
        const seq = seqs.get(id);
        if (seq !== undefined) return seq;
      }
      return undefined;
    },
    add(id, seq, time) {
      let part = parts.at(-1);
      if (part === undefined || time >= part.since + windowMs / PARTS) parts.push((part = { since: time, until: time, seqs: new Map() }));
      part.until = time;
      part.seqs.set(id, seq);
    },
    clear: () => void (parts = []),
  };
}
