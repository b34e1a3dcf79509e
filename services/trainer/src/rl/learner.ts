import { directionLabels, inputFailure, normaliserOf, type Dataset } from "@tradewind/core";
import { defaults } from "@tradewind/config";
import { netFamilies, openNetTrainer, type NetTrainer, type TrainerSnapshot } from "@tradewind/onnx";
import type { CurvePoint, FitSummary, Learner, LearnerFamily, LearnerOptions, Lesson, Settings, Tell } from "../learners/learner.ts";
import { shuffled } from "../learners/net.ts";
import { inChunks, matricesOf } from "../learners/rows.ts";
import { createAgent, softmax, type Agent } from "./agent.ts";
import { tradingEnvironment, type TradingEnvironment } from "./environment.ts";
import { experienceOf, readLedgerFile, type Experience } from "./experience.ts";
import { followerOf } from "./follows.ts";
import type { Transition } from "./memory.ts";
import { settings as own } from "./settings.ts";
import { fittedTemperature } from "./temperature.ts";

const net = netFamilies.dqn;
const netSettings = Object.fromEntries(Object.entries(net.settings).map(([key, setting]) => [key, { ...setting, whole: true as const }]));

/** Double DQN that acts in the simulated venue over the training rows, and learns from what it earned there and in paper runs. */
export const dqn: LearnerFamily = {
  name: "dqn",
  doc: net.doc,
  settings: { ...own, ...netSettings },
  lengthSetting: "epochs",
  takesExperience: true,
  open: openDqn,
};

/** Rows acted on with the same weights. */
const CHUNK = 64;

/** Where a fit stands; with agent and market, all that the next step depends on. */
interface Position {
  epoch: number;
  /** Stretches done of the epoch, and rows acted on of the next one. */
  stretch: number;
  row: number;
  lossSum: number;
  losses: number;
  curve: CurvePoint[];
  best: { readonly epoch: number; readonly loss: number; readonly state: TrainerSnapshot } | undefined;
  finished: boolean;
  temperature: number;
}

/** A lesson as the agent lives it. */
interface World {
  readonly dataset: Dataset;
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly market: TradingEnvironment;
  /** Row of the candles on whose close a row of the data set is acted on. */
  readonly candleOf: (row: number) => number;
  /** One over the usual move of a row: brings rewards to about 1. */
  readonly scale: number;
  /** Whether no hole in the data lies between two rows; behind one an account begins anew. */
  readonly follows: (row: number, next: number) => boolean;
  readonly experience: readonly Transition[];
}

async function openDqn(lesson: Lesson, options: LearnerOptions): Promise<Learner> {
  const { settings, seed } = options;
  const { dataset, train } = lesson;
  if (train.length < 2) throw inputFailure("TOO_FEW_ROWS", `${train.length} rows are too few to act on; give more candles`);
  const world = worldOf(lesson, await keptExperience(lesson, options.experience));
  const trainer = await openTrainer(dataset, train, settings, seed);
  const agent = createAgent({
    trainer,
    stateOf: (row) => dataset.x.subarray(row * dataset.rowSize, (row + 1) * dataset.rowSize),
    capacity: settings["memory"]!,
    batch: settings["batch"]!,
    syncEvery: settings["sync_every"]!,
    temperature: () => at.temperature,
    seed,
  });
  let at: Position = {
    epoch: 0,
    stretch: 0,
    row: 0,
    lossSum: 0,
    losses: 0,
    curve: [],
    best: undefined,
    finished: false,
    temperature: settings["temperature"]! || 1,
  };
  return {
    fit: (tell) => fit(world, agent, trainer, at, options, tell),
    probabilities: async (x, rows) => softmax(await trainer.outputs(x, rows), rows, at.temperature),
    weightsHash: () => trainer.weightsHash(),
    snapshot: () => ({ at: { ...at, curve: [...at.curve] }, agent: agent.snapshot(), market: world.market.snapshot() }),
    restore(saved) {
      const state = saved as { at: Position; agent: unknown; market: unknown };
      at = { ...state.at, curve: [...state.at.curve] };
      agent.restore(state.agent);
      world.market.restore(state.market);
      return Promise.resolve();
    },
    export: (about) => Promise.resolve(trainer.export({ ...about, temperature: at.temperature })),
    release: () => trainer.release(),
  };
}

