import type { Candle } from "../domain/candle.ts";
import type { Abstention, Action, Decision, Prediction, Signal, Vote } from "../domain/decision.ts";
import type { VariantPlan } from "../domain/plan.ts";
import type { Calendar } from "../market/calendar.ts";
import { Polls, type Ballot, type Poll } from "./poll.ts";
import { copyOf, createRegimeWeights, learnInRegime, moveOn, sharesNow, type RegimeWeights } from "./regime-weights.ts";
import type { Regime } from "./regime.ts";
import { initialWeights, learn, type Weights } from "./weights.ts";

/** What `decide` is told. `close` is the closed candle of the decision timeframe. */
export type DecideEvent =
  | { readonly type: "close"; readonly candle: Candle }
  | { readonly type: "signal"; readonly signal: Signal }
  | { readonly type: "prediction"; readonly prediction: Prediction }
  | { readonly type: "abstention"; readonly abstention: Abstention };

/**
 * The vote of one variant on one instrument: exactly one decision per close, HOLD included, oldest close first, made
 * when the close and one vote or abstention of every member are in, in whatever order and however far ahead they come.
 */
export interface DecideMachine {
  step(event: DecideEvent): readonly Decision[];
  /**
   * Folds a decision of its own found in the log, oldest first: what it had learnt when it made it, and what follows
   * from it. Closes up to there are decided. One made by other members moves the close on and teaches nothing.
   */
  recall(decision: Decision): void;
  snapshot(): unknown;
  restore(state: unknown): void;
}

interface State {
  weights: Weights;
  /** Where weights are learnt by regime; `weights` are then those of all regimes together. */
  regimes: RegimeWeights | undefined;
  lastVotes: Float64Array;
  lastClose: number;
  lastDecided: number;
  closes: number;
}

const NONE: readonly Decision[] = [];

export function createDecide(plan: VariantPlan, calendar: Calendar): DecideMachine {
  const { members } = plan;
  const polls = new Polls(members.length);
  const state: State = {
    weights: initialWeights(members.map((member) => member.weight)),
    regimes: plan.decision.regimes === "none" ? undefined : createRegimeWeights(),
    lastVotes: new Float64Array(members.length).fill(Number.NaN),
    lastClose: 0,
    lastDecided: -Infinity,
    closes: 0,
  };

  function cast(source: string, closeTime: number, value: number, reason: string, stop?: number, target?: number): void {
    if (closeTime <= state.lastDecided) return;
    for (let i = 0; i < members.length; i++) {
      if (members[i]!.source !== source) continue;
      const poll = polls.forWord(closeTime);
      if (poll === undefined) return;
      const ballot = poll.ballots[i]!;
      // The first vote recorded for a close is the one that counts.
      if (ballot.cast) return;
      ballot.cast = true;
      ballot.value = value;
      ballot.reason = reason;
      ballot.stop = stop;
      ballot.target = target;
      poll.missing -= 1;
      return;
    }
  }

  function take(event: DecideEvent): void {
    if (event.type === "close") {
      if (event.candle.closeTime > state.lastDecided) polls.forCandle(event.candle);
    } else if (event.type === "signal") {
      const { source, closeTime, action, confidence, reason, stop, target } = event.signal;
      cast(source, closeTime, action === "HOLD" ? 0 : action === "BUY" ? confidence : -confidence, reason, stop, target);
    } else if (event.type === "prediction") {
      const { source, closeTime, score, modelHash } = event.prediction;
      cast(source, closeTime, score, `score ${Number(score.toFixed(4))} by ${modelHash.slice(0, 8)}`);
    } else {
      cast(event.abstention.source, event.abstention.closeTime, Number.NaN, event.abstention.reason);
    }
  }

  return {
    step(event) {
      take(event);
      let decisions = NONE;
      for (let poll = polls.complete(); poll !== undefined; poll = polls.complete()) {
        const decision = decide(plan, calendar, state, poll);
        decisions = decisions.length === 0 ? [decision] : [...decisions, decision];
        polls.end();
      }
      return decisions;
    },
    recall(decision) {
      recall(plan, state, decision);
      polls.endUntil(state.lastDecided);
    },
    snapshot: () => ({ polls: polls.snapshot(), state: copyState(state) }),
    restore: (saved) => {
      const from = saved as { polls: readonly Poll[]; state: State };
      polls.restore(from.polls);
      Object.assign(state, copyState(from.state));
    },
  };
}

function copyState(state: State): State {
  const { weights, regimes, lastVotes } = state;
  return {
    ...state,
    weights: { ...weights, shares: weights.shares.slice() },
    regimes: regimes && copyOf(regimes),
    lastVotes: lastVotes.slice(),
  };
}

function decide(plan: VariantPlan, calendar: Calendar, state: State, poll: Poll): Decision {
  const { members, decision: rules } = plan;
  const candle = poll.candle!;
  follow(plan, state, candle.close);
  if (state.regimes !== undefined) moveOn(state.regimes, candle.close);
  const shares = inForce(state);
  const { score, voted } = tally(poll.ballots, shares);
  const skipped = state.closes % rules.everyCloses !== 0;
  const action = choose(score, voted, rules.threshold, skipped);
  const made = compose(plan, calendar, shares, poll, action, score, voted, skipped);
  const decision = state.regimes === undefined ? made : { ...made, regime: state.regimes.market.regime };
  for (let i = 0; i < members.length; i++) state.lastVotes[i] = poll.ballots[i]!.value;
  state.lastClose = candle.close;
  state.lastDecided = candle.closeTime;
  state.closes += 1;
  return decision;
}

