import { createHash } from "node:crypto";
import { ledgerLines, slotNotional, variantEquity, type EquityCurve, type LedgerEntry, type VariantState } from "@tradewind/core";

/** Bytes of ledger text hashed at a time. */
const HASH_CHUNK = 65_536;

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

/** Keeps a run's ledger and its hash as it grows. */
export class LedgerRecorder {
  readonly entries: LedgerEntry[] = [];
  orders = 0;
  fills = 0;
  /** Orders that rules denied, by code. */
  readonly denials = new Map<string, number>();
  /** Orders that the venue rejected, by its reason. */
  readonly rejections = new Map<string, number>();
  private readonly hash = createHash("sha256");
  private text = "";

  readonly add = (entry: LedgerEntry): void => {
    this.entries.push(entry);
    for (const event of entry.events) {
      if (event.type === "order_intended") this.orders += 1;
      else if (event.type === "fill") this.fills += 1;
      else if (event.type === "denied") count(this.denials, event.code);
      else if (event.type === "order_closed" && event.outcome === "rejected") count(this.rejections, event.reason);
    }
    this.text += ledgerLines(entry);
    if (this.text.length > HASH_CHUNK) this.flush();
  };

  /** SHA-256 of the canonical lines so far, 64 hex digits. */
  digest(): string {
    this.flush();
    return this.hash.copy().digest("hex");
  }

  private flush(): void {
    this.hash.update(this.text);
    this.text = "";
  }
}

/** Keeps the equity curve: one point per close. */
export class CurveRecorder {
  private readonly time: Float64Array;
  private readonly equity: Float64Array;
  private readonly exposure: Float64Array;
  private length = 0;

  constructor(capacity: number) {
    this.time = new Float64Array(capacity);
    this.equity = new Float64Array(capacity);
    this.exposure = new Float64Array(capacity);
  }

  /** Adds a point, or replaces the last one when it is of the same time. */
  add(time: number, variant: VariantState): void {
    if (this.length > 0 && this.time[this.length - 1] === time) this.length -= 1;
    const equity = variantEquity(variant);
    let held = 0;
    for (const slot of variant.slots) held += slotNotional(slot);
    this.time[this.length] = time;
    this.equity[this.length] = equity;
    this.exposure[this.length] = equity > 0 ? held / equity : 0;
    this.length += 1;
  }

  curve(): EquityCurve {
    const { length } = this;
    return { time: this.time.subarray(0, length), equity: this.equity.subarray(0, length), exposure: this.exposure.subarray(0, length) };
  }
}
