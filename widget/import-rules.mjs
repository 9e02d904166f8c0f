// The import rules of TypeScript: embed imports nothing but its own files; its wrapper imports React, and its files of
// JSX types take types from React and Preact. The widget takes types from embed's protocol, and nothing else of it.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const sources = (room) =>
  readdirSync(join(root, room, "src"), { recursive: true })
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
    .map((name) => join(root, room, "src", name));
const importing =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^;'"]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;

const broken = [];
for (const room of ["widget", "embed"]) {
  for (const file of sources(room)) {
    for (const [, , typeOnly, from, lazily] of readFileSync(file, "utf8").matchAll(importing)) {
      const name = from ?? lazily;
      const target = name.startsWith(".") ? relative(root, resolve(dirname(file), name)) : name;
      const own = target.startsWith(`${room}/`);
      const lent =
        room === "embed"
          ? (target === "react" && file === join(root, "embed/src/react.ts")) ||
            (typeOnly && file === join(root, `embed/src/jsx-${target}.ts`))
          : /^preact(\/|$)/.test(target) || (typeOnly && target === "embed/src/protocol");
      const allowed = own || lent;
      if (!allowed) broken.push(`${relative(root, file)}: may not import ${name}`);
    }
  }
}
if (broken.length > 0) {
  console.error(broken.join("\n"));
  process.exit(1);
}
