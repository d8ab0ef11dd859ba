/** `weft list`: what can be run, and on what. */

import type { Binding } from "../frontend/workload.ts";
import { describeGpu, describeMachine } from "../machine/describe.ts";
import type { NumberParameter, ParameterDefault } from "../pattern/parameters.ts";
import { labelOf } from "./data.ts";
import { readText } from "./files.ts";
import { gpuNames, machineNames, readGpu, readMachine } from "./machines.ts";
import { loadWorkload, workloadNames } from "./workload.ts";

export async function list(): Promise<void> {
  const workloads = await Promise.all((await workloadNames()).map(describeWorkload));
  const machines = machineNames().map((name) => describeMachine(readMachine(name)).map(indented).join("\n"));
  const gpus = gpuNames().map((name) => describeGpu(readGpu(name)).map(indented).join("\n"));
  const lines = [
    "workloads (--set NAME=VALUE)",
    ...workloads,
    "",
    "machines (--set machine.PATH=VALUE)",
    ...machines,
    "",
    "GPUs (weft run and weft compare)",
    ...gpus,
    "",
  ];
  process.stdout.write(lines.join("\n"));
}

async function describeWorkload(name: string): Promise<string> {
  const { definition, program, data, path } = await loadWorkload(name);
  const parameters = Object.entries(definition?.parameters ?? {}).map(([parameter, known]) => describeParameter(parameter, known, program.params[parameter]));
  return [`${name}: ${aboutOf(path)}`, `  ${parameters.join("  ")}`, ...dataLines(data)].map(indented).join("\n");
}

/** `  delay, origin from vega-datasets/data/flights-3m.parquet`, a line a file. */
function dataLines(data: Readonly<Record<string, Binding>>): readonly string[] {
  const bound = Object.entries(data).map(([input, binding]) => ({ input, file: labelOf(binding) }));
  const files = [...new Set(bound.map(({ file }) => file))];
  return files.map((name) => `  ${bound.flatMap(({ input, file }) => (file === name ? [input] : [])).join(", ")} from ${name}`);
}

/** What a file says of itself: the first sentence of the comment at its top. */
function aboutOf(path: string): string {
  const [comment = ""] = /^(?:\/\*[\s\S]*?\*\/|(?:#.*\n)+)/.exec(readText(path)) ?? [];
  const words = comment
    .replaceAll(/^\s*(?:\/\*+|\*+\/|\*|#)|\*\/$/gm, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  return /^.*?\.(?= |$)/.exec(words)?.[0] ?? words;
}

/** `rows=4096`, or with bounds of its own `late=15 [-2000, 2000]`. */
function describeParameter(name: string, known: ParameterDefault, value: number | string | undefined): string {
  return typeof known === "object" ? `${name}=${value} ${rangeOf(known)}` : `${name}=${value}`;
}

function rangeOf({ min, max }: NumberParameter): string {
  return `[${min}, ${max}]`;
}

function indented(line: string): string {
  return `  ${line}`;
}
