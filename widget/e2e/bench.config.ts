// The browser benchmarks: one worker, and a results folder separate from that of the tests.

import base from "./playwright.config";

export default {
  ...base,
  use: { ...base.use, trace: "off" as const }, // a trace takes time of its own
  testMatch: /\.bench\.ts$/,
  outputDir: "../../bench-results",
  workers: 1,
};
