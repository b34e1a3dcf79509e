import { statSync, writeFileSync } from "node:fs";
import { connectNats, keepEverything, type Bus } from "@tradewind/bus";
import { loadSystem, type SystemConfig } from "@tradewind/config";
import { inputFailure, isFailure } from "@tradewind/core";
import type { ServiceDefinition } from "./context.ts";
import { serveHealth } from "./health.ts";
import { lineOf } from "./logger.ts";
import { startService } from "./start-service.ts";

const RETRY_CONNECT_MS = 1_000;

/**
 * The whole of a service's process: settings from the folder in TRADEWIND_CONFIG (default `configs`), NATS, health and
 * metrics over HTTP, the service, and an orderly end on SIGTERM or SIGINT. Exit codes: 0 ended as asked, 1 failed,
 * 2 settings are wrong.
 */
export async function runProcess(definition: ServiceDefinition): Promise<void> {
  process.title = `tradewind ${definition.name}`;
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort());
  try {
    await run(definition, stop.signal);
    process.exitCode = 0;
  } catch (error) {
    process.stderr.write(`${definition.name}: ${lineOf(error)}\n`);
    process.exitCode = isFailure(error) && error.action === "input" ? 2 : 1;
  }
  // Whatever still hangs has been told to stop; the exit code is what counts now.
  setTimeout(() => process.exit(), 200).unref();
}

async function run(definition: ServiceDefinition, stop: AbortSignal): Promise<void> {
  const configDir = process.env["TRADEWIND_CONFIG"] ?? "configs";
  if (statSync(configDir, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw inputFailure("CONFIG_MISSING", `no folder "${configDir}"; set TRADEWIND_CONFIG to the one that holds system.yaml`);
  const config = loadSystem(configDir, process.env);
  await using stack = new AsyncDisposableStack();
  let ready: string | undefined = "starting";
  let metrics = (): Promise<string> => Promise.resolve("");
  const health = await serveHealth(config.http.host, config.http.port, { notReady: () => ready, metrics: () => metrics() });
  stack.defer(() => health.stop());
  if (process.env["TRADEWIND_PORT_FILE"]) writeFileSync(process.env["TRADEWIND_PORT_FILE"], String(health.port));
  const bus = await connect(config, definition.name, stop);
  if (bus === undefined) return;
  stack.defer(() => bus.close());
  await bus.ensure();
  const instance = process.env["TRADEWIND_INSTANCE"];
  const service = await startService(definition, { bus, config, configDir, processMetrics: true, ...(instance && { instance }) });
  stack.defer(() => service.stop());
  metrics = () => service.context.metrics.registry.metrics();
  ready = undefined;
  const status = bus.onStatus((connected) => (ready = connected ? undefined : "the bus is away"));
  stack.defer(() => status.stop());
  await Promise.race([
    service.failed,
    new Promise<void>((resolve) => (stop.aborted ? resolve() : stop.addEventListener("abort", () => resolve()))),
  ]);
}

/** Waits for the server, telling once that it does; wrong credentials end the process. */
async function connect(config: SystemConfig, name: string, stop: AbortSignal): Promise<Bus | undefined> {
  const { url, user, password } = config.bus;
  for (let told = false; !stop.aborted;) {
    try {
      return await connectNats({
        servers: url,
        name,
        ...(config.run.clock === "events" ? keepEverything : {}),
        ...(user !== undefined && { user }),
        ...(password !== undefined && { pass: password }),
        inboxPrefix: `_INBOX_${user ?? name}`.replaceAll(/[^A-Za-z0-9_-]/g, "_"),
      });
    } catch (error) {
      if (!isFailure(error) || error.action !== "retry") throw error;
      if (!told) process.stderr.write(`${name}: ${lineOf(error)}; trying again every ${RETRY_CONNECT_MS / 1000} s\n`);
      told = true;
      await new Promise((resolve) => setTimeout(resolve, RETRY_CONNECT_MS));
    }
  }
  return undefined;
}
