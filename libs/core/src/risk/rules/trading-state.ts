import { stricter } from "../state.ts";
import type { EntryRule } from "../rule.ts";

/** No entry while the variant, its account or the portfolio is REDUCING or HALTED. */
export const tradingState: EntryRule = {
  name: "trading_state",
  level: "account",
  gate: ({ desk, variant }) => {
    let state = "ACTIVE" as ReturnType<typeof stricter>;
    const reasons: string[] = [];
    for (const scope of ["portfolio", "account", `variant:${variant.plan.id}`]) {
      const found = desk.state.scopes.get(scope);
      if (found === undefined || found.state === "ACTIVE") continue;
      state = stricter(state, found.state);
      reasons.push(`${scope} ${found.state}: ${found.reason}`);
    }
    return state === "ACTIVE" ? undefined : { code: `STATE_${state}`, detail: reasons.join("; ") };
  },
};
