import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { include: ["test/**/*.test.ts"], setupFiles: ["test/support/seed.ts"], testTimeout: 120_000, hookTimeout: 120_000, maxWorkers: "100%" },
  resolve: { alias: { weft: new URL("./src/index.ts", import.meta.url).pathname } },
});
