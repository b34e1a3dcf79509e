import type { ServiceAnswer, StatusAnswer, VariantAnswer } from "../answers.ts";
import { gatewayOf, gatewayOptions } from "../client.ts";
import { exitCodes, type Command } from "../command.ts";
import { counted, noMoreThan, show } from "../support.ts";

export const status: Command = {
  name: "status",
  summary: "Show what a running system does: services, variants, problems",
  usage: "",
  options: gatewayOptions,
  async run(args, io) {
    noMoreThan(args, 0);
    const answer = await gatewayOf(args, io).get<StatusAnswer>("/api/status");
    io.out(args.flag("json") ? `${JSON.stringify(answer)}\n` : statusText(answer, Date.now()));
    return exitCodes.done;
  },
};

function statusText({ run, clock, simulated, speed, marketTime, services, variants, problems }: StatusAnswer, now: number): string {
  const market = simulated ? `SIMULATED MARKET${speed === null ? "" : `, ${speed} times real time`}` : "market data of venues";
  const time = marketTime === null ? "" : `, ${new Date(marketTime).toISOString().replace(/\.\d+Z$/, "Z")}`;
  // Files that never ran are for "variants list".
  const seen = variants.filter(({ revision, problem }) => revision > 0 || problem !== undefined);
  return [
    `run ${run}, clock of ${clock}, ${market}${time}`,
    "",
    ...seen.map(variantLine),
    ...(seen.length === 0 ? ["no variant has run; start one with: tradewind variants start ID"] : []),
    "",
    ...services.flatMap((service) => serviceLines(service, now)),
    ...(problems.length === 0 ? [] : ["", "PROBLEMS", ...problems.map((text) => `  ${text}`)]),
    "",
  ].join("\n");
}

/** One variant in one line, as `status` and `variants list` show it. */
export function variantLine(variant: VariantAnswer): string {
  const { id, enabled, revision, label, state, stateReason, equity, currency, profitPct, positions = [], openOrders, problem } = variant;
  const parts = [
    enabled ? (label ?? "").toUpperCase() : "stopped",
    state === undefined || state === "ACTIVE" ? "" : `${state}${stateReason ? ` (${stateReason})` : ""}`,
    equity === undefined
      ? ""
      : `${show(equity)} ${currency ?? ""}${profitPct === undefined ? "" : ` (${profitPct >= 0 ? "+" : ""}${show(profitPct)} %)`}`,
    positions.map(({ instrument, quantity, profit }) => `${quantity} ${instrument} (${profit >= 0 ? "+" : ""}${show(profit)})`).join(", "),
    openOrders ? counted(openOrders, "open order") : "",
    revision > 1 ? `revision ${revision}` : "",
    problem === undefined ? "" : `PROBLEM: ${problem}`,
  ];
  return `${id}  ${parts.filter((part) => part !== "").join(", ")}`;
}

function serviceLines({ service, instance, state, at, partitions, notes, pid, memoryMb }: ServiceAnswer, now: number): string[] {
  const quiet = now - at > 3_000 ? `, last word ${show((now - at) / 1000, 0)} s ago` : "";
  const work = partitions.length === 0 ? "" : `: ${partitions.join(", ")}`;
  return [
    `${service} ${state}, pid ${pid}, ${memoryMb} MB${quiet}${work}${instance === service ? "" : `  [${instance}]`}`,
    ...notes.slice(0, 3).map((note) => `  ${new Date(note.at).toISOString().slice(11, 19)} ${note.text}`),
  ];
}
