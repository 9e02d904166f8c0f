// The browser's benchmarks: alone on the machine, and out of the way of the tests' own results.

import base from "./playwright.config";

export default {
  ...base,
  use: { ...base.use, trace: "off" as const }, // a trace takes time of its own
  testMatch: /\.bench\.ts$/,
  outputDir: "../../bench-results",
  workers: 1,
};
