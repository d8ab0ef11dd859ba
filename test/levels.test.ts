/** The levels of ARCHITECTURE.md are law: a file imports its own folder and lower levels, and nothing below cli/ touches the host. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const LEVELS: Readonly<Record<string, number>> = {
  base: 0,
  pattern: 1,
  machine: 1,
  engine: 1,
  fabric: 2,
  result: 2,
  trace: 2,
  frontend: 2,
  compile: 3,
  mapper: 3,
  memory: 3,
  network: 3,
  units: 4,
  gpu: 4,
  cpu: 4,
  sim: 5,
  energy: 6,
  report: 7,
  sweep: 8,
  scene: 8,
  export: 9,
  cli: 10,
};

const src = join(dirname(fileURLToPath(import.meta.url)), "../src");

interface Source {
  readonly file: string;
  readonly folder: string;
  readonly code: string;
}

const sources: readonly Source[] = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && file !== "index.ts")
  .map((file) => ({ file, folder: file.split(/[/\\]/)[0] as string, code: withoutComments(readFileSync(join(src, file), "utf8")) }));

describe("the levels", () => {
  it("see the files that they rule", () => {
    expect(sources.length).toBeGreaterThan(40);
    expect(sources.flatMap(importsOf).length).toBeGreaterThan(100);
  });

  it("know every folder of src/", () => {
    expect(sources.filter(({ folder }) => LEVELS[folder] === undefined).map(({ file }) => file)).toEqual([]);
  });

  it("allow a file to import its own folder and lower levels only", () => {
    expect(sources.flatMap(upwardImports)).toEqual([]);
  });

  it("keep files, processes and threads in cli/", () => {
    const below = sources.filter(({ folder }) => folder !== "cli");
    expect(
      below.flatMap((source) =>
        importsOf(source)
          .filter((path) => path.startsWith("node:"))
          .map((path) => `${source.file}: ${path}`),
      ),
    ).toEqual([]);
    expect(
      below
        .filter(({ code }) =>
          /\bprocess\.(env|argv|exit|stdout|stderr|stdin|cwd|memoryUsage|resourceUsage|hrtime|nextTick|on|once|platform)\b|\bglobalThis\b|\brequire\s*\(/.test(
            code,
          ),
        )
        .map(({ file }) => file),
    ).toEqual([]);
  });

  it("keep clocks and unseeded randomness out of everything below cli/", () => {
    const used = /\bMath\.random\b|\bDate\.now\b|\bnew Date\b|\bperformance\s*\.\s*now\b|\bsetTimeout\b/;
    expect(sources.filter(({ folder, code }) => folder !== "cli" && used.test(code)).map(({ file }) => file)).toEqual([]);
  });

  it("find the imports of every form", () => {
    const code =
      'import { a } from "../x/a.ts";\nimport type { B } from "../y/b.ts";\nexport * from "../z/c.ts";\nimport "node:fs";\nconst d = await import("../w/d.ts");';
    expect(importsOf({ file: "t.ts", folder: "t", code })).toEqual(["../x/a.ts", "../y/b.ts", "../z/c.ts", "node:fs", "../w/d.ts"]);
  });

  it("notice an import that goes up or sideways", () => {
    const at = (code: string): readonly string[] => upwardImports({ file: "mapper/route.ts", folder: "mapper", code });
    expect(at('import { a } from "../compile/index.ts";')).toEqual(["mapper/route.ts imports compile/index.ts"]);
    expect(at('import { a } from "../cli/main.ts";')).toHaveLength(1);
    expect(at('import { a } from "../index.ts";')).toHaveLength(1);
    expect(at('import { a } from "./maze.ts";\nimport { b } from "../fabric/fabric.ts";')).toEqual([]);
  });
});

function importsOf({ code }: Source): readonly string[] {
  return [...code.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)["']([^"']+)["']/g)].map((match) => match[1] as string);
}

function upwardImports(source: Source): readonly string[] {
  const targets = importsOf(source)
    .filter((path) => path.startsWith("."))
    .map((path) => relative(src, resolve(src, dirname(source.file), path)));
  const own = LEVELS[source.folder] ?? -1;
  const allowed = (target: string): boolean => {
    const folder = target.split(/[/\\]/)[0] as string;
    return folder === source.folder || (LEVELS[folder] ?? Number.POSITIVE_INFINITY) < own;
  };
  return targets.filter((target) => !allowed(target)).map((target) => `${source.file} imports ${target}`);
}

function withoutComments(code: string): string {
  return code.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/^\s*\/\/.*$/gm, "");
}
