// Firefox and WebKit: `make test-smoke`.

import base from "./playwright.config";

export default {
  ...base,
  testMatch: /\.smoke\.ts$/,
  outputDir: "../../smoke-results",
};
