import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { compress } from "../compress";

/**
 * Leaves dynamic imports as they are written. Vite wraps each in a helper that preloads style sheets and modules: 600
 * bytes that the pod does not need.
 */
const plainImports = (): Plugin => ({
  name: "plain-imports",
  enforce: "pre",
  load: {
    filter: { id: /^\0vite\/preload-helper/ },
    handler: () => "export const __vitePreload = (load) => load();",
  },
  renderChunk: (code) => code.replaceAll(/__vitePreload\(\(\) => (import\(.*?\)), __VITE_PRELOAD__\)/gs, "$1"),
});

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [
    plainImports(),
    compress({
      name: "the pod",
      dist: fileURLToPath(new URL("dist", import.meta.url)),
      encoding: "brotli",
      bytes: 20 * 1024,
    }),
  ],
  build: {
    target: ["chrome123", "edge123", "firefox128", "safari17.5"],
    emptyOutDir: false, // compress() cleans: .gitkeep stays
    assetsDir: "pod-assets",
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: {
      input: fileURLToPath(new URL("pod.html", import.meta.url)),
      treeshake: { propertyReadSideEffects: false },
      optimization: { inlineConst: { mode: "all", pass: 3 } },
    },
  },
});
