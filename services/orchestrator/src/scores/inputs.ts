import { subjectOf, type MemberWord, type ModelRecord } from "@tradewind/contracts";
import type { ScoreEvent, Scoreboard } from "@tradewind/core";
import type { Inbox } from "@tradewind/kit";
import { createHeadway, type Headway } from "./headway.ts";
import type { ScoredLane } from "./scored.ts";

export interface ScoreInputs {
  readonly board: Scoreboard;
  readonly model: ModelRecord;
  readonly lanes: readonly ScoredLane[];
  /** Hashes of the versions by the token they speak under. */
  readonly voices: ReadonlyMap<string, string>;
  readonly positions: Readonly<Record<string, number>>;
  readonly valid: () => boolean;
  /** A close has been folded. */
  readonly closed: () => void;
  /** Called at the end of each message. */
  readonly taken: () => Promise<void> | undefined;
}

/** Reads the closes of every lane and what the model's versions say on them. */
export async function openInputs(inbox: Inbox, inputs: ScoreInputs): Promise<void> {
  const { lanes, voices } = inputs;
  for (const lane of lanes) {
    const headway = createHeadway();
    await openCloses(inbox, inputs, lane, headway);
    for (const [token, sha256] of voices) await openWords(inbox, inputs, lane, headway, token, sha256);
  }
}

async function openCloses(
  inbox: Inbox,
  { board, positions, valid, closed, taken }: ScoreInputs,
  lane: ScoredLane,
  headway: Headway,
): Promise<void> {
  const { name, venue, instrument, timeframe } = lane;
  const filter = subjectOf("candle", { venue, instrument, timeframe });
  await inbox.open({
    kind: "candle",
    filter,
    from: { after: positions[filter] ?? 0 },
    room: headway.roomForClose,
    take({ data }) {
      if (!valid() || data.type !== "candle") return undefined;
      const { closeTime, close } = data.candle;
      board.step(name, { type: "close", closeTime, close });
      headway.closed(closeTime);
      closed();
      return taken();
    },
  });
}

async function openWords(
  inbox: Inbox,
  { board, model, positions, valid, taken }: ScoreInputs,
  { name, venue, instrument }: ScoredLane,
  headway: Headway,
  token: string,
  sha256: string,
): Promise<void> {
  const filter = subjectOf("prediction", { model: token, venue, instrument });
  await inbox.open({
    kind: "prediction",
    filter,
    from: { after: positions[filter] ?? 0 },
    room: headway.roomForWord,
    take({ data, published }) {
      const event = valid() ? eventOf(data, token === model.id, token === model.id ? leaderAt(model, published) : sha256) : undefined;
      if (event === undefined) return undefined;
      board.step(name, event);
      headway.said(event.closeTime);
      return taken();
    },
  });
}

/** Who was champion at a wall time, as far as the model's history tells. */
function leaderAt({ history }: ModelRecord, at: number): string | undefined {
  return history.find((change) => change.to === "champion" && change.at <= at)?.sha256;
}

/** A prediction names the file it is of; an abstention does not. */
function eventOf(word: MemberWord, leads: boolean, speaker: string | undefined): Extract<ScoreEvent, { type: "word" }> | undefined {
  switch (word.type) {
    case "prediction": {
      const { closeTime, score: vote, probabilities, modelHash: version } = word.prediction;
      return { type: "word", version, leads, closeTime, word: { vote, probabilities } };
    }
    case "abstention":
      return {
        type: "word",
        version: speaker,
        leads,
        closeTime: word.abstention.closeTime,
        word: { vote: undefined },
      };
    case "signal":
      return undefined;
  }
}
