/**
 * The area of a machine: its units, switches and memory controllers, each part by what the config has of it. Unit and switch figures scale with lanes, stages, registers,
 * FIFO depth and ports, bytes of scratchpad, links and channels; what an energy table lists under leaves_out is not there.
 */

import type { Machine } from "../machine/machine.ts";
import { portBits, SCALAR_BITS, switchCost } from "./switches.ts";
import type { EnergyTable } from "./table.ts";

/** Parts of one unit, and all units of the kind; mm2. */
export interface KindArea {
  readonly count: number;
  readonly each: Readonly<Record<string, number>>;
  readonly each_mm2: number;
  readonly total_mm2: number;
}

export interface AreaReport {
  readonly machine: string;
  readonly table: string;
  readonly process_nm: number;
  readonly kinds: {
    readonly pcu: KindArea;
    readonly pmu: KindArea;
    /** One switch a grid position, and one at each end of a row; none where the network is ideal. */
    readonly switch: KindArea;
    readonly ag: KindArea;
    /** One a channel of an off-chip tier. */
    readonly coalescer: KindArea;
  };
  readonly total_mm2: number;
  /** Side of the square that one grid position takes: units and switches over positions. */
  readonly tile_pitch_mm: number;
  readonly leaves_out: readonly string[];
}

export function areaOf(machine: Machine, table: EnergyTable): AreaReport {
  const { name, grid, pcu, pmu, ag, tiers } = machine;
  const channels = (tiers.hbm?.channels ?? 0) + (tiers.ddr?.channels ?? 0);
  const kinds = {
    pcu: kindOf(pcu.count, pcuParts(machine, table)),
    pmu: kindOf(pmu.count, pmuParts(machine, table)),
    switch: kindOf(isIdeal(machine) ? 0 : (grid.columns + 2) * grid.rows, switchParts(machine, table)),
    ag: kindOf(ag.count, { all: table.area.ag.mm2 }),
    coalescer: kindOf(channels, { all: table.area.coalescer.mm2 }),
  };
  const array = kinds.pcu.total_mm2 + kinds.pmu.total_mm2 + kinds.switch.total_mm2;
  return {
    ...{ machine: name, table: table.name, process_nm: table.process_nm, kinds },
    total_mm2: array + kinds.ag.total_mm2 + kinds.coalescer.total_mm2,
    tile_pitch_mm: Math.sqrt(array / (grid.columns * grid.rows)),
    leaves_out: isIdeal(machine)
      ? [...table.leaves_out, "the network, which is ideal: its channels take one cycle however long they are (hop_cycles 0)"]
      : table.leaves_out,
  };
}

/** Nobody has laid out a network in which distance costs no time. */
const isIdeal = ({ network }: Machine): boolean => network.hop_cycles === 0;

function kindOf(count: number, each: KindArea["each"]): KindArea {
  const each_mm2 = Object.values(each).reduce((sum, part) => sum + part, 0);
  return { count, each, each_mm2, total_mm2: count * each_mm2 };
}

function pcuParts({ pcu, network }: Machine, { area }: EnergyTable): KindArea["each"] {
  const { fu, register, fifo_bit, control } = area.pcu;
  return {
    fu: pcu.lanes * pcu.stages * fu.mm2,
    registers: pcu.lanes * pcu.stages * pcu.registers * register.mm2,
    fifos: pcu.fifo_depth * portBits(pcu, network) * fifo_bit.mm2,
    control: control.mm2,
  };
}

function pmuParts({ pmu, network }: Machine, { area }: EnergyTable): KindArea["each"] {
  const { scratchpad_byte, fifo_bit, registers, fu, control } = area.pmu;
  return {
    scratchpad: pmu.bytes * scratchpad_byte.mm2,
    fifos: pmu.fifo_depth * portBits(pmu, network) * fifo_bit.mm2,
    registers: registers.mm2,
    fu: fu.mm2,
    control: control.mm2,
  };
}

/** The control network is a bit wide: its switches are in what laying out takes more than synthesis. */
function switchParts({ network }: Machine, table: EnergyTable): KindArea["each"] {
  const switches = table.network[network.kind];
  const laidOut = table.area.interconnect.mm2;
  return {
    vector: laidOut * switchCost(switches, network.vector_links, network.vector_bytes * 8).mm2,
    scalar: laidOut * switchCost(switches, network.scalar_links, SCALAR_BITS).mm2,
  };
}
