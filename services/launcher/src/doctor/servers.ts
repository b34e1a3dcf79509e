import { connect } from "node:net";
import type { SystemConfig } from "@tradewind/config";
import { isFailure } from "@tradewind/core";
import type { StatusAnswer } from "../answers.ts";
import type { Gateway } from "../client.ts";
import { freePort } from "../start/free-port.ts";
import { compareVersions, fail, ok, warn, type Finding } from "./check.ts";

const NATS_LEAST = "2.9.0";
const REDIS_LEAST = "6.0.0";
const WAIT_MS = 1_500;
const servicesOnly = '"tradewind start" needs none; for "tradewind services" ';

/** What a server says first, or after `send`, until it holds `until`. */
function conversation(host: string, port: number, send: string, until: RegExp): Promise<string> {
  const socket = connect({ host, port });
  let heard = "";
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer")), WAIT_MS);
    socket.on("connect", () => send !== "" && socket.write(send));
    socket.on("data", (chunk) => {
      heard += chunk.toString("latin1");
      if (until.test(heard)) resolve(heard);
    });
    socket.on("error", reject);
    socket.on("close", () => {
      clearTimeout(timer);
      reject(new Error("it closes the connection"));
    });
  }).finally(() => socket.destroy());
}

function addressOf(url: string, port: number): { readonly host: string; readonly port: number; readonly url: URL } | undefined {
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  return { host: parsed.hostname.replace(/^\[|\]$/g, ""), port: Number(parsed.port || port), url: parsed };
}

export async function checkNats({ bus }: SystemConfig): Promise<Finding> {
  const first = bus.url.split(",")[0]!.trim();
  const address = addressOf(first.includes("://") ? first : `nats://${first}`, 4_222);
  if (address === undefined) return fail("NATS", `bus.url "${bus.url}" is not an address`, "write nats://HOST:4222");
  try {
    const info = await conversation(address.host, address.port, "", /^INFO .*\r\n/s);
    const {
      version,
      jetstream,
      auth_required: closed,
    } = JSON.parse(/^INFO (.*)\r\n/.exec(info)![1]!) as {
      version: string;
      jetstream?: boolean;
      auth_required?: boolean;
    };
    const found = `${version} at ${address.url.host}`;
    if (compareVersions(version, NATS_LEAST) < 0) return fail("NATS", found, `${NATS_LEAST} or newer is needed`);
    if (jetstream !== true) return fail("NATS", `${found}, without JetStream`, "start it with -js");
    if (closed === true && bus.user === undefined) return warn("NATS", `${found}, asks for a user`, "set bus.user and bus.password_file");
    return ok("NATS", `${found}, JetStream`);
  } catch (error) {
    return warn("NATS", `${address.url.host}: ${reasonOf(error)}`, `${servicesOnly}start nats-server -js, or correct bus.url`);
  }
}

export async function checkRedis({ redis }: SystemConfig): Promise<Finding> {
  if (redis.url === undefined) return ok("Redis", "none set: features are cached in the process");
  const address = addressOf(redis.url, 6_379);
  if (address === undefined)
    return fail("Redis", `redis.url "${redis.url.replace(/\/\/.*@/, "//")}" is not an address`, "write redis://HOST:6379");
  const password = redis.password ?? decodeURIComponent(address.url.password);
  const words = (...all: string[]): string =>
    `*${all.length}\r\n${all.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
  try {
    const send = `${password ? words("AUTH", password) : ""}${words("INFO", "server")}`;
    const heard = await conversation(address.host, address.port, send, /redis_version:[\d.]+|-NOAUTH|-WRONGPASS|-ERR/);
    const version = /redis_version:([\d.]+)/.exec(heard)?.[1];
    if (version === undefined) return fail("Redis", `${address.url.host} refuses the password`, "set redis.password_file");
    const found = `${version} at ${address.url.host}`;
    return compareVersions(version, REDIS_LEAST) < 0 ? fail("Redis", found, `${REDIS_LEAST} or newer is needed`) : ok("Redis", found);
  } catch (error) {
    return warn(
      "Redis",
      `${address.url.host}: ${reasonOf(error)}`,
      "features are made again without it; start redis-server, or correct redis.url",
    );
  }
}

/** Whether a system runs behind the gateway's address, or one could be started there. `named`: by --url, so one is to run. */
export async function checkGateway(
  { gateway: { host, port } }: SystemConfig,
  client: Gateway | undefined,
  named: boolean,
): Promise<Finding> {
  try {
    if (!named) {
      await freePort(host, port);
      return ok("gateway", `none runs; ${host}:${port} is free`);
    }
  } catch (error) {
    if (isFailure(error) && error.code !== "PORT_TAKEN") return fail("gateway", error.message, "correct gateway.host and gateway.port");
  }
  const taken = named && client !== undefined ? client.url : `${host}:${port} is taken`;
  if (client === undefined)
    return warn("gateway", `${taken}, and there is no token to ask it with`, "see --token-file of tradewind status");
  try {
    const { services, variants, problems } = await client.get<StatusAnswer>("/api/status");
    const found = `a system runs: ${services.length} services, ${variants.filter(({ enabled }) => enabled).length} variants`;
    return problems.length === 0
      ? ok("gateway", found)
      : warn("gateway", `${found}, ${problems.length} problems`, 'see "tradewind status"');
  } catch (error) {
    if (named) return fail("gateway", isFailure(error) ? error.message : String(error), "start the system, or correct --url");
    const said = isFailure(error) && error.code === "TOKEN_REFUSED" ? "by a gateway that refuses the token" : "by something else";
    return fail("gateway", `${taken} ${said}`, "end it, choose another port with --port, or name the right token with --token-file");
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "ECONNREFUSED" ? "nothing listens there" : (code ?? message);
}
