import { basename } from "node:path";
import { inputFailure } from "@tradewind/core";
import { listVariants, loadVariant, nearest, type LoadedVariant } from "@tradewind/config";
import { variantsFolder } from "../settings.ts";

/**
 * Variants of the folder by id, by file, or by a text with * in it. Only mode paper runs from here: others are
 * refused by name and left out of patterns. Throws every fault of a variant that is named.
 */
export function chooseVariants(configDir: string, wanted: readonly string[]): readonly LoadedVariant[] {
  const folder = variantsFolder(configDir);
  const files = listVariants(folder);
  const chosen = new Map<string, LoadedVariant>();
  for (const want of wanted) {
    const pattern = want.includes("*");
    const id = basename(want, ".json");
    const found = files.filter((file) => (pattern ? globOf(want).test(file.id) : file.id === id));
    if (found.length === 0) {
      const meant = nearest(
        id,
        files.map((file) => file.id),
      );
      throw inputFailure(
        "VARIANT_MISSING",
        `no variant "${want}" in ${folder};${meant === undefined ? "" : ` did you mean ${meant}?`} "tradewind variants list" shows them`,
      );
    }
    for (const { id: known, path } of found) {
      const variant = pattern ? loadedOrNone(path) : loadVariant(path);
      if (variant === undefined) continue;
      if (variant.plan.mode === "paper") chosen.set(known, variant);
      else if (!pattern)
        throw inputFailure(
          "NOT_PAPER",
          `variant ${known} is of mode ${variant.plan.mode}; "start" trades paper money only: set variants.mode to paper`,
        );
    }
  }
  return [...chosen.values()];
}

function globOf(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`);
}

/** A file that a pattern covers and that has a fault is the gateway's to tell: the others run. */
function loadedOrNone(path: string): LoadedVariant | undefined {
  try {
    return loadVariant(path);
  } catch {
    return undefined;
  }
}
