import { defaultMatrixPlan } from "@tradewind/core";
import { referenceModel } from "@tradewind/onnx";
import { eventually } from "@tradewind/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { busyVariant } from "../infra/busy-variant.ts";
import { emptyPanels } from "../infra/panels.ts";
import { prometheusAt } from "../infra/prometheus.ts";
import { createStack, docker, type EntryHead } from "./stack.ts";

const SPEED = 60;
const stages = ["market-data", "strategy", "model-inference", "orchestrator", "execution", "trainer", "gateway"];
const MINUTE_MS = 60_000;

const variants = { alpha: busyVariant("BTC/USDT:USDT"), beta: busyVariant("ETH/USDT:USDT"), gamma: busyVariant("SOL/USDT:USDT") };
const ids = Object.keys(variants);
/** Started when its model is there. */
const modelled = { ...busyVariant("BTC/USDT:USDT"), models: [{ id: "nn", weight: 3 }] };

interface VariantView {
  readonly id: string;
  readonly account: string;
}
interface DecisionSaid {
  readonly closeTime: number;
  readonly votes: readonly { readonly source: string; readonly vote: number | null }[];
}
interface ModelView {
  readonly versions: readonly { readonly sha256: string; readonly state: string }[];
}
interface JobView {
  readonly id: string;
  readonly state: string;
  readonly message: string;
}

