/** `weft check`: reads a machine or a workload with all that it names, and reports every fault. */

import { extname } from "node:path";
import { describeGpu, describeMachine } from "../machine/describe.ts";
import { readText } from "./files.ts";
import { readAnyMachine, readEnergyTable } from "./machines.ts";
import { loadWorkload } from "./workload.ts";

export async function check(file: string): Promise<void> {
  const isYaml = [".yaml", ".yml"].includes(extname(file));
  const text = isYaml ? readText(file) : "";
  process.stdout.write(`${hasKey(text, "kind") || hasKey(text, "pcu") ? checkMachine(file) : await checkWorkload(file, hasKey(text, "data"))}\n`);
}

function checkMachine(file: string): string {
  const machine = readAnyMachine(file);
  if (machine.kind === "gpu") return [`${file}: a GPU without faults`, ...describeGpu(machine)].join("\n");
  readEnergyTable(machine);
  return [`${file}: a machine without faults`, ...describeMachine(machine)].join("\n");
}

/** Data that is bound to files is read to the end; what a generator makes cannot be wrong. */
async function checkWorkload(file: string, hasData: boolean): Promise<string> {
  const { program, inputs } = await loadWorkload(file);
  if (hasData) await inputs();
  const params = Object.entries(program.params).map(([name, value]) => `${name}=${value}`);
  return `${file}: a workload without faults: ${[program.name, ...params].join(" ")}, ${program.operators.length} operators`;
}

function hasKey(yaml: string, key: string): boolean {
  return new RegExp(`^${key}\\s*:`, "m").test(yaml);
}
