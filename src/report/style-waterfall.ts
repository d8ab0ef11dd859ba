/**
 * From one run of a reconfigurable dataflow accelerator to another of the same program on the same machine: where the time went, by the accounts of both. What a
 * section takes is parted in this order: loading its configuration, its bytes at the rate of the pins, its operations at the peak rate as far as they take longer than the bytes, fill and drain,
 * and the rest by what its PCUs waited for. The first is counted, the next two are lower bounds, the last three are means over PCUs.
 */

import type { RunResult, SectionResult, UnitResult } from "../result/result.ts";
import { counted, duration, scaled } from "./format.ts";
import { countedOperations, movedBytes, nameOf, picosecondsOf, type Side } from "./sides.ts";
import { type Difference, type Waterfall, waterfallOf } from "./waterfall.ts";

/** Cycles of a run. They add up to its cycles. */
interface Account {
  readonly configuring: number;
  readonly hbm: number;
  readonly ddr: number;
  readonly compute: number;
  readonly fill: number;
  readonly memory: number;
  readonly stages: number;
}

const EMPTY: Account = { configuring: 0, hbm: 0, ddr: 0, compute: 0, fill: 0, memory: 0, stages: 0 };
const PARTS = ["configuring", "hbm", "ddr", "compute", "fill", "memory", "stages"] as const;

/** Both simulated to their end. */
export function styleWaterfall(from: Side, to: Side): Waterfall {
  const accounts = [accountOf(from.result), accountOf(to.result)] as const;
  const ends = { from: nameOf(from), to: nameOf(to), from_ps: picosecondsOf(from), to_ps: picosecondsOf(to) };
  const ps = (cycles: number, { result }: Side): number => (cycles * 1e12) / result.clock_hz;
  const differences = PARTS.filter((part) => accounts.some((account) => account[part] !== 0)).map((part): Difference => {
    const [before, after] = [ps(accounts[0][part], from), ps(accounts[1][part], to)];
    return { name: NAMES[part], ps: after - before, why: `${WHY[part](from.result, to.result)}: ${time(after)}, was ${time(before)}` };
  });
  return waterfallOf(ends, differences);
}

const time = (ps: number): string => (ps < 0 ? `-${duration(-ps / 1e12)}` : duration(ps / 1e12));

const NAMES: { readonly [K in keyof Account]: string } = {
  configuring: "reconfiguration",
  hbm: "HBM round trips",
  ddr: "DDR round trips",
  compute: "compute beyond memory",
  fill: "fill and drain",
  memory: "memory below its pins",
  stages: "waits between stages",
};

type Why = (from: RunResult, to: RunResult) => string;

const moved =
  (tier: "hbm" | "ddr"): Why =>
  (from, to) =>
    `${scaled(movedBytes(to.tiers[tier]), "B")} instead of ${scaled(movedBytes(from.tiers[tier]), "B")} at the rate of the pins`;

const WHY: { readonly [K in keyof Account]: Why } = {
  configuring: (from, to) => `${to.launches} configuration${to.launches === 1 ? "" : "s"} loaded instead of ${from.launches}`,
  hbm: moved("hbm"),
  ddr: moved("ddr"),
  compute: (from, to) =>
    `${operationsDone(to)} operations instead of ${operationsDone(from)} at the peak rate, as far as the bytes at the rate of the pins do not cover them`,
  fill: () => "a PCU waits for its first token, or has done its work before its section ends (mean over the PCUs)",
  memory: () => "what is left, for the share of their other waits in which PCUs waited for memory",
  stages: () => "what is left, for PCUs that work below their peak or wait for each other",
};

const operationsDone = ({ sections }: RunResult): string => counted(sections.reduce((sum, { operations }) => sum + countedOperations(operations), 0));

function accountOf(result: RunResult): Account {
  const units = new Map<string, UnitResult[]>();
  for (const unit of result.units) units.set(unit.section, [...(units.get(unit.section) ?? []), unit]);
  return result.sections.map((section) => sectionAccount(section, units.get(section.name) ?? [])).reduce(added, EMPTY);
}

const added = (a: Account, b: Account): Account => ({
  configuring: a.configuring + b.configuring,
  hbm: a.hbm + b.hbm,
  ddr: a.ddr + b.ddr,
  compute: a.compute + b.compute,
  fill: a.fill + b.fill,
  memory: a.memory + b.memory,
  stages: a.stages + b.stages,
});

/** Tiers that work side by side may take more than the section did: what is left is below 0 then, and the stages' part says so. */
function sectionAccount({ cycles, configuring_cycles: configuring, bounds_cycles }: SectionResult, units: readonly UnitResult[]): Account {
  const { hbm, ddr } = bounds_cycles;
  const beyond = cycles - configuring - hbm - ddr;
  const compute = within(bounds_cycles.compute - hbm - ddr, beyond);
  const waits = meanWaits(units);
  const fill = within(waits.fill, beyond - compute);
  const left = beyond - compute - fill;
  const memory = Math.max(0, left) * waits.memoryShare;
  return { configuring, hbm, ddr, compute, fill, memory, stages: left - memory };
}

const within = (value: number, most: number): number => Math.max(0, Math.min(value, most));

/** Of PCUs, where there are any. */
function meanWaits(units: readonly UnitResult[]): { readonly fill: number; readonly memoryShare: number } {
  const pcus = units.filter(({ kind }) => kind === "pcu");
  const looked = pcus.length > 0 ? pcus : units;
  let [fill, memory, stages] = [0, 0, 0];
  for (const { causes, busy_cycles } of looked) {
    stages += busy_cycles;
    for (const { root, state, cycles } of causes) {
      if (root === "fill" || root === "drain") fill += cycles;
      else if (/^(hbm|ddr)\b/.test(root)) memory += cycles;
      else if (state !== "idle") stages += cycles;
    }
  }
  return { fill: looked.length === 0 ? 0 : fill / looked.length, memoryShare: memory + stages === 0 ? 0 : memory / (memory + stages) };
}
