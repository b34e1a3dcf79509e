import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { createSocket } from "node:dgram";
import { dirname, resolve } from "node:path";
import { told } from "../told.ts";
import { compareVersions, fail, ok, warn, type Finding } from "./check.ts";

const ROOT = resolve(import.meta.dirname, "../../../..");
const NODE_LEAST = "24.12.0";
const SPACE_WARN_BYTES = 2e9;
const SPACE_LEAST_BYTES = 2e8;
const SKEW_WARN_MS = 500;
const TIME_SERVER = "pool.ntp.org";
const TIME_WAIT_MS = 1_500;
/** Seconds from 1900, where network time begins, to 1970. */
const NTP_EPOCH_S = 2_208_988_800;

export function checkNode(): Finding {
  const { node } = process.versions;
  return compareVersions(node, NODE_LEAST) >= 0
    ? ok("Node", node)
    : fail("Node", node, `${NODE_LEAST} or newer is needed; run by "npx tradewind", which fetches it`);
}

/** pnpm keeps the lock file that it installed by. */
export function checkPackages(): Finding {
  const read = (path: string): string | undefined =>
    existsSync(resolve(ROOT, path)) ? readFileSync(resolve(ROOT, path), "utf8") : undefined;
  const wanted = read("pnpm-lock.yaml");
  if (wanted === undefined || wanted === read("node_modules/.pnpm/lock.yaml")) return ok("packages", "those of pnpm-lock.yaml");
  return warn("packages", "not those of pnpm-lock.yaml", 'run "npx tradewind --help", which installs them');
}

export function checkFolder(what: string, folder: string): Finding {
  const place = nearestThere(folder);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
    if (!statSync(place).isDirectory()) return fail(what, `${place} is a file`, wayOfFolder);
    return ok(what, place === folder ? folder : `${folder}, to be made`);
  } catch (error) {
    return fail(what, told(error, {}), wayOfFolder);
  }
}

const wayOfFolder = "choose another folder (data.dir, data.cache_dir of system.yaml, or --data-dir), or mend its rights";

function nearestThere(folder: string): string {
  let place = folder;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  return place;
}

export function checkSpace(folder: string): Finding {
  const place = nearestThere(folder);
  const { bavail, bsize } = statfsSync(place);
  const free = bavail * bsize;
  const found = `${(free / 1e9).toFixed(1)} GB free at ${place}`;
  const way = "make room, or choose another disk for data.dir";
  if (free < SPACE_LEAST_BYTES) return fail("disk space", found, way);
  return free < SPACE_WARN_BYTES ? warn("disk space", found, way) : ok("disk space", found);
}

/** Asks a time server: orders and venues are particular about clocks. */
export async function checkClock(): Promise<Finding> {
  const offset = await clockOffset();
  if (offset === undefined)
    return warn("clock", `${TIME_SERVER} does not answer`, "nothing to do for simulated markets; live venues refuse clocks that are off");
  const found = `${offset >= 0 ? "+" : ""}${Math.round(offset)} ms from ${TIME_SERVER}`;
  return Math.abs(offset) > SKEW_WARN_MS ? warn("clock", found, "switch time synchronisation on") : ok("clock", found);
}

/** Server's time minus ours, ms (SNTP, RFC 4330). */
function clockOffset(): Promise<number | undefined> {
  const socket = createSocket("udp4");
  const request = Buffer.alloc(48);
  request[0] = 0b00_100_011;
  return new Promise<number | undefined>((done) => {
    const timer = setTimeout(() => done(undefined), TIME_WAIT_MS);
    const end = (value: number | undefined): void => {
      clearTimeout(timer);
      done(value);
    };
    let sentAt = 0;
    socket.on("error", () => end(undefined));
    socket.on("message", (answer) => {
      const now = Date.now();
      if (answer.length < 48) return end(undefined);
      const stamp = (at: number): number => (answer.readUInt32BE(at) - NTP_EPOCH_S + answer.readUInt32BE(at + 4) / 2 ** 32) * 1000;
      end((stamp(32) - sentAt + (stamp(40) - now)) / 2);
    });
    sentAt = Date.now();
    socket.send(request, 123, TIME_SERVER, (error) => error && end(undefined));
  }).finally(() => socket.close());
}
