import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { compress } from "../compress";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [
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
    modulePreload: { polyfill: false },
    rollupOptions: { input: fileURLToPath(new URL("pod.html", import.meta.url)) },
  },
});
