/**
 * Fast-forward on workloads at large sizes: a table in Markdown, as it stands in docs/fast-forward.md. Seconds are CPU time of the simulation alone, without compiling, placing and
 * routing.
 */

import { readMachine } from "../src/cli/machines.ts";
import { parseSettings } from "../src/cli/settings.ts";
import { loadWorkload } from "../src/cli/workload.ts";
import { prepare } from "../src/sim/prepare.ts";
import { simulate } from "../src/sim/simulate.ts";
import { count, timed } from "./timing.ts";

const cases: readonly { readonly workload: string; readonly machine: string; readonly set: readonly string[] }[] = [
  { workload: "dot", machine: "plasticine", set: ["n=160000000"] },
  { workload: "dot", machine: "plasticine", set: ["n=3200000000"] },
  { workload: "softmax", machine: "plasticine", set: ["rows=262144", "cols=4096"] },
  { workload: "layernorm", machine: "plasticine", set: ["rows=400000"] },
  { workload: "gemm", machine: "plasticine", set: ["m=16384", "n=512", "k=512"] },
  { workload: "gemm", machine: "plasticine", set: ["m=2048", "n=2048", "k=2048"] },
  { workload: "attention", machine: "plasticine", set: ["seq=256", "heads=1024"] },
  { workload: "mlp", machine: "plasticine", set: ["rows=4096", "hidden=256", "ffn=512"] },
  { workload: "conv2d", machine: "plasticine", set: ["h=1024", "w=56"] },
  { workload: "stencil2d", machine: "plasticine", set: ["h=20000", "w=1024"] },
  { workload: "dot", machine: "sn40l", set: ["n=8000000000", "dtype=bf16"] },
  { workload: "attention", machine: "sn40l", set: ["seq=1024", "heads=32"] },
  { workload: "gemm", machine: "sn40l", set: ["m=1024", "n=1024", "k=1024", "dtype=bf16"] },
];

export async function benchWorkloads(): Promise<string> {
  const rows: string[] = [];
  for (const { workload, machine, set } of cases) {
    rows.push(await measure(workload, machine, set));
    process.stderr.write(`${rows.at(-1)}\n`);
  }
  return ["| workload | machine | cycles | CPU s | firings | skipped | cycles of a period |", "|---|---|---|---|---|---|---|", ...rows, ""].join("\n");
}

async function measure(name: string, machineName: string, set: readonly string[]): Promise<string> {
  const machine = readMachine(machineName, []);
  const { program, inputs, seed } = await loadWorkload(name, { settings: parseSettings(set).workload });
  const { mapping } = prepare(program, machine, { style: "spatial", seed });
  const given = await inputs();
  const { value, seconds } = timed(() => simulate(mapping, machine, { program, inputs: given, values: false, engine: "fast" }));
  const { ticks, firings, skipped, periods } = value;
  const [longest] = [...periods].sort(([a, m], [b, n]) => b * n - a * m);
  const share = `${((100 * skipped) / firings).toFixed(2)} %`;
  const period = longest === undefined ? "" : `${count(longest[0])}, ${count(longest[1])} times`;
  return `| ${name} ${set.join(" ")} | ${machineName} | ${count(ticks)} | ${seconds.toFixed(1)} | ${count(firings)} | ${share} | ${period} |`;
}
