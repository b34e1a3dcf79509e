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
  /** The first `running` are under way, by close time; the rest wait to serve again. */
  private readonly polls: Poll[] = [];
  private running = 0;

  constructor(members: number) {
    this.members = members;
  }

  /** The oldest one, if it is complete. */
  complete(): Poll | undefined {
    if (this.running === 0) return undefined;
    const oldest = this.polls[0]!;
    return oldest.missing === 0 && oldest.candle !== undefined ? oldest : undefined;
  }

  /** Gives a poll its candle. Candles come in order, so whatever is older and has none will never get one: it ends. */
  forCandle(candle: Candle): void {
    let at = this.place(candle.closeTime);
    for (let i = at - 1; i >= 0 && this.polls[i]!.candle === undefined; i--) {
      this.endAt(i);
      at -= 1;
    }
    this.at(candle.closeTime, at).candle ??= candle;
  }

  /** The poll a word is for; undefined when its close can have no candle any more. */
  forWord(closeTime: number): Poll | undefined {
    const at = this.place(closeTime);
    const next = at < this.running ? this.polls[at]! : undefined;
    return next !== undefined && next.closeTime > closeTime && next.candle !== undefined ? undefined : this.at(closeTime, at);
  }

  /** Ends the polls up to a close. */
  endUntil(closeTime: number): void {
    while (this.running > 0 && this.polls[0]!.closeTime <= closeTime) this.end();
  }

  /** Where the poll of a close is, or belongs. */
  private place(closeTime: number): number {
    let at = this.running;
    while (at > 0 && this.polls[at - 1]!.closeTime >= closeTime) at -= 1;
    return at;
  }

  private at(closeTime: number, at: number): Poll {
    return at < this.running && this.polls[at]!.closeTime === closeTime ? this.polls[at]! : this.begin(closeTime, at);
  }

  private begin(closeTime: number, at: number): Poll {
    if (this.running === this.polls.length) this.polls.push(emptyPoll(this.members));
    const poll = this.polls[this.running]!;
    if (at < this.running) {
      this.polls.splice(this.running, 1);
      this.polls.splice(at, 0, poll);
    }
    this.running += 1;
    poll.closeTime = closeTime;
    return poll;
  }

  /** Ends the oldest poll. */
  end(): void {
    this.endAt(0);
  }

  /** Ends a poll; its object serves again. */
  private endAt(at: number): void {
    const poll = this.polls[at]!;
    poll.candle = undefined;
    poll.missing = this.members;
    for (const ballot of poll.ballots) ballot.cast = false;
    if (this.running > 1) this.polls.push(this.polls.splice(at, 1)[0]!);
    this.running -= 1;
  }

  snapshot(): readonly Poll[] {
    return this.polls.slice(0, this.running).map(copyOf);
  }

  restore(polls: readonly Poll[]): void {
    this.polls.length = 0;
    this.polls.push(...polls.map(copyOf));
    this.running = polls.length;
  }
}

function copyOf(poll: Poll): Poll {
  return { ...poll, ballots: poll.ballots.map((ballot) => ({ ...ballot })) };
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
