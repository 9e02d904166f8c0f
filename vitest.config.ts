import { defineConfig } from "vitest/config";

// A limit ends a test that hangs. It does not measure speed: it is a multiple of what a test takes on a slow, loaded machine.
const limit = 5 * 60_000;

export default defineConfig({
  test: {
    include: ["widget/src/**/*.test.ts", "embed/src/**/*.test.ts", ".ci/*.test.mjs"],
    restoreMocks: true,
    testTimeout: limit,
    hookTimeout: limit,
  },
});
