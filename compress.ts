// Compresses the built files, and checks their size against a budget.

import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

export interface Budget {
  /** The name in the build's report. */
  name: string;
  dist: string;
  encoding: "brotli" | "gzip";
  bytes: number;
}

/**
 * Writes compressed copies beside each file, which the server sends as they are. A size above the budget fails the build.
 * Chunks that are imported on demand are reported but not counted.
 */
export const compress = ({ name, dist, encoding, bytes }: Budget): Plugin => {
  const lazy = new Set<string>();
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
        if (file.type === "chunk" && file.isDynamicEntry) lazy.add(file.fileName);
      }
    },
    closeBundle() {
      let [initial, onDemand] = [0, 0];
      for (const file of readdirSync(dist, { recursive: true }) as string[]) {
        if (!/\.(html|css|js)$/.test(file)) continue;
        const size = pack(join(dist, file))[encoding];
        if (lazy.has(file)) onDemand += size;
        else initial += size;
      }
      if (initial > bytes) throw new Error(`${name}: ${initial} bytes in ${encoding}, over its budget of ${bytes}`);
      console.log(`${name}: ${initial} bytes in ${encoding}, of ${bytes}${onDemand ? `; ${onDemand} on demand` : ""}`);
    },
  };
};

/** Writes the copies of one file; returns their sizes. */
const pack = (path: string) => {
  const plain = readFileSync(path);
  const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  const gzip = gzipSync(plain, { level: 9 });
  writeFileSync(`${path}.br`, brotli);
  writeFileSync(`${path}.gz`, gzip);
  return { brotli: brotli.length, gzip: gzip.length };
};
