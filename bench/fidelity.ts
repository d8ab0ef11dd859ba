/** The two fidelities of a tier inside a run: bursts a CPU second of a regular stream, with the simulation of the units that ask for them. */

import { readMachine } from "../src/cli/machines.ts";
import { prepare } from "../src/sim/prepare.ts";
import { simulate } from "../src/sim/simulate.ts";
import dot from "../workloads/dot.ts";
import { count, timed } from "./timing.ts";

const cases: readonly { readonly machine: string; readonly tier: "ddr" | "hbm"; readonly fidelity: string; readonly n: number }[] = [
  { machine: "plasticine", tier: "ddr", fidelity: "detailed", n: 4_000_000 },
  { machine: "plasticine", tier: "ddr", fidelity: "stream", n: 4_000_000 },
  { machine: "plasticine", tier: "ddr", fidelity: "stream", n: 3_200_000_000 },
  { machine: "sn40l", tier: "hbm", fidelity: "detailed", n: 4_000_000 },
  { machine: "sn40l", tier: "hbm", fidelity: "stream", n: 4_000_000 },
  { machine: "sn40l", tier: "hbm", fidelity: "stream", n: 40_000_000 },
];

export function benchFidelity(): string {
  const head = ["| dot | tier | fidelity | bursts | CPU s | bursts a CPU second | of detailed |", "|---|---|---|---|---|---|---|"];
  let detailed = 0;
  const rows = cases.map(({ machine: name, tier, fidelity, n }) => {
    const machine = readMachine(name, [{ path: `tiers.${tier}.fidelity`, value: fidelity, label: fidelity }]);
    const program = dot.build({ n, dtype: "f32" });
    const { mapping } = prepare(program, machine, { style: "spatial", seed: 1 });
    const run = () => timed(() => simulate(mapping, machine, { program, inputs: () => ({}), values: false, engine: "fast" }));
    run();
    const { value, seconds } = run();
    const bursts = value.sections.reduce((sum, { tiers }) => sum + (tiers[tier]?.read_bytes ?? 0), 0) / machine.tiers[tier]!.burst_bytes;
    const rate = bursts / seconds;
    if (fidelity === "detailed") detailed = rate;
    return `| n=${count(n)} on ${name} | ${tier} | ${fidelity} | ${count(bursts)} | ${seconds.toFixed(2)} | ${count(Math.round(rate))} | ${(rate / detailed).toFixed(1)} x |`;
  });
  return [...head, ...rows, ""].join("\n");
}
