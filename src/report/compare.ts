/** Sides side by side: what `weft compare --json` writes, and its tables are made from. Units stand in the names. */

import type { Limit, MovedBytes, RunResult, SectionResult } from "../result/result.ts";
import { type Retiming, retimingOf } from "./retiming.ts";
import { type Roofline, rooflineOf } from "./roofline.ts";
import { countedOperations, cyclesOf, nameOf, offChipBytes, type Side, secondsOf } from "./sides.ts";
import { styleWaterfall } from "./style-waterfall.ts";
import type { Waterfall } from "./waterfall.ts";

export interface Comparison {
  readonly schemaVersion: 1;
  readonly weft: RunResult["weft"];
  readonly workload: RunResult["workload"];
  readonly sides: readonly SideReport[];
  readonly waterfalls: readonly Waterfall[];
  readonly reconfiguration: Retiming | null;
  readonly roofline: Roofline;
  readonly warnings: readonly string[];
  /** Only here do two comparisons of the same input differ, if all their runs went to their ends. */
  readonly host: { readonly sides: readonly { readonly side: string; readonly wall_seconds: number }[] };
}

/** How the figures of a side came about. */
export type Provenance = "simulated" | "expected, not simulated";

export interface SideReport {
  readonly name: string;
  readonly machine: RunResult["machine"];
  readonly style: string;
  readonly regime: string | null;
  readonly fidelity: RunResult["fidelity"];
  /** Of cycles, seconds, speed and launches. */
  readonly provenance: Provenance;
  readonly cycles: number;
  readonly clock_hz: number;
  readonly seconds: number;
  /** How many times as fast as the first side. */
  readonly speed: number;
  readonly launches: number;
  readonly launch_seconds: number;
  /** Null where the run was not simulated to its end. */
  readonly simulated: SimulatedFigures | null;
}

export interface SimulatedFigures {
  readonly tiers: Readonly<Partial<Record<"sram" | "hbm" | "ddr", MovedBytes>>>;
  readonly operations: RunResult["ops"];
  /** All of them, by bytes off the chip; null where there are none. */
  readonly operations_per_byte: number | null;
  readonly energy_pJ: number;
  readonly power_watts: number;
  /** Energy times time. */
  readonly edp_joule_seconds: number;
  readonly limit: Limit;
  readonly sections: readonly SectionReport[];
}

export interface SectionReport {
  readonly name: string;
  readonly ops: readonly string[];
  readonly runs: number;
  readonly cycles: number;
  readonly seconds: number;
  readonly tiers: SectionResult["tiers"];
  readonly operations: SectionResult["operations"];
  readonly operations_per_byte: number | null;
  readonly limit: Limit;
}

/** At least one side; `waterfalls`: those that are made elsewhere, from runs of their own. */
export function compareSides(sides: readonly Side[], waterfalls: readonly Waterfall[] = []): Comparison {
  const [first] = sides;
  if (first === undefined) throw new Error("a comparison of no sides");
  return {
    schemaVersion: 1,
    weft: first.result.weft,
    workload: first.result.workload,
    sides: sides.map((side) => reportOf(side, first)),
    waterfalls: [...waterfalls, ...styleWaterfalls(sides)],
    reconfiguration: retimingOf(sides),
    roofline: rooflineOf(sides),
    warnings: [...new Set(sides.flatMap((side) => warningsOf(side)))],
    host: { sides: sides.map((side) => ({ side: nameOf(side), wall_seconds: side.result.host.wall_seconds })) },
  };
}

function warningsOf(side: Side): readonly string[] {
  const { expected, result } = side;
  if (expected === null)
    return side.kind === "gpu"
      ? result.warnings.filter((warning) => /still in L2|figures are of one|does not fit/.test(warning)).map((warning) => `${nameOf(side)}: ${warning}`)
      : [];
  const share = result.partial === null ? "" : ` after ${Math.floor(100 * result.partial.share_done)} % of its work`;
  return [
    `${nameOf(side)} was stopped${share} (--max-seconds): its time is what its plan expects, not simulated; it has no bytes, energy, limit, waterfall or points on the roofline`,
  ];
}

function reportOf(side: Side, first: Side): SideReport {
  const { result, expected, style, regime } = side;
  const { launches, launch_seconds } = expected ?? result;
  const { machine, fidelity, clock_hz } = result;
  return {
    ...{ name: nameOf(side), machine, style, regime, fidelity },
    provenance: expected === null ? "simulated" : "expected, not simulated",
    ...{ cycles: cyclesOf(side), clock_hz, seconds: secondsOf(side) },
    speed: secondsOf(side) === 0 ? 1 : secondsOf(first) / secondsOf(side),
    ...{ launches, launch_seconds },
    simulated: expected === null ? figuresOf(result) : null,
  };
}

function figuresOf({ tiers, ops, energy_pJ, seconds, limit, sections, clock_hz }: RunResult): SimulatedFigures {
  const joules = energy_pJ.total / 1e12;
  return {
    tiers: Object.fromEntries(Object.entries(tiers).map(([tier, { read_bytes, write_bytes }]) => [tier, { read_bytes, write_bytes }])),
    operations: ops,
    operations_per_byte: perByte(ops, tiers),
    energy_pJ: energy_pJ.total,
    power_watts: seconds === 0 ? 0 : joules / seconds,
    edp_joule_seconds: joules * seconds,
    limit,
    sections: sections.map((section) => sectionReport(section, clock_hz)),
  };
}

function sectionReport({ name, ops, runs, cycles, tiers, operations, limit }: SectionResult, clock_hz: number): SectionReport {
  return { ...{ name, ops, runs, cycles }, seconds: cycles / clock_hz, ...{ tiers, operations }, operations_per_byte: perByte(operations, tiers), limit };
}

function perByte(operations: RunResult["ops"], tiers: SectionResult["tiers"]): number | null {
  const bytes = offChipBytes(tiers);
  return bytes === 0 ? null : countedOperations(operations) / bytes;
}

/** From kernel by kernel to spatial, on each machine that ran both to their ends. */
function styleWaterfalls(sides: readonly Side[]): readonly Waterfall[] {
  const whole = sides.filter(({ kind, expected }) => kind === "rda" && expected === null);
  return whole.flatMap((to) => {
    const from = whole.find(({ machine, style }) => machine === to.machine && style === "kernel-by-kernel");
    return to.style !== "spatial" || from === undefined ? [] : [styleWaterfall(from, to)];
  });
}
