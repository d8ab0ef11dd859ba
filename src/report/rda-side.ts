/** What a run on a reconfigurable dataflow accelerator becomes as a side of a comparison. */

import type { Controllers } from "../compile/controllers.ts";
import { peakFlopsPerSecond, reconfigurationCycles } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import type { Program } from "../pattern/program.ts";
import type { RunResult } from "../result/result.ts";
import { narrowestBytes } from "./bounds.ts";
import { plannedCycles, plannedLoads } from "./planned.ts";
import type { ExpectedRun, Roofs, Side } from "./sides.ts";

/** What is known before a run. */
export interface Planned {
  readonly machine: Machine;
  readonly program: Program;
  readonly controllers: Controllers;
}

/** `result`: partial where the run was stopped. */
export function sideOf({ machine, program, controllers }: Planned, result: RunResult): Side {
  return {
    ...{ machine: machine.name, kind: machine.kind, style: result.style, regime: null },
    roofs: roofsOf(machine, program, result),
    result,
    expected: result.partial === null ? null : expectedOf(machine, controllers),
  };
}

function expectedOf(machine: Machine, controllers: Controllers): ExpectedRun {
  const launches = plannedLoads(controllers);
  const configuring = launches * reconfigurationCycles(machine);
  return { cycles: Math.round(plannedCycles(controllers)) + configuring, launches, launch_seconds: configuring / machine.clock_hz };
}

function roofsOf(machine: Machine, program: Program, { tiers }: RunResult): Roofs {
  const offChip = (["hbm", "ddr"] as const).flatMap((name) => {
    const tier = tiers[name];
    return tier === undefined ? [] : [{ name, bytes_per_second: tier.peak_bytes_per_second }];
  });
  return {
    name: machine.name,
    peak_flops_per_second: peakFlopsPerSecond(machine, narrowestBytes(program)),
    tiers: [...offChip].sort((a, b) => b.bytes_per_second - a.bytes_per_second),
  };
}
