import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Sample } from "./prometheus.ts";

const folder = join(import.meta.dirname, "../../infra/grafana/dashboards");

interface Panel {
  readonly title: string;
  readonly datasource: { readonly uid: string };
  readonly targets: readonly { readonly expr: string }[];
}

export const dashboards = readdirSync(folder).map(
  (file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as { readonly uid: string; readonly panels: readonly Panel[] },
);

/** Every query of every panel. */
export const queries = dashboards.flatMap(({ uid, panels }) =>
  panels.flatMap(({ title, targets }) => targets.map(({ expr }, i) => ({ name: `${uid}: ${title} ${i + 1}`, expr }))),
);

/** Those that give no data now; NaN is none. */
export async function emptyPanels(query: (expr: string) => Promise<readonly Sample[]>): Promise<string[]> {
  const answered = await Promise.all(
    queries.map(async ({ name, expr }) => ({ name, full: (await query(expr)).some(({ value }) => value[1] !== "NaN") })),
  );
  return answered.filter(({ full }) => !full).map(({ name }) => name);
}
