/** Everything a run left behind -> the one RunResult that tables, JSON and viewers read. */

import { hashOf } from "../base/hash.ts";
import { energyDetailOf, sumOf } from "../energy/energy.ts";
import type { EnergyTable } from "../energy/table.ts";
import { fidelitiesOf, tierBytesPerSecond } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import type { Mapping } from "../mapper/mapping.ts";
import { busiestLink } from "../mapper/quality.ts";
import type { Program } from "../pattern/program.ts";
import { assertResult } from "../result/check.ts";
import type { RunCounters, SectionCounters } from "../result/counters.ts";
import type { HostResult, RoutesResult, RunResult, SectionResult, TierResult, UnitResult } from "../result/result.ts";
import { boundsOf, peakScratchpadBandwidth, type Work, workOfProgram, workOfSection } from "./bounds.ts";
import { limitOf } from "./limit.ts";
import { outputRows } from "./outputs.ts";
import { unitRows } from "./units.ts";
import { warningsOf } from "./warnings.ts";

export interface RunParts {
  /** Of weft. */
  readonly version: string;
  readonly program: Program;
  /** Fingerprint of the program and what its inputs are bound to. */
  readonly workloadHash: string;
  /** Of the data generators and of placement. */
  readonly seed: number;
  readonly machine: Machine;
  readonly mapping: Mapping;
  readonly counters: RunCounters;
  readonly energyTable: EnergyTable;
  readonly host: HostResult;
}

/** Throws (a bug in weft) where the result contradicts itself, and a UserError where the energy table lacks a row. */
export function makeResult({ version, program, workloadHash, seed, machine, mapping, counters, energyTable, host }: RunParts): RunResult {
  const { sources: _, ...figures } = machine;
  const seconds = counters.ticks / machine.clock_hz;
  const work = workOfProgram(program, counters);
  const bounds = boundsOf(work, counters.sections, machine);
  const units = unitRows(counters);
  const limit = limitOf(counters.sections, units, counters.ticks, bounds, machine.pcu.count);
  const energy_detail = energyDetailOf(counters, machine, energyTable);
  const energy = sumOf(energy_detail);
  const result: RunResult = {
    schemaVersion: 1,
    weft: { version },
    workload: { name: program.name, hash: workloadHash, params: program.params, seed },
    machine: { name: machine.name, hash: hashOf(figures), kind: machine.kind },
    style: mapping.fabric.style,
    fidelity: { dram: fidelitiesOf(machine).join(", "), network: machine.network.fidelity ?? "circuit" },
    partial: counters.partial,
    cycles: counters.ticks,
    seconds,
    clock_hz: machine.clock_hz,
    ops: { flops: work.flops, int_ops: work.int_ops, special_ops: work.special_ops },
    kernels: counters.sections.reduce((total, { runs }) => total + runs, 0),
    launches: counters.sections.reduce((total, { configurations }) => total + configurations, 0),
    launch_seconds: counters.sections.reduce((total, section) => total + section.configuringTicks, 0) / machine.clock_hz,
    tiers: tierRows(counters, machine, seconds),
    units,
    utilization: utilizationOf(units, counters, machine),
    bounds_cycles: bounds,
    limit,
    energy_pJ: energy,
    energy_detail,
    sections: counters.sections.map((section, s) => sectionRow(section, units, work, machine, routesOf(mapping, s, machine))),
    outputs: outputRows(program, counters.outputs),
    warnings: warningsOf({
      ...{ machine, program, table: energyTable, energy, units, partial: counters.partial },
      ...{ fabric: mapping.fabric, sizes: counters.sizes, limit: limit.resource, special_ops: work.special_ops },
    }),
    host,
  };
  assertResult(result);
  return result;
}

function tierRows(counters: RunCounters, machine: Machine, seconds: number): RunResult["tiers"] {
  const row = (read_bytes: number, write_bytes: number, peak: number): TierResult => ({
    read_bytes,
    write_bytes,
    achieved_bytes_per_second: seconds === 0 ? 0 : (read_bytes + write_bytes) / seconds,
    peak_bytes_per_second: peak,
  });
  const units = counters.sections.flatMap((section) => section.units);
  const sum = (field: "sram_read_bytes" | "sram_write_bytes"): number => units.reduce((total, unit) => total + unit[field], 0);
  const offChip = (["hbm", "ddr"] as const).flatMap((tier) => {
    const spec = machine.tiers[tier];
    const moved = (field: "read_bytes" | "write_bytes"): number => counters.sections.reduce((total, { tiers }) => total + (tiers[tier]?.[field] ?? 0), 0);
    return spec === undefined ? [] : [[tier, row(moved("read_bytes"), moved("write_bytes"), tierBytesPerSecond(spec))] as const];
  });
  return { sram: row(sum("sram_read_bytes"), sum("sram_write_bytes"), peakScratchpadBandwidth(machine)), ...Object.fromEntries(offChip) };
}

/** Of all units of a kind that the machine has, over the whole run; of the network, over the links in use. */
function utilizationOf(units: readonly UnitResult[], { ticks, sections }: RunCounters, machine: Machine): RunResult["utilization"] {
  const share = (kind: "pcu" | "pmu" | "ag"): number => {
    const busy = units.reduce((total, unit) => total + (unit.kind === kind ? unit.busy_cycles : 0), 0);
    return ticks === 0 ? 0 : busy / (ticks * machine[kind].count);
  };
  const linkTicks = sections.reduce((total, section) => total + section.network.busy_share * section.ticks, 0);
  return { pcu: share("pcu"), pmu: share("pmu"), ag: share("ag"), network: ticks === 0 ? 0 : linkTicks / ticks };
}

function sectionRow(section: SectionCounters, units: readonly UnitResult[], work: Work, machine: Machine, routes: RoutesResult): SectionResult {
  const cycles = section.configuringTicks + section.ticks;
  const own = workOfSection(section, work);
  const { flops, int_ops, special_ops } = own;
  const bounds = boundsOf(own, [section], machine);
  const count = (kind: "pcu" | "pmu" | "ag"): number => section.units.filter((unit) => unit.kind === kind).length;
  return {
    name: section.name,
    ops: section.operators,
    runs: section.runs,
    cycles,
    configuring_cycles: section.configuringTicks,
    units: { pcu: count("pcu"), pmu: count("pmu"), ag: count("ag") },
    operations: { flops, int_ops, special_ops },
    tiers: Object.fromEntries(Object.entries(section.tiers).map(([tier, { read_bytes, write_bytes }]) => [tier, { read_bytes, write_bytes }])),
    bounds_cycles: bounds,
    limit: limitOf(
      [section],
      units.filter((unit) => unit.section === section.name),
      cycles,
      bounds,
      machine.pcu.count,
    ),
    routes,
  };
}

function routesOf({ fabric, sections }: Mapping, s: number, machine: Machine): RoutesResult {
  const { quality, routes } = sections[s]!;
  const { wirelength_hops, longest_route_hops } = quality;
  const busiest = busiestLink(fabric.sections[s]!, machine, routes);
  if (busiest === null) return { wirelength_hops, longest_route_hops, busiest_link: null };
  const [x, y, x2, y2] = busiest.link;
  return {
    ...{ wirelength_hops, longest_route_hops },
    busiest_link: { width: busiest.width, from: { x, y }, to: { x: x2, y: y2 }, used_tracks: busiest.need, tracks: busiest.capacity },
  };
}
