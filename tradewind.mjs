#!/usr/bin/env node
// The one file that runs on whatever Node a machine has (20 or newer): it sees to Node 24 and the packages,
// inside this folder only, and hands over. `x TOOL ...` runs a development tool the same way.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(fileURLToPath(import.meta.url));
const runtime = join(root, ".tradewind", "runtime");
const NODE = "24.21.0";
const NODE_LEAST = [24, 12];
const LOCK_STALE_MS = 10 * 60_000;
const say = (text) => process.stderr.write(`${text}\n`);

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NODE_LEAST[0] || (major === NODE_LEAST[0] && minor >= NODE_LEAST[1]);
}

/** Runs npm with the Node at hand; npm's own script is asked for, so that no shell is needed. */
function npm(args) {
  const beside = join(
    dirname(process.execPath),
    process.platform === "win32" ? "node_modules" : "../lib/node_modules",
    "npm/bin/npm-cli.js",
  );
  const script = process.env.npm_execpath?.endsWith("npm-cli.js") ? process.env.npm_execpath : existsSync(beside) ? beside : undefined;
  const [command, first] = script ? [process.execPath, [script]] : [process.platform === "win32" ? "npm.cmd" : "npm", []];
  return spawnSync(command, [...first, ...args], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    shell: !script && process.platform === "win32",
  });
}

function fail(message, result) {
  if (result?.stderr || result?.stdout) say((result.stderr || "") + (result.stdout || ""));
  say(message);
  process.exit(1);
}

/** Installs packages under .tradewind/runtime from the npm registry, without their install scripts. */
function fetchRuntime(packages) {
  mkdirSync(runtime, { recursive: true });
  writeFileSync(join(runtime, "package.json"), '{ "private": true }\n');
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  const result = npm(["install", "--prefix", runtime, ...quiet, ...packages]);
  if (result.error || result.status !== 0)
    fail(`could not fetch ${packages.join(" and ")} from the npm registry; check the network and run again`, result);
}

function nodePath() {
  if (isNewEnough(process.versions.node)) return process.execPath;
  const os = process.platform === "win32" ? "win" : process.platform;
  const binary = join(runtime, "node_modules", `node-${os}-${process.arch}`, "bin", process.platform === "win32" ? "node.exe" : "node");
  return existsSync(binary) ? binary : undefined;
}

function pnpmVersion() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager.split("@")[1];
}

function pnpmPath() {
  const manifest = join(runtime, "node_modules/pnpm/package.json");
  if (!existsSync(manifest) || JSON.parse(readFileSync(manifest, "utf8")).version !== pnpmVersion()) return undefined;
  return join(runtime, "node_modules/pnpm/bin/pnpm.cjs");
}

/** What the installed packages were made of. */
function wanted() {
  const hash = createHash("sha256");
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json"]) hash.update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/** One installation at a time; a lock left by a killed one goes stale. */
function withLock(work) {
  const lock = join(root, ".tradewind", "install.lock");
  mkdirSync(dirname(lock), { recursive: true });
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      try {
        if (Date.now() - statSync(lock).mtimeMs > LOCK_STALE_MS) rmSync(lock, { recursive: true });
      } catch {
        continue;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  const unlock = () => rmSync(lock, { recursive: true, force: true });
  process.once("exit", unlock);
  work();
  unlock();
}

function prepare() {
  const stamp = join(root, ".tradewind", "installed");
  const ready = () =>
    nodePath() !== undefined && existsSync(join(root, "node_modules")) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted();
  if (ready()) return;
  withLock(() => {
    if (ready()) return;
    say("Tradewind: setting up (once)");
    const os = process.platform === "win32" ? "win" : process.platform;
    const packages = [];
    if (nodePath() === undefined) packages.push(`node-${os}-${process.arch}@${NODE}`);
    if (pnpmPath() === undefined) packages.push(`pnpm@${pnpmVersion()}`);
    if (packages.length > 0) fetchRuntime(packages);
    const node = nodePath();
    if (node === undefined)
      fail(
        `Node ${NODE_LEAST.join(".")} or newer is needed and there is none to fetch for ${os} ${process.arch}; install it from your system's packages`,
      );
    const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}`, ONNXRUNTIME_NODE_INSTALL: "skip" };
    const result = spawnSync(node, [pnpmPath(), "install", "--frozen-lockfile"], {
      cwd: root,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (result.error || result.status !== 0) fail("could not install the packages; check the network and run again", result);
    writeFileSync(stamp, wanted());
  });
}

prepare();
const node = nodePath();
const args = process.argv.slice(2);
const ours = args[0] !== "x";
const [command, rest] = ours ? ["node", [join(root, "services/launcher/src/main.ts"), ...args]] : [args[1], args.slice(2)];
const env = {
  ...process.env,
  PATH: [dirname(node), join(root, "node_modules/.bin"), process.env.PATH].join(delimiter),
  ...(ours && { TRADEWIND_PARENT: String(process.pid) }),
};
const tool = command === "node" ? node : join(root, "node_modules/.bin", process.platform === "win32" ? `${command}.cmd` : command);
const child = spawn(tool, rest, { stdio: "inherit", env });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => {
    // A terminal tells every process of a command itself. Our own commands take two of one press for one; tools may not.
    if (signal === "SIGINT" && !ours && process.stdin.isTTY) return;
    child.kill(signal);
  });
// npm that is killed says nothing: what it ran would go on with nobody to end it.
const parent = process.ppid;
if (process.env.npm_lifecycle_event) setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), 1_000).unref();
child.on("error", (error) => fail(`could not start ${tool}: ${error.message}`));
child.on("exit", (code, signal) => process.exit(signal ? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 0) : code));
