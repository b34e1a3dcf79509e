import { execFile, execFileSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ServiceState } from "@tradewind/contracts";
import { tempDir } from "@tradewind/testkit";

const root = join(import.meta.dirname, "../..");
const execute = promisify(execFile);
const OUTPUT_MAX_BYTES = 64 * 1_048_576;

/** The part of a ledger entry that tells whether a ledger is whole, and whether its account is traded. */
export interface EntryHead {
  readonly n: number;
  readonly ownerEpoch: number;
  readonly events: readonly { readonly type: string }[];
}

/** The compose project of one test run, beside whatever else runs on the machine. */
export interface Stack {
  readonly project: string;
  /** Holds the gateway's token. */
  readonly tokenFile: string;
  /** Runs `docker compose` on it; throws with everything it said. */
  compose(...args: string[]): Promise<string>;
  /** Full ids of the running containers of a service. */
  containers(service: string): Promise<string[]>;
  /** Takes it down with its volumes. */
  down(): Promise<void>;
  /** What is left of it: containers, volumes, networks. */
  leftovers(): Promise<string[]>;
  /** The address a container's port has on this machine. */
  address(service: string, port: number): Promise<string>;
  /** Asks the gateway. */
  get<T>(path: string): Promise<T>;
  /** Sends the gateway JSON, or a file as it is. */
  send<T>(method: "POST" | "PUT", path: string, body: unknown): Promise<T>;
  services(name: string): Promise<readonly ServiceState[]>;
  ledger(account: string): Promise<readonly EntryHead[]>;
  /** What the kept messages of a pattern say, in the order of the log, read with the gateway's credential. */
  log<T>(pattern: string): Promise<readonly T[]>;
  /** The container an instance runs in. */
  containerOf(service: string, instance: string): Promise<string>;
}

const lines = (text: string): string[] => text.split("\n").filter((line) => line !== "");

export async function docker(...args: string[]): Promise<string> {
  return (await execute("docker", args, { cwd: root, maxBuffer: OUTPUT_MAX_BYTES })).stdout.trim();
}

