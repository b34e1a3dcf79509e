import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { families, type TrainingResult } from "@tradewind/trainer";
import { eventually } from "@tradewind/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repo, walkCsv, workplace, type Outcome, type Workplace } from "./support.ts";

let place: Workplace;
beforeAll(() => {
  place = workplace();
  place.write("BTC-USDT-PERP_1m.csv", walkCsv(900));
  place.write("candles.csv", walkCsv(900));
  place.write("short.csv", walkCsv(30));
  place.write("broken.csv", "time_ms,open,high,low,close,volume\n1,2,3\n");
  place.write("bad.onnx", "no model");
});
afterAll(() => place.dispose());

const small = ["--data", "BTC-USDT-PERP_1m.csv", "--folds", "2", "--epochs", "2"];
type Told = TrainingResult & { readonly files: { readonly model: string; readonly card: string; readonly result: string } };

async function trained(...argv: string[]): Promise<Told> {
  const { code, out, err } = await place.cli("train", ...argv, "--json");
  expect(code, err).toBe(0);
  return JSON.parse(out) as Told;
}

describe("given tradewind train", () => {
  it("when a model is trained, then file, card and result lie in the folder, and --json says the same as the result", async () => {
    const told = await trained("--family", "cnn", ...small, "--out", "models", "--name", "one", "--expires-days", "30");
    expect(readdirSync(join(place.path, "models")).filter((name) => !name.startsWith("."))).toEqual([
      "one.card.html",
      "one.json",
      "one.onnx",
    ]);
    expect(told).toMatchObject(JSON.parse(readFileSync(told.files.result, "utf8")) as object);
    expect(told).toMatchObject({
      name: "one",
      family: "cnn",
      seed: 1,
      data: { symbol: "BTC/USDT:USDT" },
      expires_at: "2024-01-31T15:00:00.000Z",
    });
    expect(told.weights_hash).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(told.files.card, "utf8")).toContain(told.baseline.sentence.slice(0, 30));
    const again = await trained("--family", "cnn", ...small, "--out", "again", "--name", "one", "--expires-days", "30");
    expect(readFileSync(again.files.model).equals(readFileSync(told.files.model))).toBe(true);
    expect(readFileSync(again.files.result, "utf8")).toBe(readFileSync(told.files.result, "utf8"));
  });

  it("when a person reads it, then folds, verdict, hashes, files and the next command are there", async () => {
    const { code, out, err } = await place.cli("train", "--family", "gbdt", ...small, "--out", "read");
    expect(code, err).toBe(0);
    expect(out).toContain("naive baseline");
    expect(out).toContain("weights_hash");
    expect(out).toContain("tradewind models add read/gbdt-BTC-USDT-PERP-1m.onnx");
    expect(err).toContain("BTC/USDT:USDT");
  });

  it("when the model is given to a backtest, then it votes", async () => {
    const { files } = await trained("--family", "gbdt", ...small, "--out", "vote");
    const variants = { broker: "bybit", strategy: "momentum", mode: "paper", asset_class: "futures" };
    const variant = place.write(
      "voted.json",
      JSON.stringify({ variants, trading_symbols: ["BTC/USDT:USDT"], models: [{ id: "m", weight: 5 }] }),
    );
    const run = await place.cli(
      "backtest",
      variant,
      "--data",
      "BTC-USDT-PERP_1m.csv",
      "--no-save",
      "--json",
      "--model",
      `m=${files.model}`,
    );
    expect(run.code, run.err).toBe(0);
    expect(JSON.stringify((JSON.parse(run.out) as { notices: string[] }).notices)).not.toContain("--model");
  });

  it.each([
    ["no family", ["--data", "candles.csv"], /--family/],
    ["an unknown family", ["--family", "ltsm", ...small], /lstm/],
    ["no candles", ["--family", "cnn"], /--data/],
    ["two sources", ["--family", "cnn", ...small, "--from", "2024-01-01"], /exclude/],
    ["a range without a symbol", ["--family", "cnn", "--from", "2024-01-01"], /--symbol/],
    ["an empty range", ["--family", "cnn", "--symbol", "BTC/USDT", "--from", "2024-02-01", "--to", "2024-01-01"], /before/],
    [
      "a range with nothing in it",
      ["--family", "cnn", "--symbol", "BTC/USDT", "--from", "2024-01-01", "--to", "2024-02-01"],
      /data import/,
    ],
    ["a file that is not there", ["--family", "cnn", "--data", "BTC-USDT_none.csv"], /BTC-USDT_none/],
    ["a file whose name tells nothing", ["--family", "cnn", "--data", "candles.csv"], /--symbol/],
    ["a file that is none", ["--family", "cnn", "--data", "broken.csv", "--symbol", "BTC/USDT"], /broken\.csv/],
    ["too few candles", ["--family", "cnn", "--data", "short.csv", "--symbol", "BTC/USDT"], /give more candles/],
    ["more folds than rows", ["--family", "cnn", "--data", "BTC-USDT-PERP_1m.csv", "--folds", "50", "--horizon", "840"], /fewer folds/],
    ["an unknown setting", ["--family", "cnn", ...small, "--set", "filters=3"], /first_filters/],
    ["a setting without a value", ["--family", "cnn", ...small, "--set", "batch"], /KEY=NUMBER/],
    ["a setting out of range", ["--family", "cnn", ...small, "--set", "batch=0"], /batch/],
    ["an unknown label", ["--family", "cnn", ...small, "--label", "tomorrow"], /forward_return/],
    ["an unknown parameter of the label", ["--family", "cnn", ...small, "--set", "label.hight=2"], /hight/],
    ["a bad timeframe", ["--family", "cnn", ...small, "--timeframe", "2m"], /2m/],
    ["timeframes in disorder", ["--family", "cnn", ...small, "--timeframes", "5m,1m"], /finest first/],
    ["a timeframe finer than the candles", ["--family", "cnn", ...small, "--timeframes", "1s"], /finer data/],
    ["a bad name", ["--family", "cnn", ...small, "--name", "a/b"], /a\/b/],
    ["a bad seed", ["--family", "cnn", ...small, "--seed", "-1"], /seed/],
    ["an unknown broker", ["--family", "cnn", ...small, "--broker", "mtgox"], /mtgox/],
    ["a symbol that the broker has not", ["--family", "cnn", ...small, "--symbol", "AAPL", "--broker", "bybit"], /bybit/],
    ["members of a plain family", ["--family", "cnn", ...small, "--members", "cnn,gbdt"], /members/],
    ["experience of a family that takes none", ["--family", "cnn", ...small, "--experience", "bad.onnx"], /dqn/],
    ["experience that is not there", ["--family", "dqn", ...small, "--experience", "none.jsonl"], /none\.jsonl/],
    ["experience that is none", ["--family", "dqn", ...small, "--experience", "bad.onnx"], /bad\.onnx/],
    ["one member", ["--family", "ensemble", ...small, "--members", "cnn"], /two/],
    ["a member that is no file", ["--family", "ensemble", ...small, "--members", "cnn,none.onnx"], /none\.onnx/],
    ["a member that is no model", ["--family", "meta", ...small, "--members", "cnn,./bad.onnx"], /bad\.onnx/],
    ["a state that is none", ["--family", "cnn", ...small, "--register", "king"], /champion/],
    ["a word too many", ["cnn", "--family", "cnn", ...small], /cnn/],
  ])("when it is given %s, then one line says so, nothing is written, and the exit code is 2", async (what, argv, says) => {
    const folder = `refused-${what.replaceAll(" ", "-")}`;
    const { code, out, err } = await place.cli("train", ...argv, "--out", folder);
    const lines = err.trim().split("\n");
    expect([code, out], err).toEqual([2, ""]);
    expect(lines.at(-1)).toMatch(says);
    expect(lines.length).toBeLessThanOrEqual(2);
    expect(existsSync(join(place.path, folder))).toBe(false);
  });
});

