import { basename } from "node:path";
import { tempDir, eventually } from "@tradewind/testkit";
import type { Decision } from "@tradewind/core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { backtested, withModel, type Case } from "../system/support/cases.ts";
import { fillsIn } from "../system/support/ledger.ts";
import { replay } from "../system/support/replay.ts";
import { expectSame } from "../system/support/same.ts";
import { bytesOf, tradewind, trainedFile } from "../system/support/trained.ts";
import { createStack } from "./stack.ts";

const ROAD = ["redis", "gateway", "market-data", "strategy", "model-inference", "orchestrator", "execution"];
const ACCOUNT = "same";
const WORKED_MS = 180_000;
const dir = tempDir("tradewind-trained-");
const files = withModel.files(dir);
const given: Case = {
  ...withModel,
  id: "replayed",
  variant: { ...(withModel.variant as object), decision: { learning_rate: 0.1, threshold: 0.05, regimes: "volatility_trend" } },
};
/** Recorded candles without deadlines; the variant starts when its model is there. */
const stack = createStack({
  variants: { [given.id]: given.variant },
  started: [],
  settings: { run: { clock: "events" }, market: { feed: "replay", keep: false, files: inContainers(files) } },
  files: Object.fromEntries(Object.values(files).map((file) => [basename(file), file])),
});

function inContainers(byInstrument: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(byInstrument).map(([id, file]) => [id, `/app/configs/${basename(file)}`]));
}

beforeAll(async () => {
  await stack.compose("build", ...ROAD);
  await stack.compose("up", "--detach", "--wait", "--no-build", ...ROAD);
});
afterEach(async ({ task }) => {
  if (task.result?.state === "fail") console.error(await stack.compose("logs", "--no-color", "--tail", "40"));
});
afterAll(() => stack.down());

test(
  "given a trained model registered at the gateway, when a variant with it replays recorded candles, then the ledger the gateway exports is the backtest's",
  { timeout: 2 * WORKED_MS },
  async () => {
    const model = await trainedFile(dir, "cnn", files["BTC-USDT-PERP"]!, "--symbol", "BTC/USDT:USDT", "--epochs", "2");
    const gateway = ["--url", `http://${await stack.address("gateway", 8080)}`, "--token-file", stack.tokenFile];
    await tradewind(dir, "models", "add", model, "--name", "nn", "--state", "champion", ...gateway);
    await tradewind(dir, "variants", "start", given.id, ...gateway);

    using workspace = replay(given);
    const wanted = await backtested(workspace.variants[0]!, workspace.files, { nn: bytesOf(model) });
    expect(fillsIn(wanted)).toBeGreaterThan(60);
    const lastFill = Number(wanted.findLast((line) => line.split("|")[4] === "fill")!.split("|")[1]);
    await eventually(
      async () => (await stack.get<readonly { readonly time: number }[]>(`/api/fills?variant=${given.id}&limit=1`))[0]?.time === lastFill,
      { timeoutMs: WORKED_MS, message: "the last fill is made" },
    );
    const text = await tradewind(dir, "ledger", "export", "--account", ACCOUNT, ...gateway);
    expectSame(text.split("\n").slice(0, -1), wanted);

    const said = await stack.log<Decision>(`tw.decision.${given.id}.*`);
    const votes = said.flatMap(({ votes: all }) => all.filter(({ source, vote }) => source === "nn" && vote !== null));
    expect(votes.length).toBeGreaterThan(said.length - 200);
  },
);
