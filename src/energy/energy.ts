/** Counters x table -> picojoules. Every event counted has a row, or the run is refused: a missing row is never taken as 0. */

import { UserError } from "../base/errors.ts";
import type { Picojoules } from "../base/units.ts";
import type { Machine } from "../machine/machine.ts";
import type { RunCounters, SectionCounters, UnitCounters } from "../result/counters.ts";
import type { EnergyResult } from "../result/result.ts";
import { ENERGY_CLASS, type EnergyFigure, type EnergyTable } from "./table.ts";

const SCALAR_PARTS = ["compute", "sram", "network", "hbm", "ddr", "static"] as const;

/** Energy of a whole run: part by part the sum over its sections. */
export function energyOf(counters: RunCounters, machine: Machine, table: EnergyTable): EnergyResult {
  const sections = counters.sections.map((section) => energyOfSection(section, machine, table));
  const sum = (part: (typeof SCALAR_PARTS)[number]): Picojoules => sections.reduce((total, section) => total + section[part], 0);
  return withTotal({ compute: sum("compute"), sram: sum("sram"), network: sum("network"), hbm: sum("hbm"), ddr: sum("ddr"), static: sum("static") });
}

/** Energy of one section, its configuration included in `static`. */
export function energyOfSection(section: SectionCounters, machine: Machine, table: EnergyTable): EnergyResult {
  return withTotal({
    compute: section.units.reduce((total, unit) => total + computeEnergy(unit, table), 0),
    sram: section.units.reduce((total, unit) => total + sramEnergy(unit, table), 0),
    network: networkEnergy(section, machine, table),
    hbm: tierEnergy(section, "hbm", table),
    ddr: tierEnergy(section, "ddr", table),
    static: (table.static.W * 1e12 * (section.configuringTicks + section.ticks)) / machine.clock_hz,
  });
}

/** The total is the sum of the parts in this order: to the last digit. */
function withTotal(parts: Omit<EnergyResult, "total">): EnergyResult {
  return { total: SCALAR_PARTS.reduce((total, part) => total + parts[part], 0), ...parts };
}

function computeEnergy(unit: UnitCounters, table: EnergyTable): Picojoules {
  return unit.operations.reduce((total, { op, dtype, count }) => {
    if (count === 0) return total;
    const row = ENERGY_CLASS[op];
    return total + count * rowOf(table, `compute_pJ.${row}.${dtype}`, table.compute_pJ[row][dtype]);
  }, 0);
}

function sramEnergy(unit: UnitCounters, table: EnergyTable): Picojoules {
  return unit.sram_read_bytes * table.sram_pJ_per_byte.read.pJ + unit.sram_write_bytes * table.sram_pJ_per_byte.write.pJ;
}

/** A vector token drives all the wires of its track, whatever it carries. */
function networkEnergy({ network }: SectionCounters, machine: Machine, table: EnergyTable): Picojoules {
  const vector_bits = machine.network.vector_bytes * 8;
  return network.vector_hops * vector_bits * table.network_pJ.vector_bit_hop.pJ + network.scalar_hops * table.network_pJ.scalar_hop.pJ;
}

function tierEnergy({ tiers }: SectionCounters, tier: "hbm" | "ddr", table: EnergyTable): Picojoules {
  const bytes = (tiers[tier]?.read_bytes ?? 0) + (tiers[tier]?.write_bytes ?? 0);
  return bytes === 0 ? 0 : bytes * 8 * rowOf(table, `tier_pJ_per_bit.${tier}`, table.tier_pJ_per_bit[tier]);
}

function rowOf(table: EnergyTable, path: string, figure: EnergyFigure | undefined): Picojoules {
  if (figure !== undefined) return figure.pJ;
  throw new UserError({
    code: "missing-energy",
    message: `energy table "${table.name}" has no figure for ${path}, which this run needs`,
    place: { file: `${table.name}.yaml`, path },
    hint: "add the row with its source",
  });
}
