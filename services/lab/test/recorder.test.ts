import { expect, it } from "vitest";
import { LedgerRecorder } from "../src/recorder.ts";

it("orders that the venue rejects are counted by its reason", () => {
  const ledger = new LedgerRecorder();
  const closed = (outcome: "rejected" | "filled", reason: string) => ({ type: "order_closed", clientId: "c", outcome, reason }) as const;
  const events = [closed("rejected", "insufficient funds"), closed("filled", ""), closed("rejected", "insufficient funds")];
  ledger.add({ n: 1, ownerEpoch: 1, time: 0, watermark: 0, input: "", events });
  expect([...ledger.rejections]).toEqual([["insufficient funds", 2]]);
});
