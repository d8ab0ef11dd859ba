/**
 * The code of a workload: bundled by esbuild, evaluated with the running library as "weft", and blamed for what goes wrong in it, with file, line and
 * column of the innermost call that stands in the user's own files.
 */

import { createRequire, SourceMap, type SourceMapping } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { compileFunction } from "node:vm";
import type { BuildFailure } from "esbuild";
import * as weft from "weft";
import { type Fault, type Place, UserError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import type { Definition } from "../pattern/builder.ts";
import { packageRoot } from "./files.ts";

export interface WorkloadCode {
  readonly definition: Definition;
  /** Runs what calls the workload's code: what goes wrong in that code is its fault, at its place. What goes wrong in weft alone passes through. */
  blame<T>(run: () => T): T;
  /** A place in the code that runs -> the one in the file that the user wrote. */
  placeOf(place: Place): Place;
}

/** Bundles a .ts file and takes its default export. */
export async function loadCode(path: string): Promise<WorkloadCode> {
  const bundled = await bundle(path);
  const { code, map } = bundled;
  const blame = <T>(run: () => T): T => {
    try {
      return run();
    } catch (error) {
      const place = placeIn(error, path, map);
      if (error instanceof Error && !(error instanceof UserError) && place === undefined) throw error;
      throw new UserError(faultsOf(error).map((fault) => placed(fault, { file: shownPath(path), ...(place ?? declarationOf(fault, path, bundled)) })));
    }
  };
  const definition = blame(() => evaluate(code, path)).default as Partial<Definition> | undefined;
  const placeOf = (place: Place): Place => ({ ...place, ...writtenAt(place, path, map) });
  if (typeof definition?.build === "function" && typeof definition.name === "string") return { definition: definition as Definition, blame, placeOf };
  throw new UserError({
    code: "no-program",
    message: definition === undefined ? "no default export, expected a program" : "the default export is no program",
    place: { file: shownPath(path) },
    hint: "write: export default program(name, parameters, build)",
  });
}

/** As short as it is clear: from where the user is, else from where weft is, else whole. */
export function shownPath(path: string): string {
  const roots = [process.cwd(), packageRoot].map((root) => relative(root, path));
  return roots.find((shown) => shown !== "" && !shown.startsWith("..") && resolve(shown) !== shown) ?? path;
}

// --- from text to a module ---

interface Bundle {
  readonly code: string;
  readonly map: SourceMap;
}

async function bundle(path: string): Promise<Bundle> {
  const { build } = await import("esbuild");
  const target = { format: "cjs", platform: "node", target: "node20", sourcemap: "external", sourcesContent: false } as const;
  const folder = dirname(path);
  try {
    const result = await build({
      entryPoints: [path],
      absWorkingDir: folder,
      outfile: join(folder, "bundle.js"),
      bundle: true,
      write: false,
      external: ["weft"],
      logLevel: "silent",
      ...target,
    });
    const [map, code] = [".js.map", ".js"].map((end) => result.outputFiles.find((file) => file.path.endsWith(end))?.text ?? "");
    return { code: code!, map: new SourceMap(JSON.parse(map!)) };
  } catch (error) {
    const { errors } = error as BuildFailure;
    if (errors === undefined) throw error;
    throw new UserError(errors.map(({ text, location }) => ({ code: "bad-workload", message: text, place: placeOfLocation(path, location) })));
  }
}

function placeOfLocation(path: string, location: BuildFailure["errors"][number]["location"]): Place {
  return location === null
    ? { file: shownPath(path) }
    : { file: shownPath(join(dirname(path), location.file)), line: location.line, column: location.column + 1 };
}

function evaluate(code: string, path: string): { readonly default?: unknown } {
  const module: { exports: { readonly default?: unknown } } = { exports: {} };
  const require = createRequire(path);
  compileFunction(code, ["module", "exports", "require"], { filename: path })(module, module.exports, (name: string) =>
    name === "weft" ? weft : require(name),
  );
  return module.exports;
}

// --- blame ---

function faultsOf(error: unknown): readonly Fault[] {
  if (error instanceof UserError) return error.faults;
  return [{ code: "workload-threw", ...inWords(error instanceof Error ? error.message : String(error)) }];
}

/** A fault that already has a file keeps it; what knows an operator keeps that beside the place in the code. */
const placed = (fault: Fault, place: Place): Fault => (fault.place?.file === undefined ? { ...fault, place: { ...place, ...fault.place } } : fault);

/** Where the tensor or operator that a fault names is made, if just one call of the builder in the code has that name. */
function declarationOf({ place }: Fault, path: string, { code, map }: Bundle): Place | undefined {
  const name = /^(?:operator|tensor|input) ("[\w.]+")$/.exec(place?.path ?? "")?.[1];
  const calls = code.split("\n").flatMap((line, row) => [...line.matchAll(/\(0, import_weft\d*\.\w+\)\(("[\w.]+"),/g)].map((call) => ({ call, row })));
  const [made, other] = calls.filter(({ call }) => call[1] === name);
  return made === undefined || other !== undefined ? undefined : originOf(path, map.findEntry(made.row, made.call.index));
}

/** What JavaScript says of a newcomer's usual slips, in words that help. */
function inWords(said: string): Pick<Fault, "message" | "hint"> {
  const imported = /\(0 , (?:import_)?weft\.?\w*\.(\w+)\) is not a function/.exec(said)?.[1];
  if (imported !== undefined) return { message: `"weft" has no function ${JSON.stringify(imported)}`, hint: suggestion(imported, functions) };
  const missing = /^(\w+) is not defined$/.exec(said)?.[1];
  if (missing !== undefined && functions.includes(missing))
    return { message: `${JSON.stringify(missing)} is not defined`, hint: `import { ${missing} } from "weft"` };
  const early = /^Cannot access '(\w+)' before initialization$/.exec(said)?.[1];
  if (early !== undefined)
    return { message: `${JSON.stringify(early)} is used before it is made`, hint: "an operator reads what was made before it; a loop over time is iterate" };
  return { message: `the workload's code failed: ${said}` };
}

const functions: readonly string[] = Object.entries(weft).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));

/** Where the innermost of an error's causes went through the user's code; undefined: nowhere. */
function placeIn(error: unknown, path: string, map: SourceMap): Place | undefined {
  for (const cause of causesOf(error).toReversed()) {
    const frame = cause.stack?.split("\n").find((line) => line.includes(`${path}:`)) ?? "";
    const [, line, column] = /:(\d+):(\d+)\)?$/.exec(frame) ?? [];
    const place = line === undefined ? undefined : originOf(path, map.findEntry(Number(line) - 1, Number(column) - 1));
    if (place !== undefined) return place;
  }
  return undefined;
}

function writtenAt({ file, line, column }: Place, path: string, map: SourceMap): Place | undefined {
  if (file === undefined || line === undefined || column === undefined) return undefined;
  return file === path ? originOf(path, map.findEntry(line - 1, column - 1)) : { file: shownPath(file) };
}

/** A place in the bundle -> the place in the file that it came from. */
function originOf(path: string, entry: ReturnType<SourceMap["findEntry"]>): Place | undefined {
  const { originalSource, originalLine, originalColumn } = entry as Partial<SourceMapping>;
  if (originalSource === undefined || originalLine === undefined || originalColumn === undefined) return undefined;
  return { file: shownPath(resolve(dirname(path), originalSource)), line: originalLine + 1, column: originalColumn + 1 };
}

function causesOf(error: unknown): readonly Error[] {
  return error instanceof Error ? [error, ...causesOf(error.cause)] : [];
}
