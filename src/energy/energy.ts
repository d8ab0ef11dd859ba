/**
 * Counters x table -> picojoules. Every event counted has a row, or the run is refused: a missing row is never taken as 0. Compute is all that PCUs do and the address
 * generators; sram the PMUs; network switches and wires; hbm and ddr the memories behind the pins.
 */

import { UserError } from "../base/errors.ts";
import type { Picojoules } from "../base/units.ts";
import type { Machine } from "../machine/machine.ts";
import type { DramCommands, RunCounters, SectionCounters, UnitCounters } from "../result/counters.ts";
import type { EnergyDetail, EnergyResult, SectionEnergy } from "../result/result.ts";
import { costsOf, type EventCosts, type HopCost } from "./costs.ts";
import { type CommandEnergy, ENERGY_CLASS, type EnergyTable } from "./table.ts";

const PARTS = ["compute", "sram", "network", "hbm", "ddr", "static"] as const;

/** Energy of a whole run: part by part the sum over its sections. */
export function energyOf(counters: RunCounters, machine: Machine, table: EnergyTable): EnergyResult {
  return sumOf(energyDetailOf(counters, machine, table));
}

/** Part by part the sum over the sections, to the last digit. */
export function sumOf({ sections }: EnergyDetail): EnergyResult {
  return withTotal(partsBy((part) => sections.reduce((total, section) => total + section.energy_pJ[part], 0)));
}

export function energyDetailOf(counters: RunCounters, machine: Machine, table: EnergyTable): EnergyDetail {
  const costs = costsOf(machine, table);
  const sections = counters.sections.map((section) => ({ name: section.name, ...sectionEnergyOf(section, machine, table, costs) }));
  return { table: table.name, process_nm: table.process_nm, sections };
}

/** Energy of one section, its configuration included in `static`. */
export function energyOfSection(section: SectionCounters, machine: Machine, table: EnergyTable): EnergyResult {
  return sectionEnergyOf(section, machine, table, costsOf(machine, table)).energy_pJ;
}

/** Each part is the sum of its details, in their order, to the last digit. */
export function sectionEnergyOf(section: SectionCounters, machine: Machine, table: EnergyTable, costs: EventCosts): Omit<SectionEnergy, "name"> {
  const { units, network, ticks, configuringTicks } = section;
  const over = (kind: UnitCounters["kind"], of: (unit: UnitCounters) => Picojoules): Picojoules =>
    units.reduce((total, unit) => total + (unit.kind === kind ? of(unit) : 0), 0);
  const hops = (of: keyof HopCost): Picojoules => network.vector_hops * costs.vector_hop[of] + network.scalar_hops * costs.scalar_hop[of];
  const seconds = (configuringTicks + ticks) / machine.clock_hz;
  const detail: SectionEnergy["detail_pJ"] = {
    compute: {
      operations: units.reduce((total, unit) => total + operationEnergy(unit, table), 0),
      pcu: over("pcu", ({ busy }) => busy * costs.active.pcu),
      ag: over("ag", ({ busy }) => busy * costs.active.ag),
    },
    sram: {
      read: units.reduce((total, unit) => total + unit.sram_read_bytes * costs.sram_byte.read, 0),
      write: units.reduce((total, unit) => total + unit.sram_write_bytes * costs.sram_byte.write, 0),
      pmu: over("pmu", ({ busy }) => busy * costs.active.pmu),
    },
    network: { switches: hops("switch"), wires: hops("wire") },
    hbm: tierEnergy(section, "hbm", seconds, table),
    ddr: tierEnergy(section, "ddr", seconds, table),
    static: { chip: costs.static_W * seconds * 1e12 },
  };
  return { energy_pJ: withTotal(partsBy((part) => Object.values(detail[part]).reduce((total, one) => total + one, 0))), detail_pJ: detail };
}

type Parts = Omit<EnergyResult, "total">;

export const partsBy = (of: (part: (typeof PARTS)[number]) => Picojoules): Parts => ({
  ...{ compute: of("compute"), sram: of("sram"), network: of("network") },
  ...{ hbm: of("hbm"), ddr: of("ddr"), static: of("static") },
});

/** The total is the sum of the parts in this order: to the last digit. */
export function withTotal(parts: Parts): EnergyResult {
  return { total: PARTS.reduce((total, part) => total + parts[part], 0), ...parts };
}

function operationEnergy(unit: UnitCounters, table: EnergyTable): Picojoules {
  return unit.operations.reduce((total, { op, dtype, count }) => {
    if (count === 0) return total;
    const row = ENERGY_CLASS[op];
    return total + count * rowOf(table, `compute_pJ.${row}.${dtype}`, table.compute_pJ[row][dtype]).pJ;
  }, 0);
}

// --- memories ---

type TierDetail = SectionEnergy["detail_pJ"]["hbm"];

const NOTHING: TierDetail = { read: 0, write: 0, activate: 0, refresh: 0, background: 0 };

/** By bits, activations, refresh and the rest are in reads and writes. */
function tierEnergy({ tiers }: SectionCounters, kind: "hbm" | "ddr", seconds: number, table: EnergyTable): TierDetail {
  const tier = tiers[kind];
  if (tier === undefined) return NOTHING;
  const rows = table.tier_pJ[kind];
  if (tier.commands != null && rows?.command !== undefined) return commandEnergy(tier.commands, rows.command, tier.channels.length * seconds);
  if (tier.read_bytes + tier.write_bytes === 0) return NOTHING;
  const { read, write } = rowOf(table, `tier_pJ.${kind}.bit`, rows?.bit);
  return { ...NOTHING, read: tier.read_bytes * 8 * read.pJ, write: tier.write_bytes * 8 * write.pJ };
}

function commandEnergy(counted: DramCommands, row: CommandEnergy, channelSeconds: number): TierDetail {
  return {
    read: counted.reads * row.read.pJ,
    write: counted.writes * row.write.pJ,
    activate: counted.activates * row.activate.pJ,
    refresh: counted.refreshes * row.refresh.pJ + counted.bank_refreshes * row.bank_refresh.pJ,
    background: channelSeconds * row.background.W * 1e12,
  };
}

function rowOf<T>(table: EnergyTable, path: string, row: T | undefined): T {
  if (row !== undefined) return row;
  throw new UserError({
    code: "missing-energy",
    message: `energy table "${table.name}" has no figure for ${path}, which this run needs`,
    place: { file: `${table.name}.yaml`, path },
    hint: "add the row with its source",
  });
}
