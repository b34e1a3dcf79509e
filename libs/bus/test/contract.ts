import { testAppend } from "./contract/append.ts";
import { testBounds } from "./contract/bounds.ts";
import { testBlobs } from "./contract/blobs.ts";
import { testConsume } from "./contract/consume.ts";
import { testKill } from "./contract/kill.ts";
import { testKv } from "./contract/kv.ts";
import { testLoose } from "./contract/loose.ts";
import { testRead } from "./contract/read.ts";
import { testWork } from "./contract/work.ts";
import type { MakeWorld } from "./contract/world.ts";

/** What every adapter of the bus must do. Each test has a bus of its own from `make`. */
export function testBus(make: MakeWorld): void {
  testAppend(make);
  testRead(make);
  testBounds(make);
  testConsume(make);
  testLoose(make);
  testWork(make);
  testKv(make);
  testBlobs(make);
  testKill(make);
}
