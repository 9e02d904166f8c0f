import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { compress } from "../compress";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [
    compress({
      name: "the loader",
      dist: fileURLToPath(new URL("dist", import.meta.url)),
      encoding: "gzip",
      bytes: 4 * 1024,
    }),
  ],
  build: {
    target: "es2022",
    emptyOutDir: false, // compress() cleans: .gitkeep stays
    lib: { entry: "src/v1.ts", formats: ["iife"], name: "shieldpodLoader", fileName: () => "v1.js" },
  },
});
