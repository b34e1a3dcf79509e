import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { eventually } from "./eventually.ts";

const run = promisify(execFile);
const INSTALL_MS = 180_000;
/** Where Debian puts servers, which is not on every user's path. */
const serverFolders = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"];

/** How a server is run: the path of its program, or in a container. */
export type Backend = { readonly kind: "process"; readonly program: string } | { readonly kind: "container" };

/**
 * `TEST_BACKEND=containers` asks for containers. Otherwise the program of this machine, installed by apt where that can
 * be, else a container where docker works. Throws when there is no way, with what is missing.
 */
export async function backendOf(program: string): Promise<Backend> {
  const asked = process.env["TEST_BACKEND"] ?? "";
  if (asked === "containers") return { kind: "container" };
  if (asked !== "" && asked !== "processes") throw new Error(`TEST_BACKEND is "${asked}"; it can be processes or containers`);
  const found = find(program) ?? (await installed(program));
  if (found !== undefined) return { kind: "process", program: found };
  if (dockerWorks()) return { kind: "container" };
  throw new Error(
    `the tests need ${program}: install the Debian package "${program}" or start docker (it was not found, apt cannot be used, docker does not answer)`,
  );
}

function find(program: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...serverFolders];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

function dockerWorks(): boolean {
  try {
    execFileSync("docker", ["version"], { stdio: "ignore", timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

/** By apt, once: several workers of a test run may come here at the same time. */
async function installed(program: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || find("apt-get") === undefined) return undefined;
  const lock = join(tmpdir(), "tradewind-apt.lock");
  await eventually(() => find(program) !== undefined || takeLock(lock), { timeoutMs: INSTALL_MS, message: `${lock} is held` });
  try {
    const already = find(program);
    if (already !== undefined) return already;
    // Debian starts a server with its package, except in runlevel 1.
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
    await run("apt-get", ["update", "-q"], { env, timeout: INSTALL_MS });
    await run("apt-get", ["install", "-q", "-y", "--no-install-recommends", program], { env, timeout: INSTALL_MS });
    return find(program);
  } catch (error) {
    process.emitWarning(`apt-get could not install ${program}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`);
    return undefined;
  } finally {
    if (holderOf(lock) === process.pid) rmSync(lock, { recursive: true, force: true });
  }
}

function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    writeFileSync(join(lock, "pid"), String(process.pid));
    return true;
  } catch {
    const holder = holderOf(lock);
    if (holder !== undefined && !alive(holder)) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function holderOf(lock: string): number | undefined {
  try {
    return Number(readFileSync(join(lock, "pid"), "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
