/** When checkpoints are made: about every second of work, between two messages, and at the end. */
export interface Keeper {
  /** Works one message off; first saves what lies behind it, if it is time. */
  taking(work: () => Promise<void>): Promise<void>;
  /** Saves what has been taken since the last time. Call when nothing is being taken. */
  saveNow(): Promise<void>;
}

const EVERY_MS = 1_000;
const EVERY_MESSAGES = 500;

export interface KeeperOptions {
  /** Saves the state and the positions as they are. */
  readonly save: () => Promise<void>;
  /** Nothing is saved any more once it aborts. */
  readonly lost: AbortSignal;
}

export function createKeeper({ save, lost }: KeeperOptions): Keeper {
  let taken = 0;
  let savedAt = Date.now();
  /** A message was taken in part: the state is no longer that of the positions. */
  let broken = false;

  async function saveNow(): Promise<void> {
    if (broken || lost.aborted || taken === 0) return;
    await save();
    taken = 0;
    savedAt = Date.now();
  }

  return {
    async taking(work) {
      if (taken >= EVERY_MESSAGES || Date.now() - savedAt > EVERY_MS) await saveNow();
      taken += 1;
      try {
        await work();
      } catch (error) {
        broken = true;
        throw error;
      }
    },
    saveNow,
  };
}
