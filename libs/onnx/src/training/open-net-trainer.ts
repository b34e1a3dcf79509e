import { inputFailure } from "@tradewind/core";
import { initialParameters, parametersOf, settingsOf } from "../families/family.ts";
import { netFamilies } from "../families/registry.ts";
import { checkOptions } from "./check-input.ts";
import type { NetPlan } from "./graphs.ts";
import type { NetTrainer, NetTrainerOptions } from "./net-trainer.ts";
import { checkNormaliser } from "./normalise.ts";

/**
 * Makes a net with seeded weights and opens it for training; the runtime's library is loaded by the first call. Throws
 * `NET_FAMILY`, `NET_SETTING`, `NORMALISER`, `TRAINER_OPTIONS`.
 */
export async function openNetTrainer(options: NetTrainerOptions): Promise<NetTrainer> {
  checkOptions(options);
  const plan = planOf(options);
  const { runningTrainer } = await import("./running-trainer.ts");
  return runningTrainer(options, plan, initialParameters(plan.specs, options.seed));
}

function planOf({ family: name, settings: given = {}, shape, labels, normaliser }: NetTrainerOptions): NetPlan {
  const family = Object.hasOwn(netFamilies, name) ? netFamilies[name] : undefined;
  if (family === undefined)
    throw inputFailure("NET_FAMILY", `"${name}" is no family of nets; there are ${Object.keys(netFamilies).join(", ")}`);
  checkNormaliser(normaliser, shape);
  const outputs = labels.length;
  return { family, settings: settingsOf(family, given), shape, normaliser, outputs, specs: parametersOf(family, shape, outputs, given) };
}
