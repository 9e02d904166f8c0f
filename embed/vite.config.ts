import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  build: {
    target: "es2022",
    emptyOutDir: false, // dist/.gitkeep stays
    lib: { entry: "src/v1.ts", formats: ["iife"], name: "shieldpodLoader", fileName: () => "v1.js" },
  },
});
