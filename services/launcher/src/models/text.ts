import type { JobAnswer, ModelAnswer, ModelStatsAnswer, ModelVersionAnswer } from "../answers.ts";
import { counted, show } from "../support.ts";

export const short = (sha256: string): string => sha256.slice(0, 8);
const minute = (time: number): string => `${new Date(time).toISOString().slice(0, 16)}Z`;

/** A model in one line. */
export function modelLine({ id, champion, device, pinned, limitMb, versions, problem }: ModelAnswer): string {
  if (problem !== undefined) return `${id}  PROBLEM: ${problem}`;
  const speaking = versions.find(({ sha256 }) => sha256 === champion);
  const shadows = versions.filter(({ state }) => state === "shadow").length;
  const parts = [
    speaking === undefined ? "no champion: it abstains" : `champion ${short(speaking.sha256)}${familyOf(speaking)}`,
    shadows === 0 ? "" : counted(shadows, "shadow"),
    counted(versions.length, "version"),
    device,
    pinned ? "pinned" : "",
    limitMb === undefined ? "" : `at most ${limitMb} MiB`,
  ];
  return `${id}  ${parts.filter((part) => part !== "").join(", ")}`;
}

const familyOf = ({ version, notes }: ModelVersionAnswer): string => ` (${[notes["family"], version].filter(Boolean).join(" ")})`;

/** A model with its versions and what happened to them. */
export function modelText(model: ModelAnswer): string {
  const lines = [modelLine(model), ""];
  for (const version of model.versions) {
    const { sha256, state, registeredAt, bytes, timeframes, window, features, expiresAt, notes, card } = version;
    lines.push(
      `${short(sha256)}  ${state}${familyOf(version)}, ${show(bytes / 1024, 0)} KiB, registered ${minute(registeredAt)}${card ? ", card" : ""}${expiresAt === undefined ? "" : `, expires ${minute(expiresAt)} of the market`}`,
      `    looks at ${window} bars of ${timeframes.join(", ")}: ${features.join(", ")}`,
    );
    for (const [name, text] of Object.entries(notes)) if (name !== "family") lines.push(`    ${name}: ${text.slice(0, 200)}`);
  }
  if (model.history.length > 0) lines.push("", "history");
  for (const { at, sha256, from, to, reason, by } of model.history)
    lines.push(`  ${minute(at)} ${short(sha256)} ${from === undefined ? "" : `${from} -> `}${to}: ${reason} (${by})`);
  return `${lines.join("\n")}\n`;
}

/** What the hosts of models take. */
export function statsText({
  models,
  total_used_mb: used,
  total_limit_mb: limit,
  total_free_mb: free,
  utilization_percent: share,
}: ModelStatsAnswer): string {
  const names = Object.keys(models).sort();
  return [
    ...names.map((name) => `${name}  ${show(models[name]!.memory_mb, 1)} MiB, ${models[name]!.device}`),
    `${counted(names.length, "model")} in memory: ${show(used, 1)} of ${show(limit, 0)} MiB (${show(share, 1)} %), ${show(free, 1)} MiB free`,
    "",
  ].join("\n");
}

/** A job in one line. */
export function jobLine({ id, kind, state, by, askedAt, progress, message, worker }: JobAnswer): string {
  const done = state === "running" && progress !== undefined ? ` ${show(100 * progress, 0)} %` : "";
  return `${id}  ${kind} ${state}${done}${worker === undefined ? "" : ` on ${worker}`}, asked by ${by} at ${minute(askedAt)}: ${message}`;
}
