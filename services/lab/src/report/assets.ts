import { readFileSync } from "node:fs";
import { zoomScript } from "@tradewind/plots";

const asset = (name: string) => readFileSync(new URL(`./assets/${name}`, import.meta.url), "utf8");

/** Rules of the report alone. */
export const styleSheet = asset("report.css");

/** The page's one script: the time plots, then the trade list. */
export const script = zoomScript(asset("trades.js"));
