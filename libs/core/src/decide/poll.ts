import type { Candle } from "../domain/candle.ts";

/** One member's word on one close. */
export interface Ballot {
  cast: boolean;
  /** -1..1; NaN for an abstention. */
  value: number;
  reason: string;
  stop: number | undefined;
  target: number | undefined;
}

/** What has come in for one close so far. */
export interface Poll {
  closeTime: number;
  candle: Candle | undefined;
  /** In member order. */
  readonly ballots: Ballot[];
  /** Members that have not spoken. */
  missing: number;
}

/** The polls under way, oldest close first; a member may run ahead of another by any number of closes. */
export class Polls {
  private readonly members: number;
  /** Newest first, so that the oldest leaves from the end. */
  private readonly running: Poll[] = [];
  private readonly spare: Poll[] = [];

  constructor(members: number) {
    this.members = members;
  }

  /** The oldest one, if it is complete. */
  complete(): Poll | undefined {
    const oldest = this.running[this.running.length - 1];
    return oldest !== undefined && oldest.missing === 0 && oldest.candle !== undefined ? oldest : undefined;
  }

  /** The poll of a close; begun when it is the first to hear of it. */
  of(closeTime: number): Poll {
    let at = 0;
    while (at < this.running.length && this.running[at]!.closeTime > closeTime) at += 1;
    const found = this.running[at];
    if (found !== undefined && found.closeTime === closeTime) return found;
    const poll = this.spare.pop() ?? emptyPoll(this.members);
    poll.closeTime = closeTime;
    if (at === this.running.length) this.running.push(poll);
    else this.running.splice(at, 0, poll);
    return poll;
  }

  /** Ends the oldest poll; its object serves again. */
  end(): void {
    const poll = this.running.pop()!;
    poll.candle = undefined;
    poll.missing = this.members;
    for (let i = 0; i < this.members; i++) poll.ballots[i]!.cast = false;
    this.spare.push(poll);
  }

  snapshot(): readonly Poll[] {
    return this.running.map((poll) => ({ ...poll, ballots: poll.ballots.map((ballot) => ({ ...ballot })) }));
  }

  restore(polls: readonly Poll[]): void {
    this.running.length = 0;
    for (const poll of polls) this.running.push({ ...poll, ballots: poll.ballots.map((ballot) => ({ ...ballot })) });
  }
}

function emptyPoll(members: number): Poll {
  const ballots = Array.from({ length: members }, () => ({
    cast: false,
    value: Number.NaN,
    reason: "",
    stop: undefined,
    target: undefined,
  }));
  return { closeTime: 0, candle: undefined, ballots, missing: members };
}
