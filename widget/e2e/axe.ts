// Runs axe-core in one frame. The package for Playwright runs it in all frames and gathers the results on a separate
// page, which takes four times as long.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Frame, Page } from "@playwright/test";
import type axe from "axe-core";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The violations that axe-core finds in the frame: each with its rule and elements. */
export const violations = async (frame: Frame): Promise<string[]> => {
  if (!(await frame.evaluate(() => "axe" in window))) await frame.evaluate(source);
  const found = await frame.evaluate(async () => {
    const run = (window as unknown as { axe: typeof axe }).axe.run;
    return (await run(document, { resultTypes: ["violations"] })).violations;
  });
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
};

/** The pod's frame on a host's page. */
export const podFrame = (page: Page): Frame => {
  const frame = page.frames().find((f) => f.url().includes("/pod/"));
  if (!frame) throw new Error("the page has no pod");
  return frame;
};
