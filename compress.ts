// What the browser downloads, compressed when it is built, and held to its budget.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

export interface Budget {
  /** What is measured, in the words of the build's report. */
  name: string;
  dist: string;
  encoding: "brotli" | "gzip";
  bytes: number;
}

/**
 * Compressed copies beside each file, so that the server has nothing left to do; more than the budget fails
 * the build. What is only imported later, on demand, is told but not counted.
 */
export const compress = ({ name, dist, encoding, bytes }: Budget): Plugin => {
  const later = new Set<string>();
  return {
    name: "compress",
    apply: "build",
    buildStart() {
      for (const file of readdirSync(dist)) {
        if (file !== ".gitkeep") rmSync(join(dist, file), { recursive: true });
      }
    },
    writeBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type === "chunk" && file.isDynamicEntry) later.add(file.fileName);
      }
    },
    closeBundle() {
      let [atOnce, afterwards] = [0, 0];
      for (const file of readdirSync(dist, { recursive: true }) as string[]) {
        if (!/\.(html|css|js)$/.test(file)) continue;
        const size = pack(join(dist, file))[encoding];
        if (later.has(file)) afterwards += size;
        else atOnce += size;
      }
      if (atOnce > bytes) throw new Error(`${name}: ${atOnce} bytes in ${encoding}, over its budget of ${bytes}`);
      console.log(
        `${name}: ${atOnce} bytes in ${encoding}, of ${bytes}${afterwards ? `; ${afterwards} come later` : ""}`,
      );
    },
  };
};

/** Writes the copies of one file; gives their sizes. */
const pack = (path: string) => {
  const plain = readFileSync(path);
  const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  const gzip = gzipSync(plain, { level: 9 });
  writeFileSync(`${path}.br`, brotli);
  writeFileSync(`${path}.gz`, gzip);
  return { brotli: brotli.length, gzip: gzip.length };
};
