import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { keepEverything, openEmbeddedBus, type Bus, type EmbeddedOptions } from "@tradewind/bus";
import type { LoadedVariant, SystemConfig } from "@tradewind/config";
import { Failure, isFailure } from "@tradewind/core";
import { openMarketClock } from "@tradewind/kit";
import { atPlace } from "@tradewind/lab";
import { connectGateway, type Gateway } from "../client.ts";
import { exitCodes, type Io } from "../command.ts";
import type { Settings } from "../settings.ts";
import { banner, openPage } from "./banner.ts";
import { definitions } from "./definitions.ts";
import { freePort } from "./free-port.ts";
import { openLogFile } from "./log-file.ts";
import { startOneProcess } from "./one-process.ts";
import { continues } from "./same-run.ts";
import { endRequests } from "./signals.ts";
import { limitTo } from "./limit-to.ts";
import { createTeller } from "./teller.ts";
import { untilEnd } from "./until-end.ts";

/** What one start is asked to do. */
export interface StartChoices {
  readonly settings: Settings;
  /** The variants that run, beside those that a person started by command. */
  readonly variants: readonly LoadedVariant[];
  /** Puts the run there is aside first. */
  readonly fresh: boolean;
  readonly untilEnd: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly openPage: boolean;
  /** What other commands need to find this system at an address. */
  readonly flags: (url: string) => string;
  /** Shows each decision with its votes. */
  readonly decisions: boolean;
}

const DATA_ENDED = "the data has ended";
/** Longest an orderly end may take. */
const END_MOST_MS = 4_500;

/** Runs every service in this process until asked to end. Returns the exit code. */
export async function runStart(choices: StartChoices, io: Io): Promise<number> {
  const port = await freePort(choices.settings.config.gateway.host, choices.settings.config.gateway.port);
  const config: SystemConfig = { ...choices.settings.config, gateway: { ...choices.settings.config.gateway, port } };
  const { configDir } = choices.settings;
  const end = endRequests(io.env, () => process.exit(130));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => end.stop());
  const bus = await openRunFile(config.bus.file, choices.fresh, config.run.clock === "events" ? keepEverything : {}, io);
  stack.defer(() => bus.close());
  await bus.ensure();
  const continued = await continues(bus, config);
  const clock = await openMarketClock(bus);
  stack.defer(() => clock.stop());
  const plans = choices.variants.map(({ plan }) => plan);
  await limitTo(
    bus,
    plans.map(({ id }) => id),
    clock.now(),
  );
  const teller = createTeller({ bus, io, plans, clock, ...choices });
  stack.defer(() => teller.stop());
  const host = { bus, config, configDir, definitions, logTo: openLogFile(join(config.data.dir, "start.log"), teller.say), say: teller.say };
  const system = await startOneProcess(host);
  stack.defer(() => system.stop());
  const gateway = gatewayAt(config);
  teller.ready(banner({ config, continued, plans, url: gateway.page, flags: choices.flags(gateway.client.url), cwd: io.cwd }), {
    url: gateway.client.url,
    page: gateway.page,
    pid: process.pid,
  });
  if (choices.openPage) openPage(gateway.page, config.data.dir);
  const over = new AbortController();
  stack.defer(() => over.abort());
  const why = await Promise.race([
    end.asked,
    system.failed,
    ...(choices.untilEnd ? [untilEnd(bus, plans, over.signal).then(() => DATA_ENDED)] : []),
  ]);
  teller.ending(why);
  // Whatever hangs: what is recorded is safe, as it is when the power goes.
  setTimeout(() => {
    io.say("not everything ended in time; what was recorded is safe");
    process.exit(exitCodes.failed);
  }, END_MOST_MS).unref();
  await system.stop();
  teller.summary(why === DATA_ENDED);
  return exitCodes.done;
}

function gatewayAt({ gateway: { host, port, token, token_file: file } }: SystemConfig): {
  readonly client: Gateway;
  readonly page: string;
} {
  const here = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const url = `http://${here.includes(":") ? `[${here}]` : here}:${port}`;
  const secret = token ?? readFileSync(file, "utf8").trim();
  return { client: connectGateway(url, secret), page: `${url}/#token=${encodeURIComponent(secret)}` };
}

/** The bus of this run. Throws `BUS_LOCKED`, `BUS_NOT_WRITABLE`, `BUS_FULL` in words of this command. */
async function openRunFile(file: string, fresh: boolean, options: EmbeddedOptions, io: Io): Promise<Bus> {
  try {
    mkdirSync(dirname(file), { recursive: true });
  } catch (error) {
    throw atPlace(error, dirname(file));
  }
  const bus = await openEmbeddedBus(file, options).catch((error: unknown) => {
    throw isFailure(error) && error.code === "BUS_LOCKED"
      ? new Failure(
          "input",
          error.code,
          `another Tradewind runs on ${file}; end that one ("tradewind status" shows it), or start beside it with --data-dir DIR --port N`,
        )
      : error;
  });
  if (
    !fresh ||
    (await bus
      .kv("run")
      .get("manifest")
      .catch(() => undefined)) === undefined
  )
    return bus;
  await bus.close();
  const aside = file.replace(/(\.sqlite)?$/, `.${new Date().toISOString().replaceAll(/[:.]/g, "-")}$1`);
  for (const suffix of ["", "-wal", "-shm"]) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  io.say(`the run before is kept as ${aside}`);
  return openEmbeddedBus(file, options);
}
