/** When a shadow takes the champion's place. */
export interface PromotionRules {
  /** Closes on which both have spoken before they are compared. */
  readonly leastCloses: number;
  /** Standard errors its mean result must lie above the champion's. */
  readonly margin: number;
  /** Closes after a promotion on which the former champion runs on as a shadow and may come back. */
  readonly probationCloses: number;
}

export interface PromotionCase {
  /** Results of the shadow less those of the champion, on closes on which both spoke. */
  readonly differences: readonly number[];
  /** The shadow was champion before this one, and is on probation still. */
  readonly former: boolean;
  readonly rules: PromotionRules;
}

export interface PromotionVerdict {
  readonly action: "keep" | "promote" | "roll_back";
  /** One line. */
  readonly reason: string;
  readonly closes: number;
  /** Mean difference and its standard error, in usual returns per close. */
  readonly mean: number;
  readonly standardError: number;
}

/** A paired comparison over closes on which both spoke; the former champion comes back by the same rule. */
export function promotionVerdict({ differences, former, rules }: PromotionCase): PromotionVerdict {
  const closes = differences.length;
  const { mean, standardError } = meanOf(differences);
  const say = (action: PromotionVerdict["action"], reason: string): PromotionVerdict => ({ action, reason, closes, mean, standardError });
  if (closes < rules.leastCloses) return say("keep", `both have spoken on ${closes} closes, ${rules.leastCloses} are needed`);
  const found = `over ${closes} closes its mean result is ${place(mean)}, ${errors(mean, standardError)}; ${Number(rules.margin.toFixed(2))} are needed`;
  if (!(mean > 0 && mean > rules.margin * standardError)) return say("keep", found);
  return say(former ? "roll_back" : "promote", found);
}

export function meanOf(values: readonly number[]): { readonly mean: number; readonly standardError: number } {
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    sum += value;
    squares += value * value;
  }
  return meanFrom(values.length, sum, squares);
}

/** Mean and standard error by sums; NaN where there are too few. */
export function meanFrom(count: number, sum: number, squares: number): { readonly mean: number; readonly standardError: number } {
  const mean = sum / count;
  return { mean, standardError: count < 2 ? Number.NaN : Math.sqrt(Math.max(0, squares / count - mean * mean) / (count - 1)) };
}

function place(mean: number): string {
  return `${Math.abs(mean).toFixed(3)} usual returns ${mean < 0 ? "below" : "above"} the champion's`;
}

function errors(mean: number, standardError: number): string {
  return standardError > 0 ? `${Math.abs(mean / standardError).toFixed(1)} standard errors` : "without any spread";
}
