import base from "./playwright.config";

export default { ...base, testMatch: /\.bench\.ts$/, workers: 1, timeout: 120_000 };