describe("docker compose", () => {
  const stack = createStack({ variants: { ...variants, modelled }, started: ids, settings: { market: { speed: SPEED } } });
  const scaled: string[] = [];
  const up = (...scale: string[]): Promise<string> => {
    scaled.push(...scale);
    return stack.compose("up", "--detach", "--wait", "--no-build", ...scaled.flatMap((service) => ["--scale", service]));
  };
  const accountOf = async (id: string): Promise<string> => {
    const views = await stack.get<{ variants: readonly VariantView[] }>("/api/status");
    return views.variants.find((variant) => variant.id === id)!.account;
  };
  const fillsOf = (id: string) => stack.get<readonly unknown[]>(`/api/fills?variant=${id}&limit=100`);

  beforeAll(async () => {
    await stack.compose("build");
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") console.error(await stack.compose("logs", "--no-color", "--tail", "40"));
  });
  afterAll(async () => {
    await stack.down();
  });

  test("given no secrets, it says what to run before it starts anything", async () => {
    await expect(docker("compose", "--env-file", "/dev/null", "config", "--quiet")).rejects.toThrow(/run: node infra\/make-secrets\.mjs/);
  });

  test("given the profile gpu, model inference has a device reserved, and is hardened all the same; without it, there is none", async () => {
    const configured = async (...profile: string[]) =>
      (JSON.parse(await stack.compose(...profile, "config", "--format", "json")) as { services: Record<string, Configured> }).services;
    expect((await configured())["model-inference-gpu"]).toBeUndefined();
    expect((await configured("--profile", "gpu"))["model-inference-gpu"]).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      deploy: { resources: { reservations: { devices: [{ driver: "nvidia", count: 1, capabilities: ["gpu"] }] } } },
    });
  });

  test("given nothing but the images, when it comes up, all is healthy and every variant trades", async () => {
    await up();
    for (const stage of stages) expect(await stack.services(stage), stage).toMatchObject([{ state: "running" }]);
    for (const id of ids) await eventually(async () => (await fillsOf(id)).length > 0, { timeoutMs: 60_000, message: `${id} fills` });
  });

  test("given the containers, each is hardened, and only three ports can be reached, from this machine alone", async () => {
    const published: string[] = [];
    for (const name of await stack.compose("ps", "--quiet").then((text) => text.split("\n"))) {
      const [found] = JSON.parse(await docker("inspect", name)) as [Inspected];
      const service = found.Config.Labels["com.docker.compose.service"]!;
      const { ReadonlyRootfs, CapDrop, SecurityOpt, Memory, RestartPolicy } = found.HostConfig;
      expect({ service, ReadonlyRootfs, CapDrop, SecurityOpt, RestartPolicy: RestartPolicy.Name }).toEqual({
        service,
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges:true"],
        RestartPolicy: "unless-stopped",
      });
      expect(Memory, service).toBeGreaterThan(0);
      expect(await docker("top", name, "-o", "pid,uid"), service).not.toMatch(/ 0$/m);
      for (const bindings of Object.values(found.NetworkSettings.Ports))
        for (const { HostIp } of bindings ?? []) published.push(`${service} ${HostIp}`);
    }
    expect(published.sort()).toEqual(["gateway 127.0.0.1", "grafana 127.0.0.1", "prometheus 127.0.0.1"]);
  });

  test("given three paper variants, when execution is scaled to three, each instance holds one", async () => {
    await up("execution=3");
    await eventually(
      async () => {
        const held = (await stack.services("execution")).map(({ partitions }) => partitions.length);
        expect(held).toEqual([1, 1, 1]);
        return true;
      },
      { timeoutMs: 30_000, message: "three instances with one account each" },
    );
  });

  test("given a worker, when its process is killed, another trades its account under a new owner, and the ledger is whole", async () => {
    const account = await accountOf("alpha");
    const owner = (await stack.services("execution")).find(({ partitions }) => partitions.includes(account))!;
    const before = (await stack.ledger(account)).at(-1)!;
    const container = await stack.containerOf("execution", owner.instance);
    process.kill(Number(await docker("inspect", "--format", "{{.State.Pid}}", container)), "SIGKILL");
    await eventually(async () => (await stack.ledger(account)).some((entry) => entry.ownerEpoch > before.ownerEpoch && isOrder(entry)), {
      timeoutMs: 10_000,
      message: `${account} traded again`,
    });
    await eventually(async () => (await stack.containers("execution")).length === 3, { timeoutMs: 20_000 });
    for (const id of ids) expectWhole(await stack.ledger(await accountOf(id)));
  });

  test("given strategy and orchestrator twice, each close has exactly one decision", async () => {
    await up("strategy=2", "orchestrator=2");
    await eventually(async () => (await stack.services("orchestrator")).filter(({ partitions }) => partitions.length > 0).length === 2, {
      timeoutMs: 30_000,
    });
    const since = Math.max(...(await closes("alpha")));
    await eventually(async () => (await closes("alpha")).filter((time) => time > since).length >= 10, { timeoutMs: 60_000 });
    for (const id of ids) {
      const times = await closes(id);
      expect(new Set(times).size, id).toBe(times.length);
      expect(
        times.every((time, i) => i === 0 || time === times[i - 1]! + MINUTE_MS),
        id,
      ).toBe(true);
      expectWhole(await stack.ledger(await accountOf(id)));
    }
  });

  test("given a model registered at the gateway, when a variant has it as a member, its vote is in the decisions, and its memory is told", async () => {
    const file = referenceModel({ matrix: defaultMatrixPlan, seed: 7 });
    await stack.send("PUT", "/api/models/nn?state=champion", file);
    await stack.send("POST", "/api/variants/modelled/start", {});
    await eventually(
      async () => {
        const said = await stack.log<DecisionSaid>("tw.decision.modelled.*");
        return said.some(({ votes }) => votes.some(({ source, vote }) => source === "nn" && vote !== null));
      },
      { timeoutMs: 60_000, message: "the model votes" },
    );
    await eventually(async () => {
      const { models } = await stack.get<{ models: Record<string, { memory_mb: number; device: string }> }>("/api/models/stats");
      expect(models).toEqual({ nn: expect.objectContaining({ device: "cpu" }) });
      return models["nn"]!.memory_mb > 0;
    });
  });

  test("given a training asked for, a trainer makes a version of it, which runs as a shadow", async () => {
    const parameters = {
      family: "gbdt",
      model: "nn",
      broker: "bybit",
      symbol: "BTC/USDT:USDT",
      days: 1,
      folds: 2,
      settings: { rounds: 3 },
    };
    const { job } = await stack.send<{ job: JobView }>("POST", "/api/jobs", { kind: "train", parameters });
    await eventually(
      async () => {
        const { state, message } = await stack.get<JobView>(`/api/jobs/${job.id}`);
        if (state === "failed") throw new Error(message);
        return state === "done";
      },
      { timeoutMs: 100_000, message: "the training is done" },
    );
    const [shadow, champion] = (await stack.get<ModelView>("/api/models/nn")).versions;
    expect([shadow?.state, champion?.state]).toEqual(["shadow", "champion"]);
    await eventually(async () => (await stack.log(`tw.prediction.nn--${shadow!.sha256.slice(0, 8)}.>`)).length > 0, {
      timeoutMs: 60_000,
      message: "the shadow speaks",
    });
  });

  test("given every container, Prometheus knows each instance, each variant's figures from its owner alone, and data for each panel", async () => {
    const prometheus = prometheusAt(await stack.address("prometheus", 9090));
    const counted = async (label: string, metric: string): Promise<Record<string, number>> => {
      const series = await prometheus.query(`count by (${label}) (${metric})`);
      return Object.fromEntries(series.map(({ metric: labels, value }) => [labels[label], Number(value[1])]));
    };
    const instances = { "market-data": 1, strategy: 2, "model-inference": 1, orchestrator: 2, execution: 3, trainer: 1, gateway: 1 };
    await eventually(
      async () => {
        expect(await counted("service", "tradewind_bus_connected")).toEqual(instances);
        expect(await counted("variant", "tradewind_equity")).toEqual(Object.fromEntries([...ids, "modelled"].map((id) => [id, 1])));
        expect(await emptyPanels(prometheus.query)).toEqual([]);
        return true;
      },
      { timeoutMs: 60_000 },
    );
  });

  test("given it all, when it is taken down with its volumes, nothing is left", async () => {
    await stack.down();
    expect(await stack.leftovers()).toEqual([]);
  });

  /** Close times of every decision of a variant in the log, in the order of the log. */
  const closes = async (id: string): Promise<number[]> =>
    (await stack.log<DecisionSaid>(`tw.decision.${id}.*`)).map(({ closeTime }) => closeTime);
});

interface Configured {
  readonly deploy?: unknown;
}

interface Inspected {
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly CapDrop: readonly string[];
    readonly SecurityOpt: readonly string[];
    readonly Memory: number;
    readonly RestartPolicy: { readonly Name: string };
  };
  readonly NetworkSettings: { readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string }[] | null>> };
}

const isOrder = ({ events }: EntryHead): boolean => events.some(({ type }) => type === "order_intended");

/** Every entry there, in order, and ownership only ever passed on. */
function expectWhole(entries: readonly EntryHead[]): void {
  expect(entries.map(({ n }) => n)).toEqual(entries.map((_, i) => i + 1));
  expect(entries.every(({ ownerEpoch }, i) => i === 0 || ownerEpoch >= entries[i - 1]!.ownerEpoch)).toBe(true);
}
