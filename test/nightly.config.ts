import { defineConfig } from "vitest/config";

/** The longer proofs: the same subjects over far more seeds. */
export default defineConfig({
  test: {
    include: ["libs/*/test/**/*.nightly.test.ts", "services/*/test/**/*.nightly.test.ts", "test/**/*.nightly.test.ts"],
    testTimeout: 30 * 60_000,
  },
});
