import { watch, type FSWatcher } from "node:fs";

/** Tells of changes in a folder, where the system can; whoever needs to be sure looks now and then too. */
export interface FolderWatch {
  /** Watches anew: a folder made again is another one to the system. */
  renew(): void;
  close(): void;
}

export function watchFolder(dir: string, changed: () => void): FolderWatch {
  let watcher: FSWatcher | undefined;
  const close = (): void => watcher?.close();
  const renew = (): void => {
    close();
    try {
      watcher = watch(dir, { persistent: false }, changed);
      watcher.on("error", close);
    } catch {
      watcher = undefined;
    }
  };
  renew();
  return { renew, close };
}
