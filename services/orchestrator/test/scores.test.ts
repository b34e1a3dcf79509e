import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { connectNats } from "@tradewind/bus";
import { definition as orchestrator } from "@tradewind/orchestrator";
import { eventually, startNats, type NatsServer } from "@tradewind/testkit";
import { openRig, type Rig, type RigOptions } from "../../../libs/kit/test/support/rig.ts";
import { START } from "../../strategy/test/support/market.ts";
import { createMarket, deluded, NEW, OLD, recordOf, register, scoresOf, setClock, stateOf, variant } from "./support/rivals.ts";

const LATER = START + 100 * 86_400_000;
const settings = "promotion: { least_closes: 40, margin: 2, probation_closes: 100 }\n";
/** Both right and wrong often enough to have a spread. */
const [GOOD, BAD] = [0.85, 0.2];

let rig: Rig;
afterEach(() => rig.close());

async function open(clock: "wall" | "events", options: RigOptions = {}): Promise<void> {
  rig = await openRig(clock, { settings, ...options });
  if (clock === "wall") await setClock(rig.bus, LATER);
  await rig.desire("vote", variant);
  await register(rig.bus);
}

const becomes = (sha256: string, state: string): Promise<unknown> =>
  eventually(async () => (await stateOf(rig.bus, sha256)) === state, {
    timeoutMs: 30_000,
    message: `${sha256.slice(0, 8)} is not ${state}`,
  });

const scored = (sha256: string, closes: number): Promise<unknown> =>
  eventually(async () => ((await scoresOf(rig.bus))?.versions.find((one) => one.sha256 === sha256)?.closes ?? 0) >= closes, {
    timeoutMs: 30_000,
    message: `${sha256.slice(0, 8)} has not ${closes} closes`,
  });

const verdicts = async (): Promise<readonly string[]> => (await scoresOf(rig.bus))?.verdicts.map(({ action }) => action) ?? [];

/** From a better shadow's promotion to its fall. */
async function riseAndFall(): Promise<void> {
  const market = createMarket(rig.bus, 1);
  await market.play(50, { [OLD]: BAD, [NEW]: GOOD });
  await becomes(NEW, "champion");
  expect(await stateOf(rig.bus, OLD)).toBe("shadow");
  await market.play(50, { [NEW]: BAD, [OLD]: GOOD });
  await becomes(OLD, "champion");
  expect(await stateOf(rig.bus, NEW)).toBe("retired");
}

async function expectHistory(): Promise<void> {
  const { history } = await recordOf(rig.bus);
  expect(history.map(({ sha256, from, to, by }) => [sha256 === NEW ? "new" : "old", from, to, by])).toEqual([
    ["old", "shadow", "champion", "promotion rule"],
    ["new", "champion", "retired", "promotion rule"],
    ["new", "shadow", "champion", "promotion rule"],
    ["old", "champion", "shadow", "promotion rule"],
  ]);
}

