/** A function's value and slope at a point. */
export interface Slope {
  readonly value: number;
  readonly gradient: Float64Array;
}

interface Step {
  /** How the point and its gradient changed, and 1 over their product. */
  readonly moved: Float64Array;
  readonly turned: Float64Array;
  readonly scale: number;
}

const REMEMBERED = 10;
const HALVINGS = 30;
/** Share of the descent that the slope promises with which a step is content. */
const ENOUGH = 1e-4;
/** Relative descent below which it is done. */
const LEAST_DESCENT = 1e-9;

/**
 * The lowest point of a smooth convex function near `start`: limited-memory BFGS with halved steps (Nocedal and Wright,
 * Numerical Optimization, algorithm 7.4). `told` hears the value of each point it comes to, the start included.
 */
export function minimise(
  slopeAt: (at: Float64Array) => Slope,
  start: Float64Array,
  steps: number,
  told: (value: number) => void,
): Float64Array {
  const history: Step[] = [];
  let at = start;
  let here = slopeAt(at);
  told(here.value);
  for (let step = 0; step < steps; step++) {
    const direction = descent(here.gradient, history);
    const promised = dot(direction, here.gradient);
    if (!(promised < 0)) break;
    let length = history.length === 0 ? Math.min(1, 1 / Math.sqrt(-promised)) : 1;
    let there = at;
    let found: Slope | undefined;
    for (let halving = 0; halving < HALVINGS && found === undefined; halving++, length /= 2) {
      there = at.map((value, i) => value + length * direction[i]!);
      const slope = slopeAt(there);
      if (slope.value <= here.value + ENOUGH * length * promised) found = slope;
    }
    if (found === undefined) break;
    told(found.value);
    const moved = there.map((value, i) => value - at[i]!);
    const turned = found.gradient.map((value, i) => value - here.gradient[i]!);
    const product = dot(moved, turned);
    if (product > 0) history.push({ moved, turned, scale: 1 / product });
    if (history.length > REMEMBERED) history.shift();
    const descended = here.value - found.value;
    [at, here] = [there, found];
    if (descended <= LEAST_DESCENT * Math.abs(here.value)) break;
  }
  return at;
}

/** Minus the gradient, bent by what the last steps have shown of the function's curvature. */
function descent(gradient: Float64Array, history: readonly Step[]): Float64Array {
  const direction = gradient.map((value) => -value);
  const add = (by: Float64Array, share: number): void => {
    for (let i = 0; i < direction.length; i++) direction[i]! += share * by[i]!;
  };
  const shares = history.toReversed().map(({ moved, turned, scale }) => {
    const share = scale * dot(moved, direction);
    add(turned, -share);
    return share;
  });
  const last = history.at(-1);
  if (last !== undefined) {
    const size = 1 / (last.scale * dot(last.turned, last.turned));
    for (let i = 0; i < direction.length; i++) direction[i]! *= size;
  }
  for (const [i, { moved, turned, scale }] of history.entries())
    add(moved, shares[history.length - 1 - i]! - scale * dot(turned, direction));
  return direction;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