const learns = ({ members, decision }: VariantPlan): boolean => decision.learningRate > 0 && members.length > 1;

/** Lets the weights follow what the last votes have come to. */
function follow(plan: VariantPlan, state: State, close: number): void {
  const { learningRate, weightFloor } = plan.decision;
  if (!learns(plan) || state.lastClose <= 0) return;
  const { weights, regimes, lastVotes } = state;
  const change = close / state.lastClose - 1;
  if (regimes === undefined) learn(weights, lastVotes, change, learningRate, weightFloor);
  else learnInRegime(regimes, weights, lastVotes, change, learningRate, weightFloor);
}

/** The shares that count now. */
const inForce = ({ weights, regimes }: State): Float64Array => (regimes === undefined ? weights.shares : sharesNow(regimes, weights));

function recall(plan: VariantPlan, state: State, { votes, close, closeTime, regime }: Decision): void {
  if (closeTime <= state.lastDecided) return;
  const ours = votes.length === plan.members.length && votes.every(({ source }, i) => source === plan.members[i]!.source);
  if (ours) follow(plan, state, close);
  if (state.regimes !== undefined) {
    moveOn(state.regimes, close);
    if (regime !== undefined) state.regimes.market.regime = regime as Regime;
  }
  // One made before regimes were told apart teaches them all.
  const shares = regime === undefined ? state.weights.shares : inForce(state);
  for (let i = 0; i < plan.members.length; i++) {
    // The weights it was made with are those that count, however they were learnt.
    if (ours && learns(plan)) shares[i] = votes[i]!.weight;
    state.lastVotes[i] = ours ? (votes[i]!.vote ?? Number.NaN) : Number.NaN;
  }
  state.lastClose = close;
  state.lastDecided = closeTime;
  state.closes += 1;
}

/** Weighted mean of the votes cast. */
function tally(ballots: readonly Ballot[], shares: Float64Array): { score: number; voted: number } {
  let sum = 0;
  let weight = 0;
  let voted = 0;
  for (let i = 0; i < ballots.length; i++) {
    const { value } = ballots[i]!;
    if (value !== value) continue;
    sum += shares[i]! * value;
    weight += shares[i]!;
    voted += 1;
  }
  return { score: weight > 0 ? sum / weight : 0, voted };
}

function choose(score: number, voted: number, threshold: number, skipped: boolean): Action {
  if (voted === 0 || skipped || score === 0 || Math.abs(score) < threshold) return "HOLD";
  return score > 0 ? "BUY" : "SELL";
}

function compose(
  plan: VariantPlan,
  calendar: Calendar,
  shares: Float64Array,
  poll: Poll,
  action: Action,
  score: number,
  voted: number,
  skipped: boolean,
): Decision {
  const { ballots } = poll;
  const candle = poll.candle!;
  const votes = ballots.map((ballot, i) => voteOf(ballot, plan.members[i]!.source, shares[i]!));
  const leader = action === "HOLD" ? undefined : leading(ballots, shares, action);
  const decision: Decision = {
    variant: plan.id,
    instrument: candle.instrument,
    closeTime: candle.closeTime,
    close: candle.close,
    action,
    score,
    votes,
    reason: leader ? leader.reason : voted === 0 ? "no votes" : skipped ? "not a deciding close" : "below threshold",
    validUntil: leader ? expiry(plan, calendar, candle.closeTime) : candle.closeTime,
    entryAllowed: candle.origin === "live",
  };
  if (leader === undefined || (leader.stop === undefined && leader.target === undefined)) return decision;
  const { stop, target } = leader;
  return { ...decision, ...(stop === undefined ? undefined : { stop }), ...(target === undefined ? undefined : { target }) };
}

function voteOf({ value, reason }: Ballot, source: string, weight: number): Vote {
  return { source, vote: value === value ? value : null, weight, reason };
}

/** The weightiest ballot on the winning side; its reason and prices speak for the decision. */
function leading(ballots: readonly Ballot[], shares: Float64Array, action: Action): Ballot | undefined {
  const sign = action === "BUY" ? 1 : -1;
  let best: Ballot | undefined;
  let bestVoice = 0;
  for (let i = 0; i < ballots.length; i++) {
    const ballot = ballots[i]!;
    const voice = ballot.value * sign * shares[i]!;
    if (voice > bestVoice) {
      best = ballot;
      bestVoice = voice;
    }
  }
  return best;
}

/** Close of the n-th bar after this one, by the calendar: a weekend does not age a decision. */
function expiry(plan: VariantPlan, calendar: Calendar, closeTime: number): number {
  let time = closeTime;
  for (let i = 0; i < plan.decision.validForCloses; i++) time = calendar.nextBar(plan.timeframe, time).closeTime;
  return time;
}
