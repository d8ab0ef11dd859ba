/** What is asked about a run beyond its result: how far the compiler's expectation was off, and how much of the chip the mapper used. */

import type { Controllers } from "../compile/controllers.ts";
import type { Unit } from "../fabric/fabric.ts";
import { configurationsOf } from "../fabric/nests.ts";
import type { Mapping } from "../mapper/mapping.ts";
import { footprint } from "../pattern/analysis.ts";
import type { Program } from "../pattern/program.ts";
import type { RunResult } from "../result/result.ts";

export interface Study {
  readonly result: RunResult;
  /** What the plans of the sections say, each as often as it ran, and the loading of configurations. */
  readonly expected_cycles: number;
  readonly on_chip: UnitCounts;
  /** Of all inputs and outputs of the program, each once. */
  readonly data_bytes: number;
}

export type UnitCounts = Readonly<Record<Unit["kind"], number>>;

export function expectedCycles({ sections: plans }: Controllers, { sections }: RunResult): number {
  return sections.reduce((total, { runs, configuring_cycles }, s) => total + configuring_cycles + runs * plans[s]!.estimate.cycles, 0);
}

export function dataBytes(program: Program): number {
  const { inputs, outputs } = footprint(program);
  return inputs + outputs;
}

/** Read and written, of all tiers off the chip. */
export function offChipBytes({ tiers: { hbm, ddr } }: RunResult): number {
  return [hbm, ddr].reduce((sum, tier) => sum + (tier?.read_bytes ?? 0) + (tier?.write_bytes ?? 0), 0);
}

/** Units that are on the chip at one time: of each kind, in the configuration that has most of it. */
export function mostOnChip({ fabric }: Mapping): UnitCounts {
  const configurations = configurationsOf(fabric).map((sections) => sections.flatMap((s) => fabric.sections[s]!.units));
  const most = (kind: Unit["kind"]): number => Math.max(...configurations.map((units) => units.filter((unit) => unit.kind === kind).length));
  return { pcu: most("pcu"), pmu: most("pmu"), ag: most("ag") };
}
