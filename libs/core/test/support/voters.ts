import {
  calendarNamed,
  createDecide,
  createPrng,
  type DecideMachine,
  type Decision,
  type MemberPlan,
  type VariantPlan,
} from "../../src/index.ts";
import { flat, instrument, MINUTE, plan as planWith, T0 } from "./builders.ts";

export const FLOOR = 0.05;
export const names = ["a", "b", "c", "d"];
const member = (source: string): MemberPlan => ({ source, kind: "model", name: source, parameters: {}, weight: 1 });

/** A variant in which four models vote. */
export function voters(regimes: VariantPlan["decision"]["regimes"], learningRate = 0.3): DecideMachine {
  const decision = { threshold: 0.1, everyCloses: 1, validForCloses: 1, learningRate, weightFloor: FLOOR, regimes };
  return createDecide(planWith([instrument("spot")], { members: names.map(member), decision }), calendarNamed("crypto-24-7"));
}

/** The decision on a close with every member's vote on it; NaN abstains. */
export function close(machine: DecideMachine, bar: number, price: number, votes: readonly number[]): Decision {
  const about = { instrument: "BTC-USD", closeTime: T0 + (bar + 1) * MINUTE };
  const word = { confidence: 1, modelHash: "0123456789", featureSchema: "00" };
  const made = [...machine.step({ type: "close", candle: flat(bar, price) })];
  for (const [i, score] of votes.entries())
    made.push(
      ...machine.step(
        Number.isNaN(score)
          ? { type: "abstention", abstention: { ...about, source: names[i]!, reason: "expired" } }
          : { type: "prediction", prediction: { ...about, ...word, source: names[i]!, score } },
      ),
    );
  if (made.length !== 1) throw new Error(`${made.length} decisions on bar ${bar}`);
  return made[0]!;
}

/** All are right six times out of ten; from bar `turn` on the first says the opposite of what is. Its weight at each bar. */
export function weightsOfTurncoat(regimes: VariantPlan["decision"]["regimes"], seed: number, turn: number, bars: number): number[] {
  const machine = voters(regimes, 0.05);
  const prng = createPrng(seed);
  const weights: number[] = [];
  let price = 100;
  for (let bar = 0; bar < bars; bar++) {
    const change = prng.normal() * 0.002;
    const right = Math.sign(change);
    const votes = names.map(() => (prng.chance(0.6) ? right : -right) * 0.8);
    if (bar >= turn) votes[0] = (prng.chance(0.8) ? -right : right) * 0.8;
    weights.push(close(machine, bar, price, votes).votes[0]!.weight);
    price *= 1 + change;
  }
  return weights;
}
