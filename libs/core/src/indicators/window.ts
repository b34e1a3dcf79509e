import { captureState, restoreState, type Stateful } from "./state.ts";

/**
 * The last `size` values in one contiguous run: each is written twice, `size` apart, so the run never wraps.
 * Statistics are summed anew over the run, oldest first, as distances from its oldest value: nothing drifts, the
 * result depends on the window alone and not on what came before it, and a flat window gives exactly its value
 * and a deviation of exactly 0.
 */
export class Window implements Stateful {
  private readonly size: number;
  private readonly values: Float64Array;
  /** Start of the run once full; also the next slot to write. */
  private start = 0;
  private count = 0;
  /** Set by `measure`: mean and population standard deviation. */
  mean = NaN;
  deviation = NaN;

  constructor(size: number) {
    this.size = size;
    this.values = new Float64Array(2 * size);
  }

  get full(): boolean {
    return this.count === this.size;
  }

  /** The value that entered `size` pushes ago; only when full. */
  get oldest(): number {
    return this.values[this.start]!;
  }

  push(value: number): void {
    this.values[this.start] = value;
    this.values[this.start + this.size] = value;
    this.start = this.start + 1 === this.size ? 0 : this.start + 1;
    if (this.count < this.size) this.count++;
  }

  /** Mean distance of the values from the oldest. */
  private meanDistance(base: number): number {
    let sum = 0;
    for (let i = this.start + 1, end = this.start + this.size; i < end; i++) sum += this.values[i]! - base;
    return sum / this.size;
  }

  average(): number {
    const base = this.oldest;
    return base + this.meanDistance(base);
  }

  /** Sets `mean` and `deviation`, in two passes. */
  measure(): void {
    const base = this.oldest;
    const distance = this.meanDistance(base);
    let squares = 0;
    for (let i = this.start, end = this.start + this.size; i < end; i++) {
      const off = this.values[i]! - base - distance;
      squares += off * off;
    }
    this.mean = base + distance;
    this.deviation = Math.sqrt(squares / this.size);
  }

  /** Share of the positive values in the sum of absolute values, 0..1; NaN when all are 0. */
  positiveShare(): number {
    let twicePositive = 0;
    let total = 0;
    for (let i = this.start, end = this.start + this.size; i < end; i++) {
      const value = this.values[i]!;
      const size = Math.abs(value);
      twicePositive += value + size;
      total += size;
    }
    return total === 0 ? NaN : twicePositive / 2 / total;
  }

  snapshot(): unknown {
    return captureState(this);
  }

  restore(state: unknown): void {
    restoreState(this, state, "size");
  }
}
