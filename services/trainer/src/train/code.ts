import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const { resolve } = createRequire(import.meta.url);
/** What a training is computed by. */
const PACKAGES = ["config", "core", "onnx", "store", "venues"];

let known: string | undefined;

/** Of the program as it stands: what an older one has left half-done is not gone on with by a newer one. */
export function codeHash(): string {
  if (known !== undefined) return known;
  const folders = PACKAGES.map((name) => join(dirname(resolve(`@tradewind/${name}`)), ".."));
  const runtime = createRequire(resolve("@tradewind/onnx")).resolve("onnxruntime-node/package.json");
  const parts = [
    process.version,
    readFileSync(runtime, "utf8"),
    hashOfCode([fileURLToPath(new URL("../..", import.meta.url)), ...folders]),
  ];
  known = createHash("sha256").update(parts.join("\n")).digest("hex");
  return known;
}

/** SHA-256 in hex over the sources and manifests of packages, wherever they lie. */
export function hashOfCode(packages: readonly string[]): string {
  const hash = createHash("sha256");
  for (const folder of packages) {
    const sources = readdirSync(join(folder, "src"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
    for (const name of ["package.json", ...sources.sort().map((one) => join("src", one))])
      hash.update(`\n${name}\n`).update(readFileSync(join(folder, name)));
  }
  return hash.digest("hex");
}
