import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const dist = fileURLToPath(new URL("dist", import.meta.url));

/** What a technician's browser downloads for a pod, in brotli. */
const budget = 22 * 1024;

/** Compressed copies beside each file, so that the server has nothing left to do; too big a pod fails the build. */
const compress = (): Plugin => ({
  name: "compress",
  apply: "build",
  buildStart() {
    for (const name of readdirSync(dist)) {
      if (name !== ".gitkeep") rmSync(join(dist, name), { recursive: true });
    }
  },
  closeBundle() {
    let total = 0;
    for (const name of readdirSync(dist, { recursive: true }) as string[]) {
      if (!/\.(html|css|js)$/.test(name)) continue;
      const file = join(dist, name);
      const plain = readFileSync(file);
      const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
      writeFileSync(`${file}.br`, brotli);
      writeFileSync(`${file}.gz`, gzipSync(plain, { level: 9 }));
      total += brotli.length;
    }
    if (total > budget) throw new Error(`the pod has ${total} bytes in brotli, its budget is ${budget}`);
    console.log(`the pod: ${total} bytes in brotli, of ${budget}`);
  },
});

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [compress()],
  build: {
    target: ["chrome123", "edge123", "firefox128", "safari17.5"],
    emptyOutDir: false, // compress() cleans: .gitkeep stays
    assetsDir: "pod-assets",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: fileURLToPath(new URL("pod.html", import.meta.url)) },
  },
});
