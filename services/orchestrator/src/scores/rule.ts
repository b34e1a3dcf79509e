import { championOf, withState, type ModelRecord } from "@tradewind/contracts";
import type { Judgement, PromotionRules } from "@tradewind/core";
import { updateModel, type ServiceContext } from "@tradewind/kit";

/** Who acts, in the history of a model. */
export const RULE = "promotion rule";

/** What the rule does with a model. `sha256` is the version whose state changes by it. */
export interface Act {
  readonly action: "promote" | "roll_back" | "retire";
  readonly sha256: string;
  readonly reason: string;
}

/** The shadow that the rule took from the champion's place, while it is on probation. */
export function formerOf(model: ModelRecord): string | undefined {
  const { history, versions } = model;
  const crowned = history.find(({ to }) => to === "champion");
  const deposed = history.find(({ at, by, from, to }) => at === crowned?.at && by === RULE && from === "champion" && to === "shadow");
  return versions.find(({ sha256, state }) => sha256 === deposed?.sha256 && state === "shadow")?.sha256;
}

/** Each shadow is a process; trainings that repeat would add one after the other. */
const SHADOWS_MOST = 3;

/**
 * What is to be done; undefined when all stays as it is. A better former champion comes before a better shadow. Of too
 * many shadows the least good of those that have been compared retires.
 */
export function actOf({ verdicts, probationOver }: Judgement, former: string | undefined, rules: PromotionRules): Act | undefined {
  const proven = [...verdicts].filter(([, { action }]) => action !== "keep");
  const certainty = ([, { mean, standardError }]: (typeof proven)[number]): number => mean / standardError;
  const [first] = proven.sort((a, b) => Number(b[0] === former) - Number(a[0] === former) || certainty(b) - certainty(a));
  if (first !== undefined) return { action: first[1].action as "promote" | "roll_back", sha256: first[0], reason: first[1].reason };
  if (former !== undefined && probationOver)
    return { action: "retire", sha256: former, reason: `its probation of ${rules.probationCloses} closes is over` };
  if (verdicts.size <= SHADOWS_MOST) return undefined;
  const compared = [...verdicts].filter(([sha256, { closes }]) => sha256 !== former && closes >= rules.leastCloses);
  const [last] = compared.sort((a, b) => a[1].mean - b[1].mean);
  return last && { action: "retire", sha256: last[0], reason: `the least good of more than ${SHADOWS_MOST} shadows: ${last[1].reason}` };
}

/**
 * Changes the model's record, unless somebody has changed it meanwhile so that the judgement is of others: of two
 * instances one promotes. Gives whether it did.
 */
export async function carryOut({ bus }: ServiceContext, model: ModelRecord, act: Act): Promise<boolean> {
  const champion = championOf(model)?.sha256;
  let done = false;
  await updateModel(bus, model.id, (present) => {
    done = false;
    if (present === undefined || championOf(present)?.sha256 !== champion) return present;
    if (present.versions.find(({ sha256 }) => sha256 === act.sha256)?.state !== "shadow") return present;
    done = true;
    const note = { by: RULE, reason: act.reason, at: Date.now() };
    if (act.action === "retire") return withState(present, act.sha256, "retired", note);
    return withState(present, act.sha256, "champion", note, act.action === "promote" ? "shadow" : "retired");
  });
  return done;
}
