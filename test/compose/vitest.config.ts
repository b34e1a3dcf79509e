import { defineConfig } from "vitest/config";

/** Builds and starts every container: for machines with docker compose, see .ci/run. */
export default defineConfig({
  test: {
    include: ["test/compose/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // Each file has the containers of a whole system.
    fileParallelism: false,
    bail: 1,
    reporters: ["verbose"],
  },
});
