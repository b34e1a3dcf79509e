import { readFileSync } from "node:fs";
import * as axes from "./axes.ts";
import { dateTime, fixed, money, NONE, percent, quantity, signedMoney, signedPercent, tone } from "./format.ts";
import * as geometry from "./geometry.ts";

/** Functions that a page carries as they are here; each refers to nothing but the others, MINUS and NONE. */
const shared = [
  ...Object.values(geometry),
  ...Object.values(axes),
  fixed,
  money,
  quantity,
  percent,
  signedPercent,
  signedMoney,
  dateTime,
  tone,
];

const timePlots = readFileSync(new URL("./assets/time-plots.js", import.meta.url), "utf8");

/**
 * The script that makes a page's time plots zoom and read out: it finds `plotData` of each in the JSON of `#data`, as
 * `plots`. `more` runs after it, with the same functions at hand.
 */
export function zoomScript(more: string): string {
  return `(() => {
"use strict";
const MINUS = "\\u2212", NONE = ${JSON.stringify(NONE)};
${shared.map(String).join("\n")}
${timePlots}
${more}
})();`;
}
