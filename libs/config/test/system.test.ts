import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadSystem } from "../src/system.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tradewind-"));
  writeFileSync(join(folder, "system.yaml"), "data:\n  dir: base\n  cache_dir: ${CACHE}\n");
  writeFileSync(join(folder, "system.prod.yaml"), "data:\n  dir: prod\n");
  writeFileSync(join(folder, "system.bad.yaml"), "log:\n  # a comment\n  levle: debug\n");
  writeFileSync(join(folder, "system.broken.yaml"), "log: [\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

const env = { CACHE: "/cache" };

test("defaults, file, overlay, environment and flags, each over the one before", () => {
  expect(loadSystem(join(folder, "none"), {})).toMatchObject({
    data: { dir: "data", cache_dir: ".tradewind/cache" },
    log: { level: "info" },
  });
  expect(loadSystem(folder, env).data).toEqual({ dir: "base", cache_dir: "/cache" });
  expect(loadSystem(folder, { ...env, TRADEWIND_ENV: "prod" }).data.dir).toBe("prod");
  const all = { ...env, TRADEWIND_ENV: "prod", TRADEWIND__DATA__DIR: "007", TRADEWIND__LOG__LEVEL: "warn" };
  expect(loadSystem(folder, all)).toMatchObject({ data: { dir: "007" }, log: { level: "warn" } });
  expect(loadSystem(folder, all, { log: { level: "error" } })).toMatchObject({ data: { dir: "007" }, log: { level: "error" } });
});

test.each([
  ["a missing variable", {}, "system.yaml:3:14 data.cache_dir: needs the environment variable CACHE"],
  ["an unknown key", { ...env, TRADEWIND_ENV: "bad" }, 'system.bad.yaml:3:3 log.levle: unknown key; did you mean "level"?'],
  ["broken YAML", { ...env, TRADEWIND_ENV: "broken" }, "not valid YAML"],
  ["an overlay that is not there", { ...env, TRADEWIND_ENV: "missing" }, "TRADEWIND_ENV asks for it"],
  ["an overlay outside the folder", { ...env, TRADEWIND_ENV: "../x" }, "TRADEWIND_ENV"],
  ["an unknown variable", { ...env, TRADEWIND__LOG__LEVLE: "info" }, "TRADEWIND__LOG__LEVLE"],
  ["a wrong value", { ...env, TRADEWIND__LOG__LEVEL: "loud" }, "log.level: expected one of trace"],
])("%s is refused", (_, given, expected) => {
  expect(() => loadSystem(folder, given)).toThrow(expected);
});
