import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describeMatrix, directionLabels, inputFailure, isFailure, type MatrixPlan } from "@tradewind/core";
import { inspectModel } from "@tradewind/onnx";
import type { CardCaution } from "../card/model.ts";
import { families } from "../learners/registry.ts";
import { completeSettings } from "../learners/settings.ts";
import type { LearnerFamily, Member } from "../learners/learner.ts";
import type { Training } from "./request.ts";

/** Trained first where no members are named: one of each way to look at a matrix. */
const USUAL = ["cnn", "lstm", "gbdt"];

/** What a composed model is made of, and what a person must know of it. `judgedFrom` is the first time that folds are judged by, ms. */
export function resolveMembers(
  family: LearnerFamily,
  { members: named, memberSettings, length }: Pick<Training, "members" | "memberSettings" | "length">,
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
      `settings are given for ${stranger}, which is no member to be trained; members are ${list.join(", ")}`,
    );
  const members = list.map((text): Member => {
    const known = Object.hasOwn(families, text) ? families[text] : undefined;
    if (known?.composed === true)
      throw inputFailure("BAD_MEMBER", `member "${text}" is made of members itself; name a plain family or a file`);
    if (known !== undefined)
      return {
        kind: "family",
        name: known.name,
        settings: completeSettings(known, { ...lengthOf(known, length), ...memberSettings[text] }),
      };
    return readMember(text, matrix, judgedFrom, cautions);
  });
  return { members, cautions };
}

/** What `--epochs` says, as the family calls it. */
export function lengthOf({ lengthSetting }: LearnerFamily, length: number | undefined): Readonly<Record<string, number>> {
  return length === undefined || lengthSetting === undefined ? {} : { [lengthSetting]: length };
}

function readMember(file: string, matrix: MatrixPlan, judgedFrom: number, cautions: CardCaution[]): Member {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    if (isFailure(error)) throw error;
    const known = Object.keys(families).join(", ");
    throw inputFailure("MODEL_FILE_MISSING", `member "${file}" is neither a file that can be read nor one of ${known}; correct --members`);
  }
  const { metadata } = inspectModel(bytes, `member ${basename(file)}`);
  if (describeMatrix(metadata.matrix) !== describeMatrix(matrix))
    throw inputFailure(
      "MEMBER_MATRIX",
      `member ${basename(file)} takes another feature matrix (${metadata.matrix.timeframes.join(",")} x ${metadata.matrix.window}) than this training (${matrix.timeframes.join(",")} x ${matrix.window}); give --timeframes and --window that fit it`,
    );
  if (metadata.labels.join() !== directionLabels.join())
    throw inputFailure(
      "MEMBER_LABELS",
      `member ${basename(file)} gives ${metadata.labels.join(", ")}, members must give ${directionLabels.join(", ")}`,
    );
  const seenTo = Date.parse(metadata.notes["training_range"]?.split("/")[1] ?? "");
  if (!(seenTo <= judgedFrom))
    cautions.push({
      code: "MEMBER_HAS_SEEN",
      detail: `Member ${basename(file)} ${Number.isNaN(seenTo) ? "may have" : "has"} learnt from rows that it is judged by here, which flatters every figure.`,
    });
  return { kind: "file", name: basename(file), bytes };
}
