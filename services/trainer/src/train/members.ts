import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describeMatrix, directionLabels, inputFailure, type MatrixPlan } from "@tradewind/core";
import { inspectModel } from "@tradewind/onnx";
import type { CardCaution } from "../card/model.ts";
import { families } from "../learners/registry.ts";
import { completeSettings, lengthOf } from "../learners/settings.ts";
import type { LearnerFamily, Member, NamedFile } from "../learners/learner.ts";

/** Trained first where no members are named: one of each way to look at a matrix. */
const USUAL = ["cnn", "lstm", "gbdt"];

/** What is asked of a training's members. */
interface MembersWish {
  readonly members: readonly (string | NamedFile)[];
  readonly memberSettings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly length: number | undefined;
}

/** What a composed model is made of, and what a person must know of it. `judgedFrom` is the first time that folds are judged by, ms. */
export function resolveMembers(
  family: LearnerFamily,
  { members: named, memberSettings, length }: MembersWish,
  matrix: MatrixPlan,
  judgedFrom: number,
): { readonly members: readonly Member[]; readonly cautions: readonly CardCaution[] } {
  if (family.composed !== true) return { members: [], cautions: [] };
  const cautions: CardCaution[] = [];
  const list = named.length === 0 ? USUAL : named;
  const stranger = Object.keys(memberSettings).find((name) => !list.includes(name));
  if (stranger !== undefined)
    throw inputFailure(
      "UNKNOWN_SETTING",
      `settings are given for ${stranger}, which is no member to be trained; members are ${list.map((one) => (typeof one === "string" ? one : one.name)).join(", ")}`,
    );
  const members = list.map((one): Member => {
    if (typeof one !== "string") return checkedMember(one, matrix, judgedFrom, cautions);
    const known = Object.hasOwn(families, one) ? families[one] : undefined;
    if (known === undefined) return checkedMember(readMember(one), matrix, judgedFrom, cautions);
    if (known.composed === true)
      throw inputFailure("BAD_MEMBER", `member "${one}" is made of members itself; name a plain family or a model`);
    const settings = completeSettings(known, { ...lengthOf(known, length), ...memberSettings[one] });
    return { kind: "family", name: known.name, settings };
  });
  return { members, cautions };
}

function readMember(file: string): NamedFile {
  try {
    return { name: basename(file), bytes: readFileSync(file) };
  } catch {
    const known = Object.keys(families).join(", ");
    throw inputFailure("MODEL_FILE_MISSING", `member "${file}" is neither a file that can be read nor one of ${known}; correct --members`);
  }
}

function checkedMember({ name, bytes }: NamedFile, matrix: MatrixPlan, judgedFrom: number, cautions: CardCaution[]): Member {
  const { metadata } = inspectModel(bytes, `member ${name}`);
  if (describeMatrix(metadata.matrix) !== describeMatrix(matrix))
    throw inputFailure(
      "MEMBER_MATRIX",
      `member ${name} takes another feature matrix (${metadata.matrix.timeframes.join(",")} x ${metadata.matrix.window}) than this training (${matrix.timeframes.join(",")} x ${matrix.window}); give timeframes and window that fit it`,
    );
  if (metadata.labels.join() !== directionLabels.join())
    throw inputFailure(
      "MEMBER_LABELS",
      `member ${name} gives ${metadata.labels.join(", ")}, members must give ${directionLabels.join(", ")}`,
    );
  const seenTo = Date.parse(metadata.notes["training_range"]?.split("/")[1] ?? "");
  if (!(seenTo <= judgedFrom))
    cautions.push({
      code: "MEMBER_HAS_SEEN",
      detail: `Member ${name} ${Number.isNaN(seenTo) ? "may have" : "has"} learnt from rows that it is judged by here, which flatters every figure.`,
    });
  return { kind: "file", name, bytes };
}
