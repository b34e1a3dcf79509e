import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Figure } from "../figure.ts";
import { median } from "../measure.ts";
import type { RoundOrder, RoundReport } from "./side.ts";
import { BATCH, nets, type NetName } from "./task.ts";

const ROUNDS = 5;
const STEPS = 20;
const SIDES = ["ours", "tfjs_wasm"] as const;
type SideName = (typeof SIDES)[number];
/** Both sides train the same net on the same batches from the same weights. */
const MOST_LOSS_DIFFERENCE = 1e-3;

/** Training a net here beside TensorFlow.js on WebAssembly: same sizes, weights and batches, rounds in turn. */
export async function trainingFigures(say: (text: string) => void): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const net of nets) {
    say(`training: ${net}`);
    figures.push(...figuresOf(net, await measure(net)));
  }
  return figures;
}

type Reports = Readonly<Record<SideName, RoundReport[]>>;

async function measure(net: NetName): Promise<Reports> {
  const children = await Promise.all(SIDES.map((side) => start(side, net)));
  try {
    const reports: Reports = { ours: [], tfjs_wasm: [] };
    // The first round warms up, and is where the losses are compared.
    for (let round = 0; round <= ROUNDS; round++) {
      const losses: number[] = [];
      for (const [i, side] of SIDES.entries()) {
        const report = await ask(children[i]!, { steps: STEPS });
        losses.push(report.loss);
        if (round > 0) reports[side].push(report);
      }
      if (Math.abs(losses[0]! - losses[1]!) > MOST_LOSS_DIFFERENCE)
        throw new Error(`${net} lost ${losses.join(" and ")} on the two sides; they no longer train the same net`);
    }
    return reports;
  } finally {
    for (const child of children) child.kill();
  }
}

async function start(side: SideName, net: NetName): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, "side.ts"), [side, net], { stdio: ["ignore", "ignore", "ignore", "ipc"] });
  await answer(child);
  return child;
}

function ask(child: ChildProcess, order: RoundOrder): Promise<RoundReport> {
  child.send(order);
  return answer(child) as Promise<RoundReport>;
}

async function answer(child: ChildProcess): Promise<unknown> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`a side of the training bench ended with ${String(code)}: node ${child.spawnargs.slice(1).join(" ")}`);
  });
  const [message] = (await Promise.race([once(child, "message"), ended])) as [unknown];
  return message;
}

function figuresOf(net: NetName, reports: Reports): Figure[] {
  const samples = STEPS * BATCH;
  const name = (side: SideName, what = ""): string => `training.${net}${side === "ours" ? "" : `.${side}`}${what}`;
  const speed = (side: SideName): Figure => {
    const cpuUs = median(reports[side].map((round) => round.cpuUs));
    const wallMs = median(reports[side].map((round) => round.wallMs));
    const cpuMs = cpuUs / 1000;
    return { name: name(side), value: (samples / cpuUs) * 1e6, unit: "samples/CPU s", wallMs, cpuMs, counts: { rounds: ROUNDS, samples } };
  };
  const cost = (side: SideName): Figure => ({
    name: name(side, ".cost"),
    value: median(reports[side].map((round) => round.cpuUs)) / samples,
    unit: "CPU us/sample",
  });
  const memory = (side: SideName): Figure => ({
    name: name(side, ".memory"),
    value: Math.max(...reports[side].map(({ peakMb }) => peakMb)),
    unit: "MiB peak resident",
  });
  return [speed, cost, memory].flatMap((figureOf) => {
    const [ours, theirs] = [figureOf("ours"), figureOf("tfjs_wasm")];
    return [{ ...ours, against: theirs.name, ratio: ours.value / theirs.value }, theirs];
  });
}
