import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  buildDataset,
  calendarNamed,
  encodeEntry,
  isoTime,
  walkForward,
  type CandleColumns,
  type CostPlan,
  type Dataset,
  type DatasetPlan,
  type Fold,
  type Hole,
} from "@tradewind/core";
import { defaults } from "@tradewind/config";
import { dataHash } from "../candles/data-hash.ts";
import { openCandles } from "../candles/open-candles.ts";
import type { CardCaution } from "../card/model.ts";
import type { Member } from "../learners/learner.ts";
import { findFamily } from "../learners/registry.ts";
import type { Experience } from "../rl/experience.ts";
import { checkpointKey } from "./checkpoint.ts";
import { codeHash } from "./code.ts";
import { resolveMembers } from "./members.ts";
import { matrixOf, type Training } from "./request.ts";

/** Fees come from the instrument; what else a trade costs is the usual of a variant. */
export const costs: CostPlan = { spreadBps: defaults.costs.spread_bps, slippageBps: defaults.costs.slippage_bps };

/** Everything a training is a function of, ready to begin. */
export interface Prepared {
  readonly training: Training;
  /** Of its files. */
  readonly name: string;
  readonly columns: CandleColumns;
  readonly plan: DatasetPlan;
  readonly dataset: Dataset;
  readonly folds: readonly Fold[];
  readonly members: readonly Member[];
  /** SHA-256 in hex of the candles and of what is made of them. */
  readonly dataHash: string;
  /** Names its checkpoint. */
  readonly key: string;
  readonly cautions: readonly CardCaution[];
  readonly notices: readonly string[];
}

/** Reads the candles and makes the rows and folds. Throws what the sources refuse, and `TOO_FEW_ROWS`. */
export async function prepare(training: Training, onPhase: (phase: string) => void): Promise<Prepared> {
  onPhase("candles");
  const { instrument, label } = training;
  const { columns, warnings, cautions } = await openCandles(training.source, instrument, training.timeframe, share(onPhase, "candles"));
  const matrix = matrixOf(training, columns.timeframe);
  const plan: DatasetPlan = { instrument, matrix, label, costs };
  const notices = [...warnings];
  onPhase("rows");
  const dataset = buildDataset(plan, columns, {
    calendar: calendarNamed(instrument.calendar),
    maxBytes: training.maxBytes,
    onSize: (rows, bytes) => onPhase(`rows: up to ${rows}, ${(bytes / 2 ** 20).toFixed(1)} MiB`),
    onHoles: (holes, rows) => notices.push(holesText(holes, rows)),
    onProgress: share(onPhase, "rows"),
  });
  const folds = walkForward(dataset, training);
  const family = findFamily(training.family);
  const judgedFrom = dataset.closeTime[folds[0]!.validation[0]!]!;
  const { members, cautions: ofMembers } = resolveMembers(family, training, matrix, judgedFrom);
  const hash = dataHash(plan, columns);
  const name = training.name ?? `${family.name}-${instrument.id}-${matrix.timeframes[0]}`;
  const { seed, settings, minTrain, embargoMs, experience, expiresDays } = training;
  const key = checkpointKey({
    code: codeHash(),
    family: family.name,
    dataHash: hash,
    folds: training.folds,
    minTrain,
    embargoMs,
    seed,
    settings,
    members: members.map((member) => (member.kind === "file" ? createHash("sha256").update(member.bytes).digest("hex") : member)),
    experience: experience === undefined ? null : experienceHash(experience),
    expiresDays: expiresDays ?? null,
    name,
  });
  return {
    training,
    name,
    columns,
    plan,
    dataset,
    folds,
    members,
    dataHash: hash,
    key,
    cautions: [...cautions, ...ofMembers],
    notices,
  };
}

function holesText(holes: readonly Hole[], rows: number): string {
  const [{ from, to }] = holes as readonly [Hole];
  const which = holes.length === 1 ? "" : `, the first of ${holes.length} holes`;
  return `${rows} rows are left out: they look over a stretch that the data lacks, ${isoTime(from)} to ${isoTime(to)}${which}`;
}

function share(onPhase: (phase: string) => void, what: string): (done: number, total: number) => void {
  return (done, total) => onPhase(`${what} ${Math.floor((100 * done) / total)} %`);
}

function experienceHash(experience: Experience): string {
  const hash = createHash("sha256");
  try {
    if (typeof experience === "string") hash.update(readFileSync(experience));
    else for (const entry of experience) hash.update(encodeEntry(entry));
  } catch {
    // Whoever learns from it reads it again, and says what is wrong with it.
  }
  return hash.digest("hex");
}
