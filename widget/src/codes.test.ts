import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { ApiErrorCode, ErrorCode, Method, PodErrorCode } from "../../embed/src/protocol";
import type { components } from "./api.gen";

describe("the unions that hosts branch on", () => {
  it("equal those of the contract", () => {
    expectTypeOf<ApiErrorCode>().toEqualTypeOf<components["schemas"]["ErrorCode"]>(); // compared by `tsc`
    expectTypeOf<Method>().toEqualTypeOf<components["schemas"]["Method"]>();
    expectTypeOf<ErrorCode>().toEqualTypeOf<ApiErrorCode | PodErrorCode | "pod_timeout">();
  });

  it("have every code of docs/errors.md, and no other", () => {
    const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
    const [, api = "", pod = ""] = read("embed/src/codes.ts").split(/^export type (?:Api|Pod)ErrorCode =$/m);
    const codes = (text: string) => [...text.matchAll(/^ {2}\| "([a-z_]+)"/gm)].map(([, code]) => code).sort();
    const rows = (text: string) => [...text.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code).sort();
    const [ofApi = "", , ofPod = ""] = read("docs/errors.md").split(/^## .+$/m);
    expect(codes(api)).toEqual(rows(ofApi));
    expect([...codes(pod), "pod_timeout"].sort()).toEqual(rows(ofPod));
  });

  it("have every reason of the contract in docs/errors.md, and no other", () => {
    const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
    const [, ofReasons = ""] = read("docs/errors.md").split(/^## .+$/m);
    const documented = [...ofReasons.matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([a-z_]+)`/g)].map(([, reason]) => reason),
    );
    const [, list = ""] = /^ {4}Reason:\n[\s\S]*?enum:\n((?: {8}- .+\n)+)/m.exec(read("sdk/api/openapi.yaml")) ?? [];
    const contract = [...list.matchAll(/- (\S+)/g)].map(([, reason]) => reason);
    expect(documented.sort()).toEqual(contract.sort());
  });
});
