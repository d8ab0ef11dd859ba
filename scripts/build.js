// Bundles the library (dist/index.js), the command line (dist/cli.js), its worker and the benchmark, the page (dist/page.html) with the simulator in it, and writes the declarations (dist/types).
// All bundles of Node share their chunks, so that a workload that imports "weft" meets the very modules the command line runs.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const entries = { index: "src/index.ts", cli: "src/cli/main.ts", node: "src/cli/node.ts", worker: "src/cli/worker.ts", bench: "bench/main.ts" };

rmSync(join(root, "dist"), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(join(root, file)))),
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  packages: "external",
  sourcemap: true,
  logLevel: "warning",
});

/** One file in memory, for browsers. */
const inBrowser = async (entry, options) => {
  const { outputFiles } = await build({
    ...{ absWorkingDir: root, entryPoints: [entry], bundle: true, minify: true, write: false, platform: "browser", target: "es2023", logLevel: "warning" },
    alias: { weft: join(root, "viz/live/language.ts") },
    loader: { ".yaml": "text" },
    ...options,
  });
  return outputFiles[0].text;
};

// What stands in a script element must not end it.
const inElement = (code) => code.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
const [script, worker, style] = await Promise.all([
  inBrowser("viz/main.ts", { format: "esm" }),
  inBrowser("viz/live/worker.ts", { format: "iife", define: { WEFT_VERSION: JSON.stringify(version) } }),
  inBrowser("viz/page.css", {}),
]);
const page = readFileSync(join(root, "viz/page.html"), "utf8")
  .replace("/*STYLE*/", () => style)
  .replace("/*SCRIPT*/", () => inElement(script))
  .replace("<!--WORKER-->", () => `<script id="weft-worker" type="text/plain">${inElement(worker)}</script>`);
writeFileSync(join(root, "dist/page.html"), page);

const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
const declarations = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
process.exitCode = declarations.status ?? 1;
