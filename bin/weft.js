#!/usr/bin/env node
// The command line: everything is in dist/, which `npm run build` makes.
import { existsSync } from "node:fs";

const cli = new URL("../dist/cli.js", import.meta.url);
if (existsSync(cli)) {
  const { main } = await import(cli.href);
  await main(process.argv.slice(2));
} else {
  process.stderr.write("weft: dist/ is missing; run `npm run build` first\n");
  process.exitCode = 70;
}
