/** A process whose files may not grow far: appends until it cannot, says why, and shows that reading goes on. */
import { isFailure } from "@tradewind/core";
import { openEmbeddedBus } from "../../src/index.ts";

const bus = await openEmbeddedBus(process.argv[2]!);
const data = "x".repeat(10_000);
let added = 0;
let code = "";
while (code === "")
  try {
    await bus.append("tw.ledger.main", data);
    added++;
  } catch (error) {
    code = isFailure(error) ? error.code : String(error);
  }
const last = await bus.last("tw.ledger.main");
process.stdout.write(JSON.stringify({ added, code, last: last?.seq }));
