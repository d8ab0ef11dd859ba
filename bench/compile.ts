/**
 * The compiler on its largest tasks: CPU seconds of compiling, and of all until the units have their places and routes, with what is compiled again where links do not suffice; and the most
 * memory that the process has taken until then. Asked of a decoder block: at most 10 s; of 64 operators: 60 s; of all: 2 GB.
 */

import { readMachine } from "../src/cli/machines.ts";
import { parseSettings } from "../src/cli/settings.ts";
import { loadWorkload } from "../src/cli/workload.ts";
import { compile } from "../src/compile/index.ts";
import { input, map, program, reduce } from "../src/pattern/builder.ts";
import type { Program } from "../src/pattern/program.ts";
import { add, mul } from "../src/pattern/scalars.ts";
import { prepare } from "../src/sim/prepare.ts";
import { count, timed } from "./timing.ts";

const LLAMA = ["hidden=4096", "heads=32", "ffn=11008"];

interface Task {
  readonly name: string;
  readonly machine: string;
  readonly build: () => Program | Promise<Program>;
}

const tasks: readonly Task[] = [
  workload("gda", "plasticine", []),
  workload("decoder", "sn40l", [...LLAMA, "seq=1", "cache=4095"]),
  workload("decoder", "sn40l", [...LLAMA, "seq=4096"]),
  workload("attention", "sn40l", ["seq=4096", "heads=32", "dim=128"]),
  workload("attention", "sn40l", ["seq=8192", "heads=32", "dim=128"]),
  { name: "64 operators", machine: "sn40l", build: () => layers(64) },
];

export async function benchCompile(): Promise<string> {
  const rows: string[] = [];
  for (const task of tasks) rows.push(await measure(task));
  return [
    "| workload | machine | sections | units | compiled, CPU s | placed and routed too, CPU s | memory, MiB |",
    "|---|---|---|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function workload(name: string, machine: string, set: readonly string[]): Task {
  return { name: [name, ...set].join(" "), machine, build: async () => (await loadWorkload(name, { settings: parseSettings(set).workload })).program };
}

async function measure({ name, machine: machineName, build }: Task): Promise<string> {
  const machine = readMachine(machineName, []);
  const made = await build();
  const compiled = timed(() => compile(made, machine, { style: "spatial" }));
  // On a machine of its own: searches on the same one are remembered.
  const again = readMachine(machineName, []);
  const whole = timed(() => prepare(made, again, { style: "spatial", seed: 1 }));
  const { sections } = whole.value.fabric;
  const units = sections.reduce((sum, section) => sum + section.units.length, 0);
  const megabytes = process.resourceUsage().maxRSS / 1024;
  return `| ${name} | ${machineName} | ${sections.length} | ${count(units)} | ${compiled.seconds.toFixed(1)} | ${whole.seconds.toFixed(1)} | ${count(Math.round(megabytes))} |`;
}

/** A product, its row sums, a scaling by them and a sum with what came before, again and again: no two of them become one operator. */
function layers(operators: number): Program {
  const [rows, columns] = [512, 512];
  return program("layers", {}, () => {
    let x = input("x", "bf16", [rows, columns]);
    for (let layer = 0; layer < operators / 4; layer++) {
      const before = x;
      const w = input(`w${layer}`, "bf16", [columns, columns]);
      const product = map(`product${layer}`, [rows, columns], (i, j) => reduce("add", [columns], (k) => mul(before.at(i, k), w.at(k, j))));
      const sum = map(`sum${layer}`, [rows], (i) => reduce("add", [columns], (j) => product.at(i, j)));
      const scaled = map(`scaled${layer}`, [rows, columns], (i, j) => mul(product.at(i, j), sum.at(i)));
      x = map(`x${layer}`, [rows, columns], (i, j) => add(scaled.at(i, j), before.at(i, j)));
    }
    return { y: x };
  }).build();
}
