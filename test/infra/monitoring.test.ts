import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultMatrixPlan } from "@tradewind/core";
import { referenceModel } from "@tradewind/onnx";
import { eventually, freePort, startRedis } from "@tradewind/testkit";
import { describe, expect, test } from "vitest";
import { roles } from "../../infra/nats/permissions.ts";
import { startProcess, type ServiceName, type ServiceProcess } from "../system/support/processes.ts";
import { referenceBytes } from "../system/support/model.ts";
import { createWorkspace, type Workspace } from "../system/support/workspace.ts";
import { busyVariant } from "./busy-variant.ts";
import { passwordOf, startNatsWithUsers } from "./nats-users.ts";
import { dashboards, emptyPanels, queries } from "./panels.ts";
import { programOf, startPrometheus } from "./prometheus.ts";

const infra = join(import.meta.dirname, "../../infra");
const prometheus = programOf("prometheus");
const promtool = programOf("promtool");
const TOKEN = "a-token-of-the-test";
const START_MS = 30_000;
const DATA_MS = 90_000;

test("given the dashboards, each panel asks the data source that is provisioned", () => {
  const provisioned = readFileSync(join(infra, "grafana/provisioning/datasources/prometheus.yml"), "utf8");
  expect(dashboards.map(({ uid }) => uid).sort()).toEqual(["models", "system", "trading"]);
  for (const { panels } of dashboards)
    for (const { title, datasource, targets } of panels) {
      expect(provisioned, title).toContain(`uid: ${datasource.uid}\n`);
      expect(targets.length, title).toBeGreaterThan(0);
    }
});

test.skipIf(promtool === undefined)("given the configuration and rules, promtool passes them (needs the package prometheus)", () => {
  execFileSync(promtool!, ["check", "config", join(infra, "prometheus/prometheus.yml")], { stdio: "pipe" });
  execFileSync(promtool!, ["test", "rules", join(infra, "prometheus/rules.test.yml")], { stdio: "pipe" });
});

describe.skipIf(prometheus === undefined)("Prometheus beside the services (needs the package prometheus)", () => {
  test("given every service as a process with its own credential, each panel's query returns data", { timeout: 240_000 }, async () => {
    await using nats = await startNatsWithUsers();
    await using redis = await startRedis({ password: "cache-password" });
    const gatewayPort = await freePort();
    using workspace = createWorkspace({
      system: {
        bus: { url: nats.url },
        redis: { url: redis.url, password: "cache-password" },
        gateway: { port: gatewayPort, token: TOKEN },
        market: { speed: 60, keep: false },
      },
      variants: { busy: { ...busyVariant("BTC/USDT:USDT"), models: [{ id: "nn" }] } },
    });
    await using services = start(workspace);
    const ports = await eventually(() => services.ports(), { timeoutMs: START_MS, message: "every service answers" });
    await using scraper = await startPrometheus(prometheus!, ports);
    await haveModels(`http://127.0.0.1:${gatewayPort}`);

    await eventually(
      async () => {
        expect(await emptyPanels(scraper.query), services.output()).toEqual([]);
        return true;
      },
      { timeoutMs: DATA_MS, message: "each panel has data" },
    );
    const { groups } = await scraper.get<{ groups: readonly { rules: readonly { name: string; health: string }[] }[] }>("rules");
    for (const { name, health } of groups.flatMap(({ rules }) => rules)) expect(`${name} ${health}`).toBe(`${name} ok`);
    // A query that gives 0 for what has not happened yet would give it for a misspelt name too.
    const known = Object.keys(await scraper.get<Readonly<Record<string, unknown>>>("metadata"));
    expect(metricsNamed().filter((name) => !known.includes(name))).toEqual([]);
    const { activeTargets } = await scraper.get<{ activeTargets: readonly { health: string; lastError: string }[] }>("targets");
    expect(activeTargets.map(({ lastError }) => lastError)).toEqual(ports.map(() => ""));
    expect(services.output()).not.toContain("Permissions Violation");
  });
});

/** A champion, a shadow beside it, and a training; the page may ask for all of it. */
async function haveModels(gateway: string): Promise<void> {
  const send = async (method: string, path: string, type?: string, body?: string | Uint8Array<ArrayBuffer>): Promise<void> => {
    const headers = { authorization: `Bearer ${TOKEN}`, ...(type !== undefined && { "content-type": type }) };
    await eventually(
      async () => {
        const response = await fetch(gateway + path, { method, headers, ...(body !== undefined && { body }) });
        expect(response.status, await response.text()).toBe(200);
        return true;
      },
      { timeoutMs: START_MS, message: `${method} ${path}` },
    );
  };
  const shadow = referenceModel({ matrix: defaultMatrixPlan, seed: 8, gain: 6 });
  await send("PUT", "/api/models/nn?state=champion", "application/octet-stream", referenceBytes);
  await send("PUT", "/api/models/nn?state=shadow", "application/octet-stream", shadow);
  const parameters = {
    family: "cnn",
    model: "trained",
    symbol: "BTC/USDT:USDT",
    days: 1,
    settings: { epochs: 2, folds: 2 },
    state: "candidate",
  };
  await send("POST", "/api/jobs", "application/json", JSON.stringify({ kind: "train", parameters }));
  for (const path of ["/api/models", "/api/models/nn", "/api/models/stats", "/api/jobs"]) await send("GET", path);
}

/** Every metric that a panel or a rule names, a histogram by its own name. */
function metricsNamed(): string[] {
  const texts = [...queries.map(({ expr }) => expr), readFileSync(join(infra, "prometheus/rules.yml"), "utf8")];
  const names = texts.flatMap((text) => [...text.matchAll(/\b(?:tradewind|process|nodejs)_\w+/g)].map(([name]) => name));
  return [...new Set(names.map((name) => name.replace(/_(?:bucket|sum|count)$/, "")))];
}

interface Services extends AsyncDisposable {
  /** Where each answers /metrics; throws until all do. */
  ports(): number[];
  output(): string;
}

function start({ dir, configDir }: Workspace): Services {
  const names = roles.filter(({ answers }) => answers).map(({ user }) => user as ServiceName);
  const portFile = (name: string): string => join(dir, `${name}.port`);
  const processes: ServiceProcess[] = names.map((name) => {
    const passwordFile = join(dir, `${name}.password`);
    writeFileSync(passwordFile, passwordOf(name));
    return startProcess(name, configDir, {
      TRADEWIND__BUS__USER: name,
      TRADEWIND__BUS__PASSWORD_FILE: passwordFile,
      TRADEWIND_PORT_FILE: portFile(name),
    });
  });
  const output = (): string => processes.map((service) => `${service.name}: ${service.output().slice(-2000)}`).join("\n");
  return {
    ports() {
      const missing = names.filter((name) => !existsSync(portFile(name)));
      if (missing.length > 0) throw new Error(`no word from ${missing.join(", ")}\n${output()}`);
      return names.map((name) => Number(readFileSync(portFile(name), "utf8")));
    },
    output,
    async [Symbol.asyncDispose]() {
      await Promise.all(processes.map((service) => service.kill("SIGTERM")));
    },
  };
}
