/** Made-up sides of comparisons: what their sections took, without any run. */

import { readFileSync } from "node:fs";
import { loadEnergyTable } from "../../src/energy/schema.ts";
import { peakFlopsPerSecond } from "../../src/machine/derived.ts";
import { makeResult } from "../../src/report/make.ts";
import type { Side } from "../../src/report/sides.ts";
import type { SectionCounters } from "../../src/result/counters.ts";
import { machineNamed, mappingOf, run, section, squares, unit, wait } from "./counters.ts";

const machine = machineNamed("plasticine");
const tableFile = new URL("../../configs/energy/plasticine.yaml", import.meta.url);
const energyTable = loadEnergyTable(readFileSync(tableFile, "utf8"), "plasticine.yaml");
const host = { wall_seconds: 0.5, firings: 3000, skipped_firings: 0, periods: [], forward: [], simulated_cycles_per_second: 2200, peak_rss_bytes: 1e8 };

/** On plasticine, in a style. */
export function sideOf(style: string, sections: readonly SectionCounters[], changes: Partial<Side> = {}): Side {
  const counters = run(sections);
  const mapping = mappingOf(counters);
  const made = { version: "0.0.0", program: squares, workloadHash: "0123456789abcdef", seed: 1, machine, mapping, counters, energyTable, host };
  const result = { ...makeResult(made), style };
  const tiers = [{ name: "ddr", bytes_per_second: result.tiers.ddr!.peak_bytes_per_second }];
  return {
    ...{ machine: "plasticine", kind: "rda", style, regime: null, result, expected: null },
    roofs: { name: "plasticine", peak_flops_per_second: peakFlopsPerSecond(machine, 4), tiers },
    ...changes,
  };
}

/** A section of these operators that takes so many ticks after its configuration of 100; its units wait longer, the longer it takes. */
export function lasting(operators: readonly string[], ticks: number, changes: Partial<SectionCounters> = {}): SectionCounters {
  const units = [
    unit("load", "ag", { busy: 200, waits: [wait("memory", "ddr channel 0", ticks - 200)] }),
    unit("work", "pcu", {
      busy: 250,
      waits: [wait("starved", "in", ticks - 250, "load")],
      operations: [{ op: "mul", dtype: "f32", count: 4000 }],
    }),
    unit("store", "ag", { busy: 100, idle: 10, waits: [wait("starved", "out", ticks - 110, "work")] }),
  ];
  return section({ name: operators.join(".."), operators, ticks, units, ...changes });
}
