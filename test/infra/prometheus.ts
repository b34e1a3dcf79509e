import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { eventually, freePort, tempDir } from "@tradewind/testkit";

const folder = join(import.meta.dirname, "../../infra/prometheus");

/** A program of the Prometheus package; undefined where it is not installed. */
export function programOf(name: string): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((dir) => join(dir, name))
    .find((path) => existsSync(path));
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** The HTTP API of a Prometheus. */
export interface PrometheusClient {
  query(expr: string): Promise<readonly Sample[]>;
  get<T>(path: string): Promise<T>;
}
export interface Prometheus extends PrometheusClient, AsyncDisposable {}

export function prometheusAt(address: string): PrometheusClient {
  async function get<T>(path: string): Promise<T> {
    const response = await fetch(`http://${address}/api/v1/${path}`);
    const { data, error } = (await response.json()) as { data: T; error?: string };
    if (error !== undefined) throw new Error(`${path}: ${error}`);
    return data;
  }
  return { get, query: async (expr) => (await get<{ result: readonly Sample[] }>(`query?query=${encodeURIComponent(expr)}`)).result };
}

/** A real Prometheus with the repository's configuration, scraping given ports of this machine instead of containers. */
export async function startPrometheus(program: string, ports: readonly number[]): Promise<Prometheus> {
  const dir = tempDir("tradewind-prometheus-");
  const port = await freePort();
  const text = readFileSync(join(folder, "prometheus.yml"), "utf8");
  const targets = JSON.stringify(ports.map((at) => `127.0.0.1:${at}`));
  writeFileSync(
    join(dir, "prometheus.yml"),
    text
      .slice(0, text.indexOf("    # Every instance of a scaled"))
      .replaceAll("_interval: 5s", "_interval: 1s")
      .replace("[rules.yml]", JSON.stringify([join(folder, "rules.yml")]))
      .concat(`    static_configs: [{ targets: ${targets} }]\n`),
  );
  const args = [`--config.file=${join(dir, "prometheus.yml")}`, `--storage.tsdb.path=${join(dir, "data")}`];
  const child = spawn(program, [...args, `--web.listen-address=127.0.0.1:${port}`], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  const leave = (): void => void child.kill("SIGKILL");
  process.once("exit", leave);

  const client = prometheusAt(`127.0.0.1:${port}`);
  await eventually(() => client.get("status/buildinfo"), { message: `prometheus answers (it said: ${said})`, timeoutMs: 20_000 });
  return {
    ...client,
    async [Symbol.asyncDispose]() {
      process.removeListener("exit", leave);
      const ended = new Promise((resolve) => child.once("exit", resolve));
      if (child.exitCode === null && child.kill("SIGTERM")) await ended;
    },
  };
}
