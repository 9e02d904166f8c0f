import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["widget/src/**/*.test.ts", "embed/src/**/*.test.ts"],
    restoreMocks: true,
  },
});
