/**
 * Finding and loading workloads. A workload is a .yaml, .ts or .json file, or the name of a .yaml or .ts file in one of the directories given or in
 * weft's own workloads/. What its code is and whom to blame: code.ts; what its inputs are bound to: data.ts.
 */

import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { inFile, type Place, UserError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import type { Override } from "../base/yaml.ts";
import { bindWorkload, parseWorkload, type WorkloadFile, workloadHash } from "../frontend/workload.ts";
import type { Definition } from "../pattern/builder.ts";
import { generateInput } from "../pattern/inputs.ts";
import { programFromJson } from "../pattern/json.ts";
import type { Program, TensorValues, Values } from "../pattern/program.ts";
import { loadCode, shownPath, type WorkloadCode } from "./code.ts";
import { inputReader } from "./data.ts";
import { packageRoot, readText } from "./files.ts";

export interface LoadedWorkload {
  readonly name: string;
  /** Of its file. */
  readonly path: string;
  /** Absent for a .json program. */
  readonly definition?: Definition;
  /** Where a place in its code is written; absent for a .json program. */
  readonly placeOf?: WorkloadCode["placeOf"];
  /** Verified; with the workload file's schedule. */
  readonly program: Program;
  /** What its inputs are bound to; those that are not are generated. */
  readonly data: WorkloadFile["data"];
  /** Of the inputs that are generated. */
  readonly seed: number;
  /** Of the program and what its inputs are bound to. */
  readonly hash: string;
  /** Reads the inputs that are bound to files; the function it gives makes the others, which takes memory only when it is called. */
  inputs(): Promise<() => TensorValues>;
}

export interface LoadOptions {
  /** `--set rows=1024`: over the workload file's parameters. */
  readonly settings?: readonly Override[];
  /** Over the workload file's; 1 where neither says one. */
  readonly seed?: number;
  /** Where names are looked up before those that come with weft. */
  readonly directories?: readonly string[];
}

/** Throws a UserError for whatever is wrong with the name, the file, its parameters or the program they make. */
export async function loadWorkload(nameOrPath: string, { settings = [], seed, directories = [] }: LoadOptions = {}): Promise<LoadedWorkload> {
  const found = await find(nameOrPath, directories);
  if (found.kind === "json") return loaded(loadProgram(found.path, settings), {}, seed ?? 1, found.path);
  const file = found.kind === "yaml" ? parseWorkload(readText(found.path), shownPath(found.path)) : undefined;
  const { definition, blame, placeOf } = await codeOf(found, file, directories);
  const { program, data } = bindWorkload(definition, file, settings, blame);
  return { ...loaded(program, data, seed ?? file?.seed ?? 1, found.path, file), definition, placeOf };
}

function loaded(program: Program, data: WorkloadFile["data"], seed: number, path: string, file?: WorkloadFile): LoadedWorkload {
  const hash = workloadHash(program, data);
  return { name: program.name, path, program, data, seed, hash, inputs: () => prepareInputs(program, seed, data, dirname(path), file) };
}

/** Names that can be run: of the files in `directories` and of what comes with weft, each once, sorted. */
export async function workloadNames(directories: readonly string[] = []): Promise<readonly string[]> {
  const files = await Promise.all(
    searched(directories)
      .filter(existsSync)
      .map((directory) => readdir(directory)),
  );
  const names = files.flat().filter((file) => /\.(yaml|ts)$/.test(file) && !/^index\.ts$|\.d\.ts$/.test(file));
  return [...new Set(names.map((file) => basename(file, extname(file))))].sort();
}

// --- finding ---

interface Found {
  readonly kind: "yaml" | "ts" | "json";
  readonly path: string;
}

const kinds: Readonly<Record<string, Found["kind"]>> = { ".yaml": "yaml", ".yml": "yaml", ".ts": "ts", ".js": "ts", ".mjs": "ts", ".json": "json" };

async function find(nameOrPath: string, directories: readonly string[]): Promise<Found> {
  if (nameOrPath === "")
    throw new UserError({ code: "unknown-workload", message: 'expected a workload, found ""', hint: "weft list names those that come with weft" });
  const kind = kinds[extname(nameOrPath)];
  if (kind === undefined) return findName(nameOrPath, directories, [".yaml", ".ts"], {});
  const path = resolve(nameOrPath);
  if (existsSync(path)) return { kind, path };
  throw new UserError({ code: "missing-file", message: "no such workload file", place: { file: nameOrPath } });
}

/** An instance with data (flights.yaml) goes before the program of the same name (flights.ts). */
async function findName(name: string, directories: readonly string[], extensions: readonly (".yaml" | ".ts")[], place: Place): Promise<Found> {
  for (const extension of extensions) {
    const path = searched(directories)
      .map((directory) => join(directory, name + extension))
      .find(existsSync);
    if (path !== undefined) return { kind: extension === ".yaml" ? "yaml" : "ts", path };
  }
  const hint = suggestion(name, await workloadNames(directories));
  throw new UserError({ code: "unknown-workload", message: `no workload is called ${JSON.stringify(name)}`, place, hint });
}

function searched(directories: readonly string[]): readonly string[] {
  return [...directories, join(packageRoot, "workloads")];
}

async function codeOf(found: Found, file: WorkloadFile | undefined, directories: readonly string[]): Promise<WorkloadCode> {
  if (file === undefined) return loadCode(found.path);
  const beside = resolve(dirname(found.path), file.program);
  if (extname(beside) !== "" && existsSync(beside)) return loadCode(beside);
  return loadCode((await findName(file.program, [dirname(found.path), ...directories], [".ts"], file.place(["program"]))).path);
}

// --- programs ---

function loadProgram(path: string, settings: readonly Override[]): Program {
  const [setting] = settings;
  if (setting !== undefined)
    throw new UserError({ code: "unknown-parameter", message: "a .json program is built already and has no parameters", place: { path: setting.label } });
  const json = parseJson(readText(path), shownPath(path));
  return inFile(shownPath(path), () => programFromJson(json));
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError({ code: "json-syntax", message: `not valid JSON: ${(error as Error).message}`, place: { file } });
  }
}

// --- inputs ---

async function prepareInputs(program: Program, seed: number, data: WorkloadFile["data"], base: string, file?: WorkloadFile): Promise<() => TensorValues> {
  const tensors = program.tensors.filter(({ name }) => program.inputs.includes(name));
  const readInput = inputReader(base);
  const read: Record<string, Values> = {};
  for (const tensor of tensors) {
    const binding = data[tensor.name];
    if (binding !== undefined) read[tensor.name] = await readInput(binding, tensor, (...keys) => file?.place(["data", tensor.name, ...keys]) ?? {});
  }
  return () => Object.fromEntries(tensors.map((tensor) => [tensor.name, read[tensor.name] ?? generateInput(tensor, seed)]));
}
