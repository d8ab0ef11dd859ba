/**
 * An energy table: what each event of a machine costs, as configs/energy/*.yaml states it, every figure with its source. Operations of
 * several kinds cost alike (energy classes); which kinds, ENERGY_CLASS says.
 */

import * as z from "zod";
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

export interface EnergyFigure {
  readonly pJ: number;
  /** Paper and table, or how it was scaled; says "assumed" where it is. */
  readonly source: string;
}

export interface EnergyTable {
  readonly schemaVersion: 1;
  readonly name: string;
  /** Feature size that the figures stand for. */
  readonly process_nm: number;
  /** One operation of one lane. */
  readonly compute_pJ: { readonly [Class in EnergyClass]: Readonly<Partial<Record<Dtype, EnergyFigure>>> };
  /** PMU scratchpads and accumulators of systolic PCUs. */
  readonly sram_pJ_per_byte: { readonly read: EnergyFigure; readonly write: EnergyFigure };
  /** One bit of a vector token, or one scalar token, over one link and its switch. */
  readonly network_pJ: { readonly vector_bit_hop: EnergyFigure; readonly scalar_hop: EnergyFigure };
  readonly tier_pJ_per_bit: { readonly hbm?: EnergyFigure; readonly ddr?: EnergyFigure };
  /** Drawn by the whole chip all the time. */
  readonly static: { readonly W: number; readonly source: string };
  /** What costs energy on the chip but stands in no row. */
  readonly leaves_out: readonly string[];
}

const source = z.string().min(1);
const figure = z.strictObject({ pJ: z.number().nonnegative(), source });
const rows = z.partialRecord(z.enum(["f64", "f32", "bf16", "f16", "fp8e4m3", "fp8e5m2", "i32", "i16", "i8", "i4", "bool"]), figure);

export const energyTableSchema = z.strictObject({
  schemaVersion: z.literal(1),
  name: z.string(),
  process_nm: z.number().positive(),
  compute_pJ: z.strictObject({ add: rows, mul: rows, div: rows, special: rows, logic: rows }),
  sram_pJ_per_byte: z.strictObject({ read: figure, write: figure }),
  network_pJ: z.strictObject({ vector_bit_hop: figure, scalar_hop: figure }),
  tier_pJ_per_bit: z.strictObject({ hbm: figure.optional(), ddr: figure.optional() }),
  static: z.strictObject({ W: z.number().nonnegative(), source }),
  leaves_out: z.array(z.string()),
});