export interface StackOptions {
  /** Variants by id. */
  readonly variants: Readonly<Record<string, unknown>>;
  /** Those that run by themselves. */
  readonly started: readonly string[];
  /** Sections laid over those of system.compose.yaml. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Further files in the folder of settings, /app/configs in each container, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A project with its own secrets, variants and settings. */
export function createStack(options: StackOptions): Stack {
  const project = `tradewind-test-${process.pid}`;
  const secrets = tempDir("tradewind-secrets-");
  execFileSync(process.execPath, [join(root, "infra/make-secrets.mjs"), secrets], { stdio: "pipe" });
  const env = {
    ...process.env,
    TRADEWIND_SECRETS: secrets,
    TRADEWIND_CONFIGS: configsOf(options),
    TRADEWIND_GATEWAY_PORT: "0",
    TRADEWIND_PROMETHEUS_PORT: "0",
    TRADEWIND_GRAFANA_PORT: "0",
  };
  const tokenFile = join(secrets, "gateway-token.txt");
  const text = asker(() => stack.address("gateway", 8080), readFileSync(tokenFile, "utf8").trim());
  const ofProject = ["--filter", `label=com.docker.compose.project=${project}`];

  let leaked: readonly string[] = [];
  const stack: Stack = {
    project,
    tokenFile,
    async compose(...args) {
      const options = { cwd: root, env, maxBuffer: OUTPUT_MAX_BYTES };
      return (await execute("docker", ["compose", "--project-name", project, "--progress", "plain", ...args], options)).stdout.trim();
    },
    async down() {
      await stack.compose("down", "--volumes", "--timeout", "5").catch(async (error: unknown) => {
        leaked = await abandonedNetworks(ofProject);
        if (leaked.length === 0) throw error;
      });
    },
    containers: async (service) =>
      lines(await docker("ps", "--quiet", "--no-trunc", ...ofProject, "--filter", `label=com.docker.compose.service=${service}`)),
    leftovers: async () =>
      (
        await Promise.all([
          docker("ps", "--all", "--format", "{{.Names}}", ...ofProject),
          docker("volume", "ls", "--quiet", ...ofProject),
          docker("network", "ls", "--format", "{{.Name}}", ...ofProject),
        ])
      )
        .flatMap(lines)
        .filter((name) => !leaked.includes(name)),
    address: (service, port) => stack.compose("port", service, String(port)),
    async get<T>(path: string) {
      return JSON.parse(await text(path)) as T;
    },
    async send<T>(method: "POST" | "PUT", path: string, body: unknown) {
      const file = body instanceof Uint8Array;
      const type = file ? "application/octet-stream" : "application/json";
      return JSON.parse(
        await text(path, { method, headers: { "content-type": type }, body: file ? Buffer.from(body) : JSON.stringify(body) }),
      ) as T;
    },
    async services(name) {
      const { services } = await stack.get<{ services: readonly ServiceState[] }>("/api/status");
      return services.filter(({ service }) => service === name);
    },
    ledger: async (account) => lines(await text(`/api/ledger?account=${account}`)).map((line) => JSON.parse(line) as EntryHead),
    log: async <T>(pattern: string) =>
      lines(await stack.compose("exec", "-T", "gateway", "node", "--input-type=module", "-e", readLog, pattern)).map(
        (line) => (JSON.parse(line) as { data: T }).data,
      ),
    async containerOf(service, instance) {
      for (const container of await stack.containers(service))
        if ((await metricsOf(container)).includes(`instance="${instance}"`)) return container;
      throw new Error(`no container of ${service} says it is ${instance}`);
    },
  };
  return stack;
}

type Ask = (path: string, init?: Pick<RequestInit, "method" | "headers" | "body">) => Promise<string>;

/** Requests to the gateway, with its token. */
function asker(address: () => Promise<string>, token: string): Ask {
  return async (path, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${token}`);
    const response = await fetch(`http://${await address()}${path}`, { ...init, headers, signal: AbortSignal.timeout(20_000) });
    const body = await response.text();
    if (!response.ok) throw new Error(`${init.method ?? "GET"} ${path}: ${response.status} ${body}`);
    return body;
  };
}

/** The repository's settings of the containers with other variants, and what is laid over. */
function configsOf({ variants, started, settings, files = {} }: StackOptions): string {
  const configs = tempDir("tradewind-configs-");
  mkdirSync(join(configs, "variants"));
  for (const name of ["system.yaml", "system.compose.yaml"]) cpSync(join(root, "configs", name), join(configs, name));
  const over = Object.entries({ ...settings, start: { variants: started } }).map(
    ([name, section]) => `${name}: ${JSON.stringify(section)}\n`,
  );
  appendFileSync(join(configs, "system.compose.yaml"), over.join(""));
  for (const [id, variant] of Object.entries(variants)) writeFileSync(join(configs, "variants", `${id}.json`), JSON.stringify(variant));
  for (const [name, file] of Object.entries(files)) cpSync(file, join(configs, name));
  execFileSync("chmod", ["-R", "a+rX", configs]);
  return configs;
}

/** Runs in a container: prints the kept messages of the pattern it is given, one a line. */
const readLog = `
import { readFileSync } from "node:fs";
import { connectNats } from "/app/libs/bus/src/index.ts";
const pass = readFileSync("/run/secrets/nats-password", "utf8").trim();
const bus = await connectNats({ servers: "nats://nats:4222", name: "test", user: "gateway", pass, inboxPrefix: "_INBOX_gateway" });
for await (const { data } of bus.read(process.argv[1], { after: 0 })) console.log(data);
await bus.close();`;

function metricsOf(container: string): Promise<string> {
  const script = 'fetch("http://127.0.0.1:9100/metrics").then(async (r) => process.stdout.write(await r.text()))';
  return docker("exec", container, "node", "-e", script);
}

/** A container killed behind the engine's back can leave an endpoint that belongs to nothing, and its network with it. */
async function abandonedNetworks(filter: readonly string[]): Promise<readonly string[]> {
  const networks = lines(await docker("network", "ls", "--format", "{{.Name}}", ...filter));
  const attached = await Promise.all(networks.map((name) => docker("network", "inspect", "--format", "{{len .Containers}}", name)));
  const abandoned = networks.filter((_, i) => attached[i]!.trim() === "0");
  if (abandoned.length > 0) process.stderr.write(`the engine keeps endpoints of no container on ${abandoned.join(", ")}\n`);
  return abandoned;
}
