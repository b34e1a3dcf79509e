import childProcess from "node:child_process";
import fs from "node:fs";
import { registerHooks, syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { fileURLToPath } from "node:url";

/** Built-in modules by which data comes in where no watch over functions would see it. */
const DOORS = new Set([
  "child_process",
  "cluster",
  "dgram",
  "dns",
  "http",
  "http2",
  "https",
  "inspector",
  "module",
  "net",
  "repl",
  "sqlite",
  "test",
  "tls",
  "tty",
  "v8",
  "vm",
  "wasi",
  "worker_threads",
]);
/** Descriptors looked at; a shell hands over the lowest numbers. */
const DESCRIPTORS = 256;
/** Imports that are code, not data. */
const CODE = /\.[cm]?[jt]s$/;

/** Ways to open or read a file. */
const READS = ["readFileSync", "readFile", "openSync", "open", "createReadStream", "ReadStream", "openAsBlob"];
/** Ways to read what is open. */
const DESCRIPTOR_READS = ["read", "readSync", "readv", "readvSync", "fstat", "fstatSync"];
/** Names, links, sizes and times carry data as well as contents do; each is there with a callback, as a promise and `Sync`. */
const LOOKS = ["access", "exists", "glob", "lstat", "opendir", "readdir", "readlink", "realpath", "stat", "statfs"];

type Describe = (args: readonly unknown[]) => string | undefined;
type Patchable = Record<string, unknown>;

/**
 * Runs `work` and lists what it took from outside: files, sockets, processes, data imported as a module. A strategy
 * that reads for itself may know the future whatever it is shown, so a proof of no look-ahead has to see that too.
 */
export async function outsideReads<T>(work: () => Promise<T> | T): Promise<{ value: T; reads: readonly string[] }> {
  const reads = new Set<string>();
  /** Files the module loader resolved; it looks at them by `fs` before and reads them by `fs` after. */
  const code = new Set<string>();
  const undo: (() => void)[] = [];
  const watch = (holder: object, names: readonly string[], describe: Describe) => {
    for (const name of names) undo.push(replace(holder, name, describe, (said) => reads.add(said)));
  };
  // What is opened from here on is listed when it is opened; what was open before, standard input first, when it is read.
  const standing = openDescriptors();
  const file: Describe = ([path]) => {
    if (typeof path === "number") return standing.has(path) ? `file descriptor ${path}` : undefined;
    const name = path instanceof URL ? fileURLToPath(path) : String(path);
    return `file ${name}`;
  };
  const always = (said: string) => () => said;
  for (const holder of [fs.realpath, fs.realpathSync]) watch(holder, ["native"], file);
  watch(fs, [...READS, ...DESCRIPTOR_READS, ...LOOKS, ...LOOKS.map((name) => `${name}Sync`), "watch", "watchFile"], file);
  watch(fs.promises, ["readFile", "open", ...LOOKS, "watch"], file);
  watch(process, ["loadEnvFile"], ([path]) => file([path ?? ".env"]));
  watch(
    childProcess,
    ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"],
    ([command]) => `process ${String(command)}`,
  );
  watch(net, ["connect", "createConnection", "Socket"], always("network connection"));
  watch(globalThis, ["fetch", "WebSocket", "EventSource"], ([address]) => `address ${String(address)}`);
  watch(process, ["getBuiltinModule"], ([name]) => door(String(name)));
  watch(process, ["binding", "_linkedBinding"], ([name]) => (name === "util" ? undefined : `process binding ${String(name)}`));
  watch(process, ["dlopen"], always("native library"));
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const { url } = resolved;
      const said = url.startsWith("node:") ? door(url) : CODE.test(url) ? undefined : `module ${url}`;
      if (said !== undefined) reads.add(said);
      else if (url.startsWith("file:")) code.add(fileURLToPath(url));
      return resolved;
    },
  });
  syncBuiltinESMExports();
  try {
    const value = await work();
    for (const name of code) reads.delete(`file ${name}`);
    return { value, reads: [...reads] };
  } finally {
    hooks.deregister();
    for (const restore of undo.reverse()) restore();
    syncBuiltinESMExports();
  }
}

function openDescriptors(): ReadonlySet<number> {
  const open = new Set<number>();
  for (let fd = 0; fd < DESCRIPTORS; fd++) {
    try {
      fs.fstatSync(fd);
      open.add(fd);
    } catch {
      continue;
    }
  }
  return open;
}

function door(name: string): string | undefined {
  const bare = name.replace(/^node:/, "").split("/", 1)[0]!;
  return DOORS.has(bare) ? `module node:${bare}` : undefined;
}

/** Puts a function or class in the place of `holder[name]` that says what it is called with; returns how to undo it. */
function replace(holder: object, name: string, describe: Describe, say: (said: string) => void): () => void {
  const target = holder as Patchable;
  const original = Object.getOwnPropertyDescriptor(target, name);
  const inner = target[name];
  if (original === undefined || typeof inner !== "function") return () => undefined;
  function watched(this: unknown, ...args: unknown[]): unknown {
    const said = describe(args);
    if (said !== undefined) say(said);
    return new.target === undefined
      ? Reflect.apply(inner as () => unknown, this, args)
      : Reflect.construct(inner as new () => object, args, new.target === watched ? (inner as new () => object) : new.target);
  }
  watched.prototype = inner.prototype as object;
  // What hangs on the function (`realpath.native`) stays there.
  Object.setPrototypeOf(watched, inner);
  Object.defineProperty(target, name, { value: watched, writable: true, configurable: true, enumerable: original.enumerable ?? true });
  return () => void Object.defineProperty(target, name, original);
}
