import { describe, expect, it } from "vitest";
import type { Banner } from "../types";
import { bannerAt } from "./banner";

const at = (clock: string) => `2026-03-02T${clock}Z`;
const text = "VIP client.";

describe("the banner's time", () => {
  it.each<[string, Banner | undefined, boolean]>([
    ["without times it is always shown", { text }, true],
    ["before its first moment it is not", { text, from: at("14:00:01") }, false],
    ["at its first moment it is", { text, from: at("14:00:00") }, true],
    ["a second before its end it is", { text, until: at("14:00:01") }, true],
    ["at its end it is not", { text, until: at("14:00:00") }, false],
    ["between the two it is", { text, from: at("13:00:00"), until: at("15:00:00") }, true],
    ["the zone of a time counts", { text, until: "2026-03-02T15:30:00+02:00" }, false],
    ["without a word there is none", { text: " \n" }, false],
    ["without a banner there is none", undefined, false],
  ])("%s", (_, banner, shown) => {
    expect(bannerAt(banner, Date.parse(at("14:00:00")))).toBe(shown ? banner : undefined);
  });
});
