import { Session } from "node:inspector/promises";

/** Microseconds between two samples. */
const SAMPLE_US = 200;

export interface ProfileLine {
  /** Function and its file. */
  readonly where: string;
  /** Share of all samples, 0..1, in the function itself. */
  readonly share: number;
}

/** Runs `work` under V8's sampling profiler and gives self time by function, the largest first. */
export async function profileOf(work: () => void, most: number): Promise<ProfileLine[]> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_US });
  await session.post("Profiler.start");
  work();
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  const names = new Map(
    profile.nodes.map(({ id, callFrame }) => [
      id,
      `${callFrame.functionName || "(anonymous)"} ${callFrame.url.split("/").slice(-2).join("/")}`.trim(),
    ]),
  );
  const self = new Map<string, number>();
  for (const sample of profile.samples ?? []) {
    const where = names.get(sample)!;
    self.set(where, (self.get(where) ?? 0) + 1);
  }
  const total = profile.samples?.length ?? 0;
  return [...self]
    .map(([where, samples]) => ({ where, share: samples / total }))
    .toSorted((a, b) => b.share - a.share)
    .slice(0, most);
}