async function fit(
  world: World,
  agent: Agent,
  trainer: NetTrainer,
  at: Position,
  options: LearnerOptions,
  tell: Tell,
): Promise<FitSummary> {
  const { settings, seed } = options;
  const epochs = settings["epochs"]!;
  const length = settings["episode"]!;
  const steps = world.train.length - 1;
  const stretches = Int32Array.from({ length: Math.ceil(steps / length) }, (_, i) => i);
  let rowsDone = at.epoch * steps;
  while (at.epoch < epochs && !at.finished) {
    const order = shuffled(stretches, seed, at.epoch);
    const sizeOf = (stretch: number): number => Math.min(length, steps - stretch * length);
    rowsDone = at.epoch * steps + order.subarray(0, at.stretch).reduce((sum, one) => sum + sizeOf(one), 0) + at.row;
    if (at.stretch === 0 && at.row === 0) for (const one of world.experience) agent.remember(one);
    while (at.stretch < order.length) {
      const stretch = order[at.stretch]!;
      const count = Math.min(CHUNK, sizeOf(stretch) - at.row);
      const share = rowsDone / (epochs * steps);
      const epsilon = Math.max(
        settings["epsilon_to"]!,
        settings["epsilon_from"]! + 2 * share * (settings["epsilon_to"]! - settings["epsilon_from"]!),
      );
      await live(world, agent, stretch * length + at.row, count, epsilon, at.row === 0);
      const loss = await learn(agent, at, Math.ceil(count / settings["replay_every"]!));
      rowsDone += count;
      at.row += count;
      if (at.row === sizeOf(stretch)) [at.row, at.stretch] = [0, at.stretch + 1];
      if (at.stretch === order.length) break;
      await tell({
        phase: `epoch ${at.epoch + 1} of ${epochs}`,
        done: rowsDone,
        total: epochs * steps,
        ...(loss !== undefined && { loss }),
      });
    }
    await closeEpoch(world, agent, trainer, at);
    await tell({ phase: `epoch ${at.epoch} of ${epochs}`, done: at.epoch * steps, total: epochs * steps, ...at.curve.at(-1) });
  }
  if (!at.finished) {
    if (at.best !== undefined) trainer.restore(at.best.state);
    if (settings["temperature"] === 0 && world.validation.length > 0) at.temperature = await temperatureOf(world, trainer);
    at.finished = true;
  }
  const kept = at.best?.epoch ?? at.epoch;
  const lived = options.experience === undefined ? [] : [`${world.experience.length} steps of paper runs were learnt from beside its own`];
  return {
    unit: "epoch",
    objective: "Huber loss of values, in usual moves of a row; on validation rows the mean reward, negated",
    curve: at.curve,
    kept: kept - 1,
    parameters: trainer.parameterCount,
    notices: lived,
  };
}

/** Acts on `count` rows from place `from` of the training rows on, and remembers what came of it. */
async function live(world: World, agent: Agent, from: number, count: number, epsilon: number, anew: boolean): Promise<void> {
  const { dataset, train, market, candleOf, follows, scale } = world;
  const rows = train.subarray(from, from + count);
  const actions = await agent.actAll(matricesOf(dataset, rows), count, epsilon);
  if (anew) market.reset(candleOf(rows[0]!));
  for (let i = 0; i < count; i++) {
    const next = train[from + i + 1]!;
    if (!follows(rows[i]!, next)) {
      market.reset(candleOf(next));
      continue;
    }
    const { reward, done } = market.step(actions[i]!, candleOf(next));
    agent.remember({ state: rows[i]!, action: actions[i]!, reward: reward * scale, next, done });
    if (done) market.reset(candleOf(next));
  }
}

async function learn(agent: Agent, at: Position, batches: number): Promise<number | undefined> {
  let last: number | undefined;
  for (let i = 0; i < batches; i++) {
    last = await agent.replay();
    if (last === undefined) return undefined;
    at.lossSum += last;
    at.losses++;
  }
  return last;
}