it("given a system that is not there, when a model is to be registered, then that is said before anything is trained", async () => {
  const { code, err } = await place.cli(
    "train",
    "--family",
    "cnn",
    ...small,
    "--out",
    "away",
    "--register",
    "shadow",
    "--url",
    "http://127.0.0.1:9",
  );
  expect(code).toBe(1);
  expect(err).toMatch(/no gateway|token/i);
  expect(existsSync(join(place.path, "away"))).toBe(false);
});

it("given days of stored candles, when start --mode train is asked for their symbol, then models and their verdicts are shown", async () => {
  place.write("doge.csv", walkCsv(4_400));
  const put = await place.cli("data", "import", "doge.csv", "--venue", "bybit", "--symbol", "DOGE/USDT");
  expect(put.code, put.err).toBe(0);
  const { code, out, err } = await place.cli("start", "--mode", "train", "--symbol", "DOGE/USDT", "--json");
  expect(code, err).toBe(0);
  expect(err).toContain("stored candles");
  const told = JSON.parse(out) as { readonly source: string; readonly models: readonly Told[] };
  expect(told.source).toBe("store");
  expect(told.models.map(({ family }) => family)).toEqual(["cnn", "gbdt", "ensemble"]);
  for (const { files, baseline } of told.models) {
    expect(existsSync(files.card)).toBe(true);
    expect(baseline.beats_naive).not.toBe("yes");
  }
}, 180_000);

