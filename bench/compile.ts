/** The compiler on its largest tasks: CPU seconds of compiling, and of all until the units have their places and routes, with what is compiled again where links do not suffice. */

import { readMachine } from "../src/cli/machines.ts";
import { parseSettings } from "../src/cli/settings.ts";
import { loadWorkload } from "../src/cli/workload.ts";
import { compile } from "../src/compile/index.ts";
import { prepare } from "../src/sim/prepare.ts";
import { count, timed } from "./timing.ts";

const LLAMA = ["hidden=4096", "heads=32", "ffn=11008"];

const cases: readonly { readonly workload: string; readonly set: readonly string[] }[] = [
  { workload: "decoder", set: [...LLAMA, "seq=1", "cache=4095"] },
  { workload: "decoder", set: [...LLAMA, "seq=4096"] },
  { workload: "attention", set: ["seq=4096", "heads=32", "dim=128"] },
];

export async function benchCompile(): Promise<string> {
  const rows: string[] = [];
  for (const { workload, set } of cases) rows.push(await measure(workload, set));
  return ["| workload on sn40l | sections | units | compiled, CPU s | placed and routed too, CPU s |", "|---|---|---|---|---|", ...rows, ""].join("\n");
}

async function measure(name: string, set: readonly string[]): Promise<string> {
  const machine = readMachine("sn40l", []);
  const { program, seed } = await loadWorkload(name, { settings: parseSettings(set).workload });
  const compiled = timed(() => compile(program, machine, { style: "spatial" }));
  const whole = timed(() => prepare(program, machine, { style: "spatial", seed }));
  const { sections } = whole.value.fabric;
  const units = sections.reduce((sum, section) => sum + section.units.length, 0);
  return `| ${name} ${set.join(" ")} | ${sections.length} | ${count(units)} | ${compiled.seconds.toFixed(1)} | ${whole.seconds.toFixed(1)} |`;
}
