import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "@tradewind/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { walkCsv } from "./support.ts";
import { busyVariant, ground, type Ground, type System } from "./support-system.ts";

interface Version {
  readonly sha256: string;
  readonly state: string;
  readonly notes: Readonly<Record<string, string>>;
}
interface Model {
  readonly id: string;
  readonly champion?: string;
  readonly pinned: boolean;
  readonly versions: readonly Version[];
}
interface Job {
  readonly id: string;
  readonly state: string;
  readonly progress?: number;
  readonly changedAt: number;
  readonly message: string;
}
interface Why {
  readonly steps: readonly { readonly stage: string; readonly detail?: { readonly modelHash?: string } }[];
}

const LONG_MS = 40_000;
const CSV = "BTC-USDT_1m.csv";
const SPEED = ["--speed", "120"];
/** Goes on for longer than any test waits. */
const LONG_TRAINING = ["--family", "lstm", "--symbol", "BTC/USDT", "--days", "3", "--epochs", "500", "--model", "other"];

let place: Ground;
let system: System;
beforeAll(async () => {
  place = ground(
    { modelled: busyVariant({ models: [{ id: "nn", weight: 3 }] }) },
    { market: { warmup_bars: 300 }, start: { variants: ["*"] }, promotion: { enabled: false } },
  );
  writeFileSync(join(place.path, CSV), walkCsv(600));
  system = await place.start(...SPEED);
});
afterAll(() => place.dispose());

const done = async (...argv: string[]): Promise<string> => {
  const { code, out, err } = await system.run(...argv);
  expect(code, out + err).toBe(0);
  return out;
};
const jsonOf = async <T>(...argv: string[]): Promise<T> => JSON.parse(await done(...argv, "--json")) as T;
const model = (): Promise<Model> => jsonOf<Model>("models", "show", "nn");
const trained = (family: string, state: string): Promise<string> =>
  done(...["train", "--family", family, "--data", CSV, "--folds", "2", "--epochs", "2", "--name", "nn", "--register", state]);
const job = (id: string): Promise<Job> => jsonOf<Job>("jobs", "show", id);

const ended = async (): Promise<readonly Job[]> =>
  (await jsonOf<readonly Job[]>("jobs", "list")).filter(({ state }) => state === "done" || state === "cancelled");

/** Which versions voted and which only spoke, at the variant's last close. */
async function voices(): Promise<{ readonly voted: string | undefined; readonly shadows: readonly (string | undefined)[] }> {
  const { steps } = await jsonOf<Why>("why", "--variant", "modelled");
  const hashes = (of: string) => steps.flatMap(({ stage, detail }) => (stage === of ? [detail?.modelHash] : []));
  return { voted: hashes("prediction")[0], shadows: hashes("shadow") };
}
const votes = (sha256: string): Promise<true> =>
  eventually(async () => (await voices()).voted === sha256, { timeoutMs: LONG_MS, message: `${sha256.slice(0, 8)} votes` });

async function running(): Promise<Job> {
  const { id } = await jsonOf<Job>("jobs", "train", ...LONG_TRAINING);
  return eventually(
    async () => {
      const one = await job(id);
      if (one.state === "failed") throw new Error(one.message);
      return one.state === "running" && (one.progress ?? 0) > 0 && one;
    },
    { timeoutMs: LONG_MS, message: "the training is under way" },
  );
}

describe("given a system on a fast simulated market and a variant with a model", { timeout: 3 * LONG_MS }, () => {
  it("a model trained here and registered as the champion votes; one registered as a shadow speaks, and does not", async () => {
    await trained("cnn", "champion");
    const first = (await model()).champion!;
    await votes(first);
    await trained("gbdt", "shadow");
    const { versions, champion } = await model();
    expect(versions.map(({ state, notes }) => `${notes["family"]} ${state}`)).toEqual(["gbdt shadow", "cnn champion"]);
    expect(champion).toBe(first);
    await done("tap", `tw.prediction.nn--${versions[0]!.sha256.slice(0, 8)}.>`, "--count", "1");
    await eventually(async () => (await voices()).shadows.includes(versions[0]!.sha256), { timeoutMs: LONG_MS, message: "why shows it" });
    expect((await voices()).voted).toBe(first);
  });

  it("promoted, the shadow's hash is the one that votes, and the former champion's no more", async () => {
    const { versions } = await model();
    const [next, former] = versions.map(({ sha256 }) => sha256) as [string, string];
    await done("models", "promote", "nn", "--version", next.slice(0, 8));
    await votes(next);
    expect((await voices()).shadows).toEqual([]);
    expect((await model()).versions.find(({ sha256 }) => sha256 === former)!.state).toBe("retired");
  });

  it("pinned, its memory and its word are told", async () => {
    await done("models", "pin", "nn");
    expect(await done("models", "stats")).toMatch(/^nn {2}\d+\.\d MiB, cpu/m);
    expect(await done("models", "predict", "nn", "--symbol", "BTC/USDT")).toContain((await model()).champion!.slice(0, 8));
  });

  it("a training asked of the system makes a candidate; another is ended in the middle", async () => {
    const short = ["--family", "gbdt", "--symbol", "BTC/USDT", "--days", "1", "--folds", "2", "--epochs", "3"];
    const { id } = await jsonOf<Job>("jobs", "train", ...short, "--model", "nn", "--state", "candidate");
    await eventually(
      async () => {
        const { state, message } = await job(id);
        if (state === "failed") throw new Error(message);
        return state === "done";
      },
      { timeoutMs: LONG_MS, message: "the training is done" },
    );
    expect((await model()).versions.map(({ state }) => state)).toEqual(["candidate", "champion", "retired"]);
    const long = await running();
    await done("jobs", "cancel", long.id);
    await eventually(async () => (await job(long.id)).state === "cancelled", { timeoutMs: LONG_MS });
    expect((await jsonOf<readonly Model[]>("models", "list")).map((one) => one.id)).toEqual(["nn"]);
  });

  it("killed with a training under way and started again, models and jobs are as before, the champion votes, the training goes on", async () => {
    const under = await running();
    const before = { models: await jsonOf("models", "list"), jobs: await ended() };
    await system.end("SIGKILL");
    const killedAt = Date.now();
    system = await place.start(...SPEED);
    expect({ models: await jsonOf("models", "list"), jobs: await ended() }).toEqual(before);
    await votes((await model()).champion!);
    await eventually(
      async () => {
        const { state, changedAt } = await job(under.id);
        return state === "running" && changedAt > killedAt;
      },
      { timeoutMs: LONG_MS, message: "the training goes on" },
    );
    await done("jobs", "cancel", under.id);
  });

  it("removed while it is wanted, the variant decides without it, and why says so", async () => {
    expect(await done("models", "remove", "nn")).toContain("abstains in modelled");
    await eventually(async () => /nn abstain/.test(await done("why", "--variant", "modelled")), {
      timeoutMs: LONG_MS,
      message: "it abstains",
    });
    expect(await done("status")).toContain("model nn is wanted by a variant and is not registered");
  });
});
