/** One measured figure. Where `against` names another figure, `ratio` is this value over that one. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same by CPU time of the whole process, which other work on the machine does not lessen. */
  readonly cpuValue?: number;
  /** Median of one round, ms: wall clock, and CPU time of all threads (collector and compiler included). */
  readonly wallMs?: number;
  readonly cpuMs?: number;
  readonly against?: string;
  readonly ratio?: number;
  /** What was done for it: trades, fills, rows. */
  readonly counts?: Readonly<Record<string, number>>;
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}

/** The figure as one line of JSON, numbers to five digits; counts are exact. */
export function jsonLine(figure: Figure): string {
  return JSON.stringify(figure, (key, value: unknown) => (key === "counts" || typeof value !== "number" ? value : rounded(value)));
}

function grouped(value: number): string {
  const [whole, fraction] = (value >= 1000 ? String(Math.round(value)) : String(rounded(value))).split(".") as [string, string?];
  const groups = whole.replace(/\B(?=(\d{3})+$)/g, " ");
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}

/** The figure as one line of a table. */
export function tableLine(figure: Figure): string {
  const { name, value, unit, cpuValue, wallMs, cpuMs, against, ratio, counts = {} } = figure;
  const notes = [
    ...(cpuValue === undefined ? [] : [`${grouped(cpuValue)} by CPU time`]),
    ...(wallMs === undefined ? [] : [`${grouped(wallMs)} ms wall, ${grouped(cpuMs!)} ms CPU`]),
    ...(against === undefined ? [] : [`${grouped(ratio!)} x ${against}`]),
    ...Object.entries(counts).map(([what, count]) => `${what} ${grouped(count)}`),
  ];
  return `${name.padEnd(28)} ${grouped(value).padStart(12)} ${unit.padEnd(18)} ${notes.join(" | ")}`;
}
