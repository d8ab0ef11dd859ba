/** What the page carries of weft's files is all that it can use, and its command lines are those that a shell takes. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandOf } from "../../viz/live/choice.ts";
import { root } from "../support/cli.ts";

describe("live mode", () => {
  const carried = new Set([...readFileSync(join(root, "viz/live/files.ts"), "utf8").matchAll(/from "\.\.\/\.\.\/([^"]+)"/g)].map((match) => match[1]!));
  const yamlIn = (folder: string): readonly string[] =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".yaml"))
      .map((name) => `${folder}/${name}`);

  it("carries all machines, energy tables and instances without data", () => {
    const instances = yamlIn("workloads").filter((file) => !/^data:/m.test(readFileSync(join(root, file), "utf8")));
    expect([...carried].sort()).toEqual([...yamlIn("configs"), ...yamlIn("configs/energy"), ...instances].sort());
  });

  it("quotes what a shell would not take as it stands", () => {
    const job = { workload: "softmax", machine: "plasticine", style: "kernel-by-kernel", settings: ["rows=8", "a='b c'"], seed: 3, gpu: null } as const;
    expect(commandOf(job)).toBe("weft run softmax --machine plasticine --style kernel-by-kernel --set rows=8 --set 'a='\\''b c'\\''' --seed 3");
  });
});
