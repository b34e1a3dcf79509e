import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dateTime, fixed, money, NONE, percent, quantity, signedMoney, signedPercent, tone } from "./format.ts";
import * as axes from "./plots/axes.ts";
import * as geometry from "./plots/geometry.ts";

const asset = (name: string) => readFileSync(new URL(`./assets/${name}`, import.meta.url), "utf8");

/** The page's style sheet. */
export const styleSheet = asset("page.css");

/** Functions that the page carries as they are here; each refers to nothing but the others, MINUS and NONE. */
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

/** The page's one script: the shared functions, then the plots and the trade list. */
export const script = `(() => {
"use strict";
const MINUS = "\\u2212", NONE = ${JSON.stringify(NONE)};
${shared.map(String).join("\n")}
${asset("plots.js")}
${asset("trades.js")}
})();`;

/** The script's source expression for the content security policy: nothing else on the page may run. */
export const scriptHash = `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
