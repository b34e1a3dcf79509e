import { writeFileSync } from "node:fs";
import { variantJsonSchema } from "../src/json-schema.ts";

/** Writes configs/variant.schema.json; run it after a change of the variant's schema or of a strategy's parameters. */
const target = new URL("../../../configs/variant.schema.json", import.meta.url);
writeFileSync(target, `${JSON.stringify(variantJsonSchema(), null, 2)}\n`);
