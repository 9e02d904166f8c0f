// The browser's benchmarks: alone on the machine, and out of the way of the tests' own results.

import base from "./playwright.config";

export default { ...base, testMatch: /\.bench\.ts$/, outputDir: "../../bench-results", workers: 1, timeout: 120_000 };
