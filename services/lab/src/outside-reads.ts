import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";

/** Sources of code; loading these is no look-ahead. */
const CODE = /\.(?:[cm]?[jt]s|node|wasm)$|package\.json$/;

type Patchable = Record<string, unknown>;

/**
 * Runs `work` and lists what it read from outside: files that are not code, sockets, processes. A strategy that reads
 * its data for itself may know the future whatever it is shown, so a proof of no look-ahead has to see that too.
 */
export async function outsideReads<T>(work: () => Promise<T> | T): Promise<{ value: T; reads: readonly string[] }> {
  const reads = new Set<string>();
  const undo: (() => void)[] = [];
  const watch = (holder: object, names: readonly string[], describe: (args: readonly unknown[]) => string | undefined) => {
    const target = holder as Patchable;
    for (const name of names) {
      const original = target[name];
      if (typeof original !== "function") continue;
      target[name] = function (this: unknown, ...args: unknown[]): unknown {
        const said = describe(args);
        if (said !== undefined) reads.add(said);
        return Reflect.apply(original, this, args) as unknown;
      };
      undo.push(() => void (target[name] = original));
    }
  };
  const file = (args: readonly unknown[]) => (CODE.test(String(args[0])) || typeof args[0] === "number" ? undefined : `file ${String(args[0])}`);
  watch(fs, ["readFileSync", "readFile", "openSync", "open", "createReadStream"], file);
  watch(fs.promises, ["readFile", "open"], file);
  watch(childProcess, ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"], (args) => `process ${String(args[0])}`);
  watch(net, ["connect", "createConnection"], () => "network connection");
  watch(globalThis, ["fetch"], (args) => `address ${String(args[0])}`);
  syncBuiltinESMExports();
  try {
    const value = await work();
    return { value, reads: [...reads] };
  } finally {
    for (const restore of undo) restore();
    syncBuiltinESMExports();
  }
}
