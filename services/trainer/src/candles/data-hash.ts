import { createHash } from "node:crypto";
import { describeDataset, type CandleColumns, type DatasetPlan } from "@tradewind/core";

/** SHA-256 in hex of candles and of what is made of them: equal hashes mean equal rows, labels and returns. */
export function dataHash(plan: DatasetPlan, columns: CandleColumns): string {
  const hash = createHash("sha256").update(describeDataset(plan)).update(columns.timeframe);
  for (const field of ["openTime", "closeTime", "open", "high", "low", "close", "volume"] as const) {
    const column = columns[field];
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return hash.digest("hex");
}
