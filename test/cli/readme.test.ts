/** What the README tells a reader to type works as it stands. */

import { spawn } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { workloadNames } from "../../src/cli/workload.ts";
import { ended, root, temporaryFolder, twoAtATime, weft } from "../support/cli.ts";

const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = (language: string): readonly string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))].map((match) => match[1] as string);
const commands = blocks("sh").flatMap((block) => block.trim().split("\n"));

/** A folder that looks like a checkout, so that what commands write does not land in this one. */
function checkout(): string {
  const folder = temporaryFolder();
  for (const name of ["configs", "examples", "workloads"]) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

describe("the README", () => {
  it("has commands, and no kind that this test does not run", () => {
    const known = ["npm ci", "npm start"];
    expect(commands.length).toBeGreaterThan(10);
    expect(commands.filter((command) => !known.includes(command) && !command.startsWith("bin/weft.js "))).toEqual([]);
  });

  it("has commands that run", async () => {
    const folder = checkout();
    const ours = commands.filter((command) => command.startsWith("bin/weft.js ")).map((command) => command.split(" ").slice(1));
    const results = await twoAtATime(ours, (args) => weft(args, folder));
    expect(results.map(({ code, stderr }, index) => ({ command: ours[index]?.join(" "), code, stderr: code === 0 ? "" : stderr }))).toEqual(
      ours.map((args) => ({ command: args.join(" "), code: 0, stderr: "" })),
    );
    expect(results.every(({ stdout }) => stdout.length > 0)).toBe(true);
  });

  it("has a workload that runs", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "scale.ts"), blocks("ts")[0] as string);
    expect(readme).toContain("`bin/weft.js run scale.ts --values`");
    const { code, stdout } = await weft(["run", "scale.ts", "--values"], folder);
    expect(code).toBe(0);
    expect(stdout).toContain("scale rows=64 cols=128 dtype=f32 on plasticine");
  });

  it("shows an example whole", () => {
    expect(blocks("ts")).toContain(readFileSync(join(root, "examples/brightest.ts"), "utf8"));
  });

  it("has a workload file without faults", async () => {
    const folder = checkout();
    writeFileSync(join(folder, "mine.yaml"), blocks("yaml")[0] as string);
    const { code, stdout, stderr } = await weft(["check", "mine.yaml"], folder);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("mine.yaml: a workload without faults");
  });

  it("names every workload, those of published sizes by what they have in common", async () => {
    const named = new Set([...readme.matchAll(/`([a-z0-9-]+)`/g)].map((match) => match[1]));
    const names = await workloadNames();
    expect(names.filter((name) => !name.startsWith("plasticine-") && !named.has(name))).toEqual([]);
    expect(names.filter((name) => /^plasticine-(?!rnn-)/.test(name))).toHaveLength(2 + 11);
    expect(names.filter((name) => name.startsWith("plasticine-rnn-"))).toHaveLength(2);
  });

  it("has a start that agrees with plain JavaScript, then runs attention", async () => {
    const script = (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> }).scripts.start;
    expect(script).toBe("npm run --silent build && node examples/start.js");
    const { code, stdout } = await ended(spawn(process.execPath, [join(root, "examples/start.js")]));
    expect(code).toBe(0);
    expect(stdout).toContain("flights rows=3000000 origins=229 late=15 on plasticine");
    expect(stdout).toContain("all 229 airports agree with plain JavaScript");
    expect(stdout).toContain("attention seq=1024 heads=32 dim=128 dtype=bf16 on sn40l");
  });
});
