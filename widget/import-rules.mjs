// Checks the import rules of TypeScript:
// - embed imports only its own files. Its React wrapper imports React, and its files of JSX types import types of React
//   and Preact.
// - widget imports only its own files and Preact, and types from embed's protocol.
// - No file imports itself through other files. Type imports and dynamic imports count.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const importing =
  /(?:^|\n)\s*(import|export)\s+(type\s+)?(?:[^;'"]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/g;

const sourcesOf = (folder) =>
  readdirSync(join(root, folder, "src"), { recursive: true })
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.tsx?$/.test(name))
    .map((name) => join(root, folder, "src", name));

const importsOf = (file) =>
  [...readFileSync(file, "utf8").matchAll(importing)].map(([, , typeOnly, name, dynamic]) => ({
    typeOnly: Boolean(typeOnly),
    name: name ?? dynamic,
  }));

const isAllowed = (folder, file, { typeOnly, name }) => {
  const target = name.startsWith(".") ? relative(root, resolve(dirname(file), name)) : name;
  if (target.startsWith(`${folder}/`)) return true;
  if (folder === "widget") return /^preact(\/|$)/.test(target) || (typeOnly && target === "embed/src/protocol");
  const isWrapper = target === "react" && file === join(root, "embed/src/react.ts");
  return isWrapper || (typeOnly && file === join(root, `embed/src/jsx-${target}.ts`));
};

/** The source file that a relative import names; undefined for packages, style sheets and the like. */
const resolved = (file, name) => {
  if (!name.startsWith(".")) return undefined;
  const path = resolve(dirname(file), name.replace(/\.js$/, ""));
  return [`${path}.ts`, `${path}.tsx`].find((candidate) => existsSync(candidate));
};

/** Import circles, each as the list of its files; a circle that shares a file with an earlier one may be left out. */
const circlesOf = (graph) => {
  const circles = [];
  const done = new Set();
  const visit = (file, path) => {
    const start = path.indexOf(file);
    if (start >= 0) circles.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return circles;
};

const errors = [];
for (const folder of ["widget", "embed"]) {
  const graph = new Map();
  for (const file of sourcesOf(folder)) {
    const imports = importsOf(file);
    graph.set(file, imports.map(({ name }) => resolved(file, name)).filter(Boolean));
    for (const one of imports) {
      if (!isAllowed(folder, file, one)) errors.push(`${relative(root, file)}: may not import ${one.name}`);
    }
  }
  for (const circle of circlesOf(graph)) {
    errors.push(`import circle: ${circle.map((file) => relative(root, file)).join(" -> ")}`);
  }
}
if (errors.length > 0) {
  console.error(errors.join("\n"));
  process.exit(1);
}
