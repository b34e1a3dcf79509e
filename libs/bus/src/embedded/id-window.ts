/** The ids of the last so many milliseconds and the sequences they were given. */
export interface IdWindow {
  /** The sequence of the first append with this id, within the window that ends at `time`. */
  find(id: string, time: number): number | undefined;
  add(id: string, seq: number, time: number): void;
  clear(): void;
}

export function createIdWindow(windowMs: number): IdWindow {
  // A map gives its keys in the order they came, so the oldest are at its front.
  const known = new Map<string, { readonly seq: number; readonly time: number }>();
  return {
    find(id, time) {
      for (const [old, entry] of known) {
        if (entry.time > time - windowMs) break;
        known.delete(old);
      }
      return known.get(id)?.seq;
    },
    add: (id, seq, time) => void known.set(id, { seq, time }),
    clear: () => known.clear(),
  };
}
