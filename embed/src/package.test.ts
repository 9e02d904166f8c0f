// The npm package as it is installed.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
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
  for (const name of ["react", "preact", "csstype", "@types/react"])
    symlinkSync(join(modules, name), join(dir, "node_modules", name));
}, 300_000);

afterAll(() => rmSync(dir, { recursive: true }));

describe("the package", () => {
  it("has what its entries need, and no tests, sources or scripts of ours", () => {
    const built = [
      ...["codes", "element", "index", "jsx-preact", "jsx-react", "loader", "protocol", "pure", "react", "window"],
    ];
    expect(packed).toEqual(
      [
        "LICENSE",
        "README.md",
        "package.json",
        ...built.flatMap((name) => [`lib/${name}.d.ts`, `lib/${name}.js`]),
      ].sort(),
    );
  });

  it("can be imported without a page, and changes nothing there", () => {
    const script = `
      const before = Object.getOwnPropertyNames(globalThis).length;
      const given = {};
      for (const entry of ["", "/pure", "/element", "/react", "/jsx-react", "/jsx-preact"])
        given[entry] = Object.keys(await import("@shieldpod/embed" + entry));
      console.log(JSON.stringify([given, Object.getOwnPropertyNames(globalThis).length - before]));`;
    expect(JSON.parse(run("node", ["--input-type=module", "--eval", script]))).toEqual([
      {
        "": ["mount"],
        "/pure": ["mount"],
        "/element": ["ShieldPodElement", "define"],
        "/react": ["ShieldPod"],
        "/jsx-react": [],
        "/jsx-preact": [],
      },
      0,
    ]);
  });

  it("has types that compile in a strict project", () => {
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
    expect(compiled(["host.ts"])).toBe("");
  }, 300_000);

  it("has unions for codes and methods, so that the compiler finds misspellings", () => {
    writeFileSync(
      join(dir, "unions.ts"),
      `import { mount, type ErrorCode, type Method } from "@shieldpod/embed/pure";
       import type {} from "@shieldpod/embed/element";
       const pod = mount(document.getElementById("pod"), { origin: "", tenant: "", getContextToken: async () => "" });
       pod.on("error", ({ code }) => {
         const known: ErrorCode = code;
         if (code === "pod_timeout" || known === "context_expired" || code === "host_timeout") return;
         // @ts-expect-error: there is no such code
         if (code === "pod_silence") return;
       });
       pod.on("verification:sent", ({ method }) => {
         const name: Record<Method, string> = { sms_code: "", sms_link: "", email_link: "", email_code: "" };
         // @ts-expect-error: there is no such method
         return method === "sms" ? "" : name[method];
       });
       document.addEventListener("shieldpod:error", ({ detail }) => {
         // @ts-expect-error: there is no such code
         return detail.code === "silent";
       });`,
    );
    expect(compiled(["unions.ts"])).toBe("");
  }, 300_000);

  it.each([
    ["React 19", "react", "@types/react"],
    ["React 18", "react", "types-react-18"],
    ["Preact", "preact", "@types/react"],
  ])(
    "types <shield-pod> in the JSX of %s",
    (_, library, types) => {
      rmSync(join(dir, "node_modules/@types/react"));
      symlinkSync(join(modules, types), join(dir, "node_modules/@types/react"));
      writeFileSync(
        join(dir, "tag.tsx"),
        `import type {} from "@shieldpod/embed/jsx-${library}";
       import type { ShieldPodElement } from "@shieldpod/embed";
       import { createRef } from "${library}";
       const all = <shield-pod tenant="acme" ticket="4711" theme="dark" context-url="/vouch" origin="https://pod.example"
         className="side" id="pod" key="1" ref={createRef<ShieldPodElement>()}
         getContextToken={async ({ nonce }) => nonce.trim()}>Loading</shield-pod>;
       const least = <shield-pod tenant="acme" ticket={4711} />;
       // @ts-expect-error: there is no such theme
       const theme = <shield-pod theme="blue" />;
       // @ts-expect-error: there is no such attribute
       const attribute = <shield-pod tenat="acme" />;
       // @ts-expect-error: it gives a promise
       const token = <shield-pod getContextToken={() => "a.b.c"} />;
       export { all, least, theme, attribute, token };`,
      );
      expect(compiled(["tag.tsx"], { jsx: ts.JsxEmit.ReactJSX, jsxImportSource: library })).toBe("");
    },
    300_000,
  );

  it("compiles with the examples of the documentation", () => {
    const examples = [
      "README.md",
      "docs/embedding.md",
      "docs/hosts.md",
      "docs/connectwise.md",
      "embed/README.md",
    ].flatMap((page) => {
      const text = readFileSync(join(room, "..", page), "utf8");
      return [...text.matchAll(/^```(js|jsx|ts|tsx)\n(.*?)^```/gms)].map(([, kind, code]) => ({ page, kind, code }));
    });
    expect(examples.length).toBeGreaterThanOrEqual(5);
    const files = examples.map(({ page, kind, code }, n) => {
      const file = `example-${n}-${page.replaceAll(/\W/g, "-")}.${kind?.replace("j", "t")}`;
      writeFileSync(join(dir, file), `import type {} from "@shieldpod/embed/pure";\nexport {};\n${code}`);
      return file;
    });
    expect(compiled(files, { jsx: ts.JsxEmit.ReactJSX })).toBe("");
  }, 300_000);
});

const base: ts.CompilerOptions = {
  noEmit: true,
  strict: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
};
/** The libraries' files are parsed once: they take most of the time. */
const read = new Map<string, ts.SourceFile | undefined>();

/** The errors of a strict project's compiler for the files, in the package's folder. */
const compiled = (files: string[], more: ts.CompilerOptions = {}): string => {
  const options = { ...base, ...more };
  const host = ts.createCompilerHost(options);
  const plain = host.getSourceFile.bind(host);
  host.getCurrentDirectory = () => dir;
  host.getSourceFile = (name, ...rest) => {
    if (!name.includes("/typescript/lib/")) return plain(name, ...rest);
    if (!read.has(name)) read.set(name, plain(name, ...rest));
    return read.get(name);
  };
  const program = ts.createProgram(
    files.map((file) => join(dir, file)),
    options,
    host,
  );
  return ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), host);
};