describe("given a champion, a shadow and the wall clock", () => {
  test("when the shadow proves better it is promoted, and when it turns worse the former champion comes back", async () => {
    await open("wall");
    const service = await rig.start(orchestrator);
    await riseAndFall();
    await expectHistory();
    const scores = (await scoresOf(rig.bus))!;
    const mean = (sha256: string): number => scores.versions.find((one) => one.sha256 === sha256)!.mean!;
    expect(Number.isFinite(mean(OLD)) && Number.isFinite(mean(NEW))).toBe(true);
    const metrics = await service.context.metrics.registry.metrics();
    expect(metrics).toMatch(/tradewind_model_changes_total\{[^}]*action="promote"[^}]*\} 1\n/);
    expect(metrics).toMatch(/tradewind_model_changes_total\{[^}]*action="roll_back"[^}]*\} 1\n/);
  });

  test("when two instances both believe to score the model, then it is promoted once and rolled back once", async () => {
    await open("wall");
    await rig.start(orchestrator, deluded);
    await rig.start(orchestrator, deluded);
    await riseAndFall();
    await expectHistory();
  });

  test("when the service is killed between the closes, then another goes on from its checkpoint or from the log", async () => {
    await open("wall");
    const market = createMarket(rig.bus, 2);
    const first = await rig.start(orchestrator);
    await market.play(30, { [OLD]: BAD, [NEW]: GOOD });
    await scored(NEW, 29);
    first.kill();
    await market.play(20, { [OLD]: BAD, [NEW]: GOOD });
    await rig.start(orchestrator);
    await becomes(NEW, "champion");
  });

  test("when a shadow is as good as the champion, then nothing changes, and the scores say why", async () => {
    await open("wall");
    await rig.start(orchestrator);
    await createMarket(rig.bus, 3).play(90, { [OLD]: 0.6, [NEW]: 0.6 });
    await scored(NEW, 89);
    expect((await recordOf(rig.bus)).history).toEqual([]);
    const [verdict] = (await scoresOf(rig.bus))!.verdicts;
    expect(verdict).toMatchObject({ sha256: NEW, action: "keep", closes: 80 });
    expect(verdict!.reason).toMatch(/over 80 closes its mean result is [\d.]+ usual returns (above|below) the champion's/);
  });

  test("when promotion is switched off, then a better shadow is told and not promoted", async () => {
    await open("wall", { settings: settings.replace("{", "{ enabled: false,") });
    await rig.start(orchestrator);
    await createMarket(rig.bus, 1).play(90, { [OLD]: BAD, [NEW]: GOOD });
    await eventually(async () => (await verdicts()).includes("promote"), { timeoutMs: 30_000 });
    await scored(NEW, 89);
    expect((await recordOf(rig.bus)).history).toEqual([]);
  });

  test("when the probation of a former champion is over, then it retires", async () => {
    await open("wall");
    await rig.start(orchestrator);
    const market = createMarket(rig.bus, 4);
    await market.play(50, { [OLD]: BAD, [NEW]: GOOD });
    await becomes(NEW, "champion");
    await market.play(110, { [NEW]: GOOD, [OLD]: BAD });
    await becomes(OLD, "retired");
    expect(await stateOf(rig.bus, NEW)).toBe("champion");
  });
});

describe("given the events clock", () => {
  test("when a shadow proves better, then that is recorded as its score, and the versions of the run stay", async () => {
    await open("events");
    const first = await rig.start(orchestrator);
    const market = createMarket(rig.bus, 1);
    await market.play(60, { [OLD]: BAD, [NEW]: GOOD });
    await scored(NEW, 59);
    first.kill();
    await market.play(200, { [OLD]: BAD, [NEW]: GOOD });
    await rig.start(orchestrator);
    await scored(NEW, 259);
    await eventually(async () => (await verdicts()).includes("promote"));
    expect((await recordOf(rig.bus)).history).toEqual([]);
    const { at: _at, ...resumed } = (await scoresOf(rig.bus))!;

    // The same log read in one go gives the same.
    const whole = await openRig("events", { settings });
    await whole.desire("vote", variant);
    await register(whole.bus);
    for (const kind of ["prediction", "candle"] as const)
      for await (const { subject, data } of rig.bus.read(`tw.${kind}.>`, { after: 0 })) await whole.bus.append(subject, data);
    await whole.start(orchestrator);
    const told = async () => {
      const entry = await whole.bus.kv("scores").get("nn");
      const { at: _, ...scores } = entry === undefined ? { at: 0 } : (JSON.parse(entry.value) as { at: number });
      return JSON.stringify(scores);
    };
    try {
      await eventually(async () => (await told()) === JSON.stringify(resumed), { timeoutMs: 20_000, message: "the scores are others" });
    } finally {
      await whole.close();
    }
  });
});

describe("given a NATS server and the wall clock", () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNats();
  });
  afterAll(() => nats.stop());

  test("when the shadow proves better it is promoted, and when it turns worse the former champion comes back", async () => {
    await open("wall", { connect: () => connectNats({ servers: nats.url, name: "test" }) });
    await rig.start(orchestrator);
    await rig.start(orchestrator);
    await riseAndFall();
    await expectHistory();
  });
});
