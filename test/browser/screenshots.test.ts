/** The pictures of the README: the script that takes them takes them, and the README shows what stands in docs/images. */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PNG } from "pngjs";
import { expect, it } from "vitest";
import { root } from "../support/cli.ts";
import { executable, freshFolder, inBrowser, runTo } from "./support.ts";

inBrowser("the pictures of the README", () => {
  it("are taken by their script from any page, and none is empty", async () => {
    const page = join(await runTo(["softmax", "--set", "rows=64", "--set", "cols=100"]), "index.html");
    const folder = freshFolder();
    const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/screenshots.js"), page, folder], {
      encoding: "utf8",
      env: { ...process.env, CHROMIUM: executable },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const names = readdirSync(folder);
    expect(names.sort()).toEqual(readdirSync(join(root, "docs/images")).sort());
    for (const name of names) expect(coloursIn(join(folder, name)), name).toBeGreaterThan(40);
  });

  it("are all there that the README shows", () => {
    const shown = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/!\[[^\]]+\]\((docs\/images\/[^)]+)\)/g)].map((match) => match[1]!);
    expect(shown.length).toBeGreaterThan(1);
    expect(shown.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

function coloursIn(file: string): number {
  const { data } = PNG.sync.read(readFileSync(file));
  const colours = new Set<number>();
  for (let at = 0; at < data.length; at += 4) colours.add(data.readUInt32BE(at));
  return colours.size;
}
