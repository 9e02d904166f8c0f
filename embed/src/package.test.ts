// The npm package, as one who installs it gets it.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const room = fileURLToPath(new URL("..", import.meta.url));
const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
const dir = mkdtempSync(join(tmpdir(), "shieldpod-package-"));
let packed: string[] = [];

const run = (command: string, args: string[], cwd = dir) => execFileSync(command, args, { cwd, encoding: "utf8" });

beforeAll(() => {
  const [answer] = JSON.parse(run("npm", ["pack", "--silent", "--json", "--pack-destination", dir], room));
  packed = answer.files.map((file: { path: string }) => file.path).sort();
  const home = join(dir, "node_modules/@shieldpod/embed");
  mkdirSync(home, { recursive: true });
  run("tar", ["-xzf", join(dir, answer.filename), "--strip-components=1", "-C", home]);
  mkdirSync(join(dir, "node_modules/@types"));
  for (const name of ["react", "csstype", "@types/react"])
    symlinkSync(join(modules, name), join(dir, "node_modules", name));
}, 120_000);

afterAll(() => rmSync(dir, { recursive: true }));

describe("the package", () => {
  it("has what its entries need, and no tests, sources or scripts of ours", () => {
    const built = ["element", "index", "loader", "protocol", "pure", "react", "window"];
    expect(packed).toEqual(
      [
        "LICENSE",
        "README.md",
        "package.json",
        ...built.flatMap((name) => [`lib/${name}.d.ts`, `lib/${name}.js`]),
      ].sort(),
    );
  });

  it("can be imported where there is no page, and changes nothing there", () => {
    const script = `
      const before = Object.getOwnPropertyNames(globalThis).length;
      const given = {};
      for (const entry of ["", "/pure", "/element", "/react"])
        given[entry] = Object.keys(await import("@shieldpod/embed" + entry));
      console.log(JSON.stringify([given, Object.getOwnPropertyNames(globalThis).length - before]));`;
    expect(JSON.parse(run("node", ["--input-type=module", "--eval", script]))).toEqual([
      { "": ["mount"], "/pure": ["mount"], "/element": ["ShieldPodElement", "define"], "/react": ["ShieldPod"] },
      0,
    ]);
  });

  it("has types that a strict project takes", () => {
    writeFileSync(
      join(dir, "host.ts"),
      `import { mount, type PodHandle } from "@shieldpod/embed/pure";
       import { define } from "@shieldpod/embed/element";
       import { ShieldPod } from "@shieldpod/embed/react";
       import { createElement } from "react";
       const origin = "https://pod.example", getContextToken = async ({ nonce }: { nonce: string }) => nonce;
       const pod: PodHandle = mount(document.body, { origin, tenant: "acme", getContextToken });
       pod.on("verification:verified", ({ contact_id }) => contact_id.trim());
       // @ts-expect-error: there is no such event
       pod.on("verification:approved", () => {});
       define(origin);
       const element = document.createElement("shield-pod");
       element.getContextToken = getContextToken;
       document.addEventListener("shieldpod:error", ({ detail }) => detail.code.trim());
       createElement(ShieldPod, { origin, tenant: "acme", ticket: 4711, getContextToken, onResize: ({ height }) => height });
       window.Shieldpod = [];
       window.Shieldpod.push((shieldpod) => shieldpod.mount(element, { tenant: "acme", getContextToken }));`,
    );
    const flags = "--noEmit --strict --target es2022 --module nodenext --lib es2022,dom".split(" ");
    expect(run(join(modules, ".bin/tsc"), [...flags, "host.ts"])).toBe("");
  }, 60_000);
});
