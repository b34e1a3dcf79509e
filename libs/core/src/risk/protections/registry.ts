import { cooldown } from "./cooldown.ts";
import { lowProfit } from "./low-profit.ts";
import { maxDrawdownLock } from "./max-drawdown.ts";
import { stoplossGuard } from "./stoploss-guard.ts";
import type { Protection } from "./protection.ts";

/** Every protection by kind. */
export const protections: Readonly<Record<string, Protection>> = {
  [cooldown.kind]: cooldown,
  [stoplossGuard.kind]: stoplossGuard,
  [maxDrawdownLock.kind]: maxDrawdownLock,
  [lowProfit.kind]: lowProfit,
};
