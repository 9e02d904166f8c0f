import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { compress } from "../compress";

/** Vite's own way to load a later file brings a helper for style sheets and preloads: 600 bytes that nothing here needs. */
const plainImports = (): Plugin => ({
  name: "plain-imports",
  enforce: "pre",
  load: {
    filter: { id: /^\0vite\/preload-helper/ },
    handler: () => "export const __vitePreload = (load) => load();",
  },
});

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [
    plainImports(),
    compress({
      name: "the pod",
      dist: fileURLToPath(new URL("dist", import.meta.url)),
      encoding: "brotli",
      bytes: 22 * 1024,
    }),
  ],
  build: {
    target: ["chrome123", "edge123", "firefox128", "safari17.5"],
    emptyOutDir: false, // compress() cleans: .gitkeep stays
    assetsDir: "pod-assets",
    assetsInlineLimit: 0,
    modulePreload: false,
    rollupOptions: { input: fileURLToPath(new URL("pod.html", import.meta.url)) },
  },
});
