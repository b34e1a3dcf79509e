import { runProcess } from "@tradewind/kit";
import { definition } from "./index.ts";

await runProcess(definition);
