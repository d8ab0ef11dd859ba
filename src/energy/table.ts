/**
 * An energy table: what each event of a machine costs and what each of its parts takes, at one process node. Operations of several kinds cost alike (energy classes); which
 * kinds, ENERGY_CLASS says. The file's form, and how its figures come to the node, is in schema.ts; what a certain machine makes of them in costs.ts and area.ts.
 */

import type { Dtype, ScalarOp } from "../pattern/program.ts";

export type EnergyClass = "add" | "mul" | "div" | "special" | "logic";

export const ENERGY_CLASS: { readonly [Op in ScalarOp]: EnergyClass } = {
  add: "add",
  sub: "add",
  neg: "add",
  abs: "add",
  floor: "add",
  min: "add",
  max: "add",
  eq: "add",
  ne: "add",
  lt: "add",
  le: "add",
  gt: "add",
  ge: "add",
  mul: "mul",
  div: "div",
  mod: "div",
  exp: "special",
  log: "special",
  sqrt: "special",
  tanh: "special",
  sigmoid: "special",
  and: "logic",
  or: "logic",
  not: "logic",
  select: "logic",
};

/** At the table's node, whatever node it was published at. */
export interface EnergyFigure {
  readonly pJ: number;
  /** Paper and table, and how it was scaled; says "assumed" where it is. */
  readonly source: string;
}

/** Of one thing: a functional unit, a bit, a byte. */
export interface AreaFigure {
  readonly mm2: number;
  readonly source: string;
}

export interface EnergyTable {
  readonly schemaVersion: 1;
  readonly name: string;
  /** Feature size that the figures stand for. */
  readonly process_nm: number;
  /** One operation of one lane. */
  readonly compute_pJ: { readonly [Class in EnergyClass]: Readonly<Partial<Record<Dtype, EnergyFigure>>> };
  /** Beside operations and memories: each cycle in which a unit works. */
  readonly active_pJ: {
    /** A 32-bit register of one lane and stage of a PCU, its share of the control included. */
    readonly pcu_register: EnergyFigure;
    /** A bit of a PCU's input ports: FIFO in and out. */
    readonly pcu_fifo_bit: EnergyFigure;
    readonly pmu_fifo_bit: EnergyFigure;
    /** The address pipelines of a PMU: their registers, functional units and control. */
    readonly pmu_address: EnergyFigure;
    /** All of an address generator. */
    readonly ag: EnergyFigure;
  };
  /** Banks of PMU scratchpads; the accumulators of systolic PCUs cost the same. */
  readonly sram: SramTable;
  readonly network: {
    /** A flit through a switch of circuits, and through a router of packets. */
    readonly static: SwitchTable;
    readonly packet: SwitchTable;
    /** A bit over a millimetre of link, half of the bits changing. */
    readonly wire_bit_mm: EnergyFigure;
  };
  readonly tier_pJ: { readonly hbm?: TierEnergy; readonly ddr?: TierEnergy };
  /** Drawn all the time by each mm2 of the chip: leakage and clock tree. */
  readonly static: { readonly W_per_mm2: number; readonly source: string };
  readonly area: AreaTable;
  /** What costs energy on the chip, or takes area, but stands in no row. */
  readonly leaves_out: readonly string[];
}

/** An access to one bank, of all bits of its word. */
export interface SramRow {
  readonly nm: number;
  /** Of the bank. */
  readonly bytes: number;
  /** Of a word. */
  readonly bits: number;
  readonly read_pJ: number;
  readonly write_pJ: number;
}

export interface SramTable {
  readonly rows: readonly SramRow[];
  /** From the node of the rows to that of the table, where they are of one node; rows of several nodes are interpolated instead. */
  readonly factor: number;
  readonly source: string;
}

/** A flit through a switch of so many links a side (router: virtual channels) and so many bits; a full grid of both. */
export interface SwitchRow {
  readonly links: number;
  readonly bits: number;
  readonly pJ: number;
  readonly mm2: number;
}

/** Rows are at the table's node. */
export interface SwitchTable {
  readonly rows: readonly SwitchRow[];
  readonly source: string;
}

/** What an off-chip memory takes: by its commands where a run counts them and the table has them, else by the bits that cross its pins. */
export interface TierEnergy {
  readonly bit?: BitEnergy;
  readonly command?: CommandEnergy;
}

/** All that it takes. */
export interface BitEnergy {
  readonly read: EnergyFigure;
  readonly write: EnergyFigure;
}

export interface CommandEnergy {
  /** With the precharge that ends it. */
  readonly activate: EnergyFigure;
  /** A burst. */
  readonly read: EnergyFigure;
  readonly write: EnergyFigure;
  /** Of all banks, and of one. */
  readonly refresh: EnergyFigure;
  readonly bank_refresh: EnergyFigure;
  /** Drawn all the time by each channel. */
  readonly background: { readonly W: number; readonly source: string };
}

/** Each of one thing; what a unit has of it, area.ts says. */
export interface AreaTable {
  /** A functional unit and a 32-bit register of one lane and stage, a bit of an input FIFO, the control of a PCU. */
  readonly pcu: { readonly fu: AreaFigure; readonly register: AreaFigure; readonly fifo_bit: AreaFigure; readonly control: AreaFigure };
  /** A byte of scratchpad, a bit of an input FIFO; registers, functional units and control of a PMU's address pipelines. */
  readonly pmu: {
    readonly scratchpad_byte: AreaFigure;
    readonly fifo_bit: AreaFigure;
    readonly registers: AreaFigure;
    readonly fu: AreaFigure;
    readonly control: AreaFigure;
  };
  /** Interconnect as laid out, for each mm2 of switches as synthesised (SwitchRow.mm2). */
  readonly interconnect: AreaFigure;
  readonly ag: AreaFigure;
  /** For each channel of an off-chip tier. */
  readonly coalescer: AreaFigure;
}
