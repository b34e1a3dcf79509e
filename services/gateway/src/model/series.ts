/** Points of one value over time, bounded: when full, old detail goes and the whole span stays. */
export interface Series {
  add(time: number, value: number): void;
  points(): readonly (readonly [number, number])[];
  /** At most `count` points over the whole span. */
  sparse(count: number): [number, number][];
}

const POINTS_MOST = 2_000;

export function createSeries(from: readonly (readonly [number, number])[] = []): Series {
  let points: [number, number][] = from.map(([time, value]) => [time, value]);
  /** Least distance of two kept points; grows as the span does. */
  let stepMs = 0;
  let lastTime = points.at(-1)?.[0] ?? -Infinity;
  return {
    add(time, value) {
      if (time < lastTime) return;
      lastTime = time;
      const before = points.at(-2);
      // The newest point is always the newest value; the one before it is the last that is kept.
      if (before !== undefined && time - before[0] < stepMs) points[points.length - 1] = [time, value];
      else if (points.at(-1)?.[0] === time) points[points.length - 1] = [time, value];
      else points.push([time, value]);
      if (points.length <= POINTS_MOST) return;
      stepMs = (2 * (time - points[0]![0])) / POINTS_MOST;
      points = thinned(points, stepMs);
    },
    points: () => points,
    sparse(count) {
      if (points.length <= count) return points.map(([time, value]) => [time, value]);
      return Array.from({ length: count }, (_, i) => points[Math.round((i * (points.length - 1)) / (count - 1))]!);
    },
  };
}

function thinned(points: readonly [number, number][], stepMs: number): [number, number][] {
  const kept: [number, number][] = [];
  for (const [i, point] of points.entries()) {
    const last = kept.at(-1);
    if (last === undefined || i === points.length - 1 || point[0] - last[0] >= stepMs) kept.push(point);
  }
  return kept;
}