/** The command as a process, ended by a signal once it has a checkpoint. */
async function interrupted(argv: readonly string[], dir: string, signal: NodeJS.Signals): Promise<Outcome> {
  const child = spawn(process.execPath, [repo("services/launcher/src/main.ts"), "train", ...argv], {
    cwd: place.path,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const closed = once(child, "close");
  const checkpoints = join(place.path, dir, ".checkpoints");
  await eventually(() => existsSync(checkpoints) && readdirSync(checkpoints).some((name) => !name.endsWith(".part")), {
    timeoutMs: 30_000,
  });
  child.kill(signal);
  await closed;
  return { code: child.exitCode ?? -1, out, err };
}

describe("given a training that is cut off", () => {
  const long = ["--family", "cnn", "--data", "BTC-USDT-PERP_1m.csv", "--folds", "1", "--epochs", "60", "--set", "patience=1000"];

  it.each(["SIGKILL", "SIGINT"] as const)("when %s ends it, then the same command goes on and ends as if undisturbed", async (signal) => {
    const dir = `cut-${signal}`;
    const argv = [...long, "--out", dir, "--checkpoint-every", "0.05"];
    const cut = await interrupted(argv, dir, signal);
    expect(readdirSync(join(place.path, dir))).toEqual([".checkpoints"]);
    if (signal === "SIGINT") expect([cut.code, cut.out]).toEqual([130, ""]);
    if (signal === "SIGINT") expect(cut.err).toMatch(/checkpoint.*same command/);
    const { code, err } = await place.cli("train", ...argv);
    expect(code, err).toBe(0);
    expect(err).toMatch(/went on from a checkpoint at \d+ %/);
    const whole = await trained(...long, "--out", `whole-${signal}`);
    const ended = JSON.parse(readFileSync(join(place.path, dir, "cnn-BTC-USDT-PERP-1m.json"), "utf8")) as TrainingResult;
    expect(ended.weights_hash).toBe(whole.weights_hash);
    expect(readFileSync(join(place.path, dir, "cnn-BTC-USDT-PERP-1m.onnx")).equals(readFileSync(whole.files.model))).toBe(true);
  });
});

const real = repo("../shared/data/candles/BTC-USDT-PERP_1m_2022-01.csv");
if (!existsSync(real)) process.stderr.write("no shared/data: families are not trained on recorded candles\n");

describe.runIf(existsSync(real))("given recorded candles", () => {
  const rows = 1_500;
  beforeAll(() => {
    const lines = readFileSync(real, "utf8").split("\n", rows + 1);
    writeFileSync(join(place.path, "real_BTC-USDT-PERP_1m.csv"), `${lines.join("\n")}\n`);
  });

  it.each(Object.keys(families).map((family) => [family]))(
    "when %s is trained twice, then weights_hash is the same, and the verdict is one",
    async (family) => {
      const argv = ["--family", family, "--data", "real_BTC-USDT-PERP_1m.csv", "--folds", "2", "--epochs", "2"];
      const members = families[family]!.composed ? ["--members", "cnn,gbdt"] : [];
      const first = await trained(...argv, ...members, "--out", "real-1");
      const again = await trained(...argv, ...members, "--out", "real-2");
      expect(again.weights_hash).toBe(first.weights_hash);
      expect(again.file_sha256).toBe(first.file_sha256);
      expect(["yes", "no", "not distinguishable"]).toContain(first.baseline.beats_naive);
      expect(first.baseline.sentence).toMatch(/naive baseline\.$/);
    },
  );
});
