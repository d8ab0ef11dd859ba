/** What an event costs on a certain machine: the rows of its energy table at the sizes that its config says. */

import type { Picojoules } from "../base/units.ts";
import type { Machine } from "../machine/machine.ts";
import { areaOf } from "./area.ts";
import { powerFit } from "./fits.ts";
import { portBits, SCALAR_BITS, switchCost } from "./switches.ts";
import type { EnergyTable, SramTable } from "./table.ts";

export interface EventCosts {
  readonly sram_byte: { readonly read: Picojoules; readonly write: Picojoules };
  /** A token over one link and through its switch or router, and along the wires of one tile. */
  readonly vector_hop: HopCost;
  readonly scalar_hop: HopCost;
  /** A cycle in which the unit works, beside its operations and its scratchpad. */
  readonly active: { readonly pcu: Picojoules; readonly pmu: Picojoules; readonly ag: Picojoules };
  /** Of the whole chip, all the time. */
  readonly static_W: number;
}

export interface HopCost {
  readonly switch: Picojoules;
  readonly wire: Picojoules;
}

export function costsOf(machine: Machine, table: EnergyTable): EventCosts {
  const { network, pcu, pmu } = machine;
  const { tile_pitch_mm, total_mm2 } = areaOf(machine, table);
  const { pcu_register, pcu_fifo_bit, pmu_fifo_bit, pmu_address, ag } = table.active_pJ;
  const hop = (links: number, bits: number): HopCost => ({
    switch: switchCost(table.network[network.kind], links, bits).pJ,
    wire: table.network.wire_bit_mm.pJ * bits * tile_pitch_mm,
  });
  return {
    sram_byte: sramCost(table.sram, bankOf(machine), table.process_nm),
    vector_hop: hop(network.vector_links, network.vector_bytes * 8),
    scalar_hop: hop(network.scalar_links, SCALAR_BITS),
    active: {
      pcu: pcu_register.pJ * pcu.lanes * pcu.stages * pcu.registers + pcu_fifo_bit.pJ * portBits(pcu, network),
      pmu: pmu_address.pJ + pmu_fifo_bit.pJ * portBits(pmu, network),
      ag: ag.pJ,
    },
    static_W: table.static.W_per_mm2 * total_mm2,
  };
}

// --- scratchpads ---

export interface Bank {
  readonly bytes: number;
  /** Of the word that one access takes. */
  readonly bits: number;
}

/** A vector takes its share of each bank, a word at least. */
export function bankOf({ pmu, network }: Machine): Bank {
  return { bytes: pmu.bytes / pmu.banks, bits: 8 * Math.max(pmu.word_bytes, network.vector_bytes / pmu.banks) };
}

/**
 * A byte, from accesses to whole words: a product of powers of the bank's bytes, the bits of its word and the node, by least squares over the table's rows. Where all rows
 * have the same bits (or node), energy is taken to be in proportion to the bits (and the rows to be of the table's node, but for the table's factor).
 */
export function sramCost({ rows, factor }: SramTable, { bytes, bits }: Bank, nm: number): EventCosts["sram_byte"] {
  const isOneWidth = rows.every((row) => row.bits === rows[0]!.bits);
  const isOneNode = rows.every((row) => row.nm === rows[0]!.nm);
  const variables = (of: { readonly bytes: number; readonly bits: number; readonly nm: number }) => [
    ...[of.bytes, ...(isOneWidth ? [] : [of.bits]), ...(isOneNode ? [] : [of.nm])],
  ];
  const x = rows.map(variables);
  const at = variables({ bytes, bits, nm });
  const access = (pJ: (row: SramTable["rows"][number]) => number): Picojoules => factor * powerFit(x, rows.map(pJ), at);
  const word = isOneWidth ? rows[0]!.bits / 8 : bits / 8;
  return { read: access((row) => row.read_pJ) / word, write: access((row) => row.write_pJ) / word };
}