/** The weights of the epoch that earned most on the validation rows are kept. */
async function closeEpoch(world: World, agent: Agent, trainer: NetTrainer, at: Position): Promise<void> {
  const loss = at.losses === 0 ? NaN : at.lossSum / at.losses;
  Object.assign(at, { epoch: at.epoch + 1, stretch: 0, row: 0, lossSum: 0, losses: 0 });
  if (world.validation.length < 2) return void at.curve.push({ step: at.epoch, loss });
  const validationLoss = -(await greedyReward(world, agent));
  at.curve.push({ step: at.epoch, loss, validationLoss });
  if (at.best === undefined || validationLoss < at.best.loss)
    at.best = { epoch: at.epoch, loss: validationLoss, state: trainer.snapshot() };
}

/** Mean scaled reward per validation row of always taking the best action. The market is left to be begun anew. */
async function greedyReward({ dataset, validation, market, candleOf, follows, scale }: World, agent: Agent): Promise<number> {
  market.reset(candleOf(validation[0]!));
  let [sum, steps] = [0, 0];
  for (let from = 0; from < validation.length - 1; from += CHUNK) {
    const rows = validation.subarray(from, Math.min(from + CHUNK, validation.length - 1));
    const actions = await agent.actAll(matricesOf(dataset, rows), rows.length, 0);
    for (let i = 0; i < rows.length; i++) {
      const next = validation[from + i + 1]!;
      if (!follows(rows[i]!, next)) {
        market.reset(candleOf(next));
        continue;
      }
      const { reward, done } = market.step(actions[i]!, candleOf(next));
      sum += reward * scale;
      steps++;
      if (done) return sum / steps;
    }
  }
  return sum / Math.max(1, steps);
}

async function temperatureOf({ dataset, validation }: World, trainer: NetTrainer): Promise<number> {
  const values = await inChunks(dataset, validation, (matrices, rows) => trainer.outputs(matrices, rows));
  return fittedTemperature(dataset, validation, values);
}

function worldOf({ dataset, columns, instrument, train, validation }: Lesson, kept: readonly Transition[]): World {
  const costs = { spreadBps: defaults.costs.spread_bps, slippageBps: defaults.costs.slippage_bps };
  const market = tradingEnvironment({ instrument, columns, costs });
  const candles = new Int32Array(dataset.rows);
  for (let row = 0, candle = 0; row < dataset.rows; row++) {
    while (candle + 1 < columns.length && columns.closeTime[candle + 1]! <= dataset.closeTime[row]!) candle++;
    candles[row] = candle;
  }
  const candleOf = (row: number): number => candles[row]!;
  const follows = followerOf({ dataset, columns, instrument });
  let [squares, moves] = [0, 0];
  for (let i = 1; i < train.length; i++) {
    if (!follows(train[i - 1]!, train[i]!)) continue;
    squares += Math.log(columns.close[candleOf(train[i]!)]! / columns.close[candleOf(train[i - 1]!)]!) ** 2;
    moves++;
  }
  const usual = Math.sqrt(squares / Math.max(1, moves));
  const scale = usual > 0 ? 1 / usual : 1;
  const experience = kept.map((one) => ({ ...one, reward: one.reward * scale }));
  return { dataset, train, validation, market, candleOf, follows, scale, experience };
}

/** What paper runs did on the training rows, and on nothing else. */
async function keptExperience(lesson: Lesson, given: Experience | undefined): Promise<readonly Transition[]> {
  if (given === undefined) return [];
  return experienceOf(lesson, typeof given === "string" ? await readLedgerFile(given) : given);
}

function openTrainer(dataset: Dataset, train: Int32Array, settings: Settings, seed: number): Promise<NetTrainer> {
  const { matrix } = dataset;
  return openNetTrainer({
    family: "dqn",
    objective: "q_values",
    discount: settings["discount"]!,
    settings: Object.fromEntries(Object.keys(net.settings).map((key) => [key, settings[key]!])),
    shape: { timeframes: matrix.timeframes.length, window: matrix.window, features: matrix.features.length },
    labels: directionLabels,
    normaliser: normaliserOf(dataset, train),
    batch: settings["batch"]!,
    seed,
    optimiser: { learningRate: settings["learning_rate"]!, weightDecay: settings["weight_decay"]!, clipNorm: settings["clip_norm"]! },
  });
}
