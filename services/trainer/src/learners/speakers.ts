import { createHash } from "node:crypto";
import { basename } from "node:path";
import { rowsBefore } from "@tradewind/core";
import { inspectModel, openModelSession } from "@tradewind/onnx";
import type { CardCaution } from "../card/model.ts";
import type { About, FitSummary, Learner, LearnerFamily, LearnerOptions, Lesson, Member, Tell } from "./learner.ts";
import { inChunks, labelsOf } from "./rows.ts";

/** The members of a composed learner: trained one after the other, or read from files. */
export interface Speakers {
  readonly names: readonly string[];
  /** Rows by which what is above the members is set: later ones that no member has seen, where there are any. */
  readonly rows: Int32Array;
  readonly labels: Int32Array;
  /** Trains those that are to be trained, from where they stand. */
  fit(tell: Tell): Promise<readonly string[]>;
  /** What each says of those rows, [rows x classes]. */
  predictions(): Promise<Float32Array[]>;
  /** What each says of raw matrices. */
  said(matrices: Float32Array, rows: number): Promise<Float32Array[]>;
  hashes(): string[];
  /** The members as files, to be put into one. */
  files(about: About): Promise<{ readonly name: string; readonly file: Uint8Array }[]>;
  snapshot(): unknown;
  restore(saved: unknown): Promise<void>;
  /** What the rows are worth for that. */
  readonly cautions: readonly CardCaution[];
  release(): Promise<void>;
}

interface Speaker {
  readonly name: string;
  fit(tell: Tell): Promise<FitSummary | undefined>;
  said(matrices: Float32Array, rows: number): Promise<Float32Array>;
  hash(): string;
  file(about: About): Promise<Uint8Array>;
  snapshot(): unknown;
  restore(saved: unknown): Promise<void>;
  release(): Promise<void>;
}

export async function openSpeakers(
  lesson: Lesson,
  { members, seed, experience }: LearnerOptions,
  familyOf: (name: string) => LearnerFamily,
): Promise<Speakers> {
  const { dataset } = lesson;
  const { own, rows, cautions } = splitLesson(lesson);
  const speakers: Speaker[] = [];
  const release = async (): Promise<void> => {
    for (const speaker of speakers) await speaker.release();
  };
  try {
    for (const [i, member] of members.entries()) {
      const name = `${i + 1}-${nameOf(member)}`;
      if (member.kind === "file") speakers.push(await fileSpeaker(name, member.bytes));
      else
        speakers.push(
          learnerSpeaker(name, await familyOf(member.name).open(own, { settings: member.settings, seed, members: [], experience })),
        );
    }
  } catch (error) {
    await release();
    throw error;
  }
  const all = async (matrices: Float32Array, count: number): Promise<Float32Array[]> => {
    const said: Float32Array[] = [];
    for (const speaker of speakers) said.push(await speaker.said(matrices, count));
    return said;
  };
  return {
    names: speakers.map(({ name }) => name),
    rows,
    labels: labelsOf(dataset, rows),
    cautions,
    async fit(tell) {
      const notices: string[] = [];
      for (const [i, speaker] of speakers.entries()) {
        const share = (progress: number): number => Math.round((1_000 * (i + progress)) / speakers.length);
        const summary = await speaker.fit((progress) =>
          tell({ ...progress, phase: `${speaker.name}, ${progress.phase}`, done: share(progress.done / progress.total), total: 1_000 }),
        );
        notices.push(...(summary?.notices ?? []).map((notice) => `${speaker.name}: ${notice}`));
      }
      return notices;
    },
    async predictions() {
      const said: Float32Array[] = [];
      for (const speaker of speakers) said.push(await inChunks(dataset, rows, (x, count) => speaker.said(x, count)));
      return said;
    },
    said: all,
    hashes: () => speakers.map((speaker) => speaker.hash()),
    files: (about) => Promise.all(speakers.map(async (speaker) => ({ name: speaker.name, file: await speaker.file(about) }))),
    snapshot: () => speakers.map((speaker) => speaker.snapshot()),
    async restore(saved) {
      for (const [i, one] of (saved as unknown[]).entries()) await speakers[i]!.restore(one);
    },
    release,
  };
}

/**
 * The first half of the later rows is for members to stop early by, the second for what is above them, so that it is set
 * by what they say of rows that have not moved them.
 */
export function splitLesson(lesson: Lesson): {
  readonly own: Lesson;
  readonly rows: Int32Array;
  readonly cautions: readonly CardCaution[];
} {
  const { dataset, train, validation } = lesson;
  if (validation.length < 2) return { own: { ...lesson, validation: validation.subarray(0, 0) }, rows: train, cautions: [OWN_ROWS] };
  const rows = validation.subarray(validation.length >> 1);
  const before = new Set(rowsBefore(dataset, rows, 0));
  const earlier = validation.subarray(0, validation.length >> 1).filter((row) => before.has(row));
  return { own: { ...lesson, validation: earlier }, rows, cautions: [] };
}

const OWN_ROWS: CardCaution = {
  code: "MEMBERS_JUDGED_BY_OWN_ROWS",
  detail: "No rows could be held back from the members: what is above them was set by the rows they learnt from. Give more candles.",
};

function nameOf(member: Member): string {
  return basename(member.name, ".onnx")
    .replace(/[^A-Za-z0-9_-]/g, "_")
    .slice(0, 30);
}

function learnerSpeaker(name: string, learner: Learner): Speaker {
  return {
    name,
    fit: (tell) => learner.fit(tell),
    said: (matrices, rows) => learner.probabilities(matrices, rows),
    hash: () => learner.weightsHash(),
    file: (about) => learner.export(about),
    snapshot: () => learner.snapshot(),
    restore: (saved) => learner.restore(saved),
    release: () => learner.release(),
  };
}

async function fileSpeaker(name: string, bytes: Uint8Array): Promise<Speaker> {
  const model = inspectModel(bytes, `member ${name}`);
  const session = await openModelSession(model);
  return {
    name,
    fit: () => Promise.resolve(undefined),
    said: (matrices, rows) => session.run(matrices, rows),
    hash: () => createHash("sha256").update(bytes).digest("hex"),
    file: () => Promise.resolve(bytes),
    snapshot: () => undefined,
    restore: () => Promise.resolve(),
    release: () => session.release(),
  };
}
