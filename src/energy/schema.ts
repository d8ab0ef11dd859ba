/**
 * The YAML form of an energy table (configs/energy/*.yaml). Every figure has a source. A figure that was published at another node says how it comes to the table's: `by`
 * names a factor of `scaling`, `line` has the figure at two nodes. Areas are given as published, for `per` things together.
 */

import * as z from "zod";
import { parseYaml } from "../base/yaml.ts";
import { tableAtNode } from "./resolve.ts";
import type { EnergyTable } from "./table.ts";

/** The table that a file describes, all figures at its node. Throws a UserError with every fault found. */
export function loadEnergyTable(text: string, file: string): EnergyTable {
  return tableAtNode(parseYaml(text, file, energyTableSchema));
}

// --- the form ---

const source = z.string().min(1);
const by = z.string().optional();
const amount = z.number().nonnegative();
const line = z.tuple([
  z.strictObject({ nm: z.number().positive(), at: z.number().positive() }),
  z.strictObject({ nm: z.number().positive(), at: z.number().positive() }),
]);

const figure = z
  .strictObject({ pJ: amount.optional(), line: line.optional(), by, source })
  .refine(({ pJ, line }) => (pJ === undefined) !== (line === undefined), "expected either pJ or a line through two nodes")
  .refine(({ line, by }) => line === undefined || by === undefined, "a line needs no factor beside it");
const scaling = z
  .strictObject({ from_nm: z.number().positive(), factor: z.number().positive().optional(), line: line.optional(), source })
  .refine(({ factor, line }) => (factor === undefined) !== (line === undefined), "expected either a factor or a line through two nodes");
const rows = z.partialRecord(z.enum(["f64", "f32", "bf16", "f16", "fp8e4m3", "fp8e5m2", "i32", "i16", "i8", "i4", "bool"]), figure);
const area = z.strictObject({ mm2: amount, per: z.number().positive(), by, source });

const positive = z.number().positive();
const sramRow = z.strictObject({ nm: positive, bytes: positive, bits: positive, read_pJ: positive, write_pJ: positive });
const switchRow = z.strictObject({ links: positive, bits: positive, pJ: positive, mm2: positive });
const switches = z
  .strictObject({ source, by: z.strictObject({ pJ: z.string(), mm2: z.string() }).optional(), rows: z.array(switchRow).min(4) })
  .refine(({ rows }) => isGrid(rows), "expected a row for each number of links with each number of bits, two of each at least");

const commands = { activate: figure, read: figure, write: figure, refresh: figure, bank_refresh: figure };
const tier = z
  .strictObject({
    bit: z.strictObject({ read: figure, write: figure }).optional(),
    command: z.strictObject({ ...commands, background: z.strictObject({ W: amount, source }) }).optional(),
  })
  .refine(({ bit, command }) => bit !== undefined || command !== undefined, "expected figures by bit, by command or both");

const energyTableSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    name: z.string(),
    process_nm: positive,
    scaling: z.record(z.string(), scaling),
    compute_pJ: z.strictObject({ add: rows, mul: rows, div: rows, special: rows, logic: rows }),
    active_pJ: z.strictObject({ pcu_register: figure, pcu_fifo_bit: figure, pmu_fifo_bit: figure, pmu_address: figure, ag: figure }),
    sram: z.strictObject({ source, by, rows: z.array(sramRow).min(2) }),
    network: z.strictObject({ static: switches, packet: switches, wire_bit_mm: figure }),
    tier_pJ: z.strictObject({ hbm: tier.optional(), ddr: tier.optional() }),
    static: z.strictObject({ W: amount, mm2: positive, source }),
    area: z.strictObject({
      pcu: z.strictObject({ fu: area, register: area, fifo_bit: area, control: area }),
      pmu: z.strictObject({ scratchpad_byte: area, fifo_bit: area, registers: area, fu: area, control: area }),
      interconnect: area,
      ag: area,
      coalescer: area,
    }),
    leaves_out: z.array(z.string()),
  })
  .superRefine(checkScalings);

export type TableForm = z.output<typeof energyTableSchema>;

function isGrid(found: readonly z.output<typeof switchRow>[]): boolean {
  const keys = new Set(found.map(({ links, bits }) => `${links} ${bits}`));
  const [links, bits] = [new Set(found.map((row) => row.links)).size, new Set(found.map((row) => row.bits)).size];
  return links > 1 && bits > 1 && keys.size === found.length && found.length === links * bits;
}

/** Every factor that a figure names is there, and every factor there is named. */
function checkScalings(form: TableForm, context: z.core.$RefinementCtx<unknown>): void {
  const refuse = (path: readonly string[], message: string): void =>
    context.addIssue({ code: "custom", path: [...path], message, params: { code: "inconsistent" } });
  const { scaling: known, ...rest } = form;
  const used = namesIn(rest, []);
  for (const { name, path } of used) if (known[name] === undefined) refuse(path, `there is no scaling ${JSON.stringify(name)}`);
  for (const name of Object.keys(known)) if (!used.some((one) => one.name === name)) refuse(["scaling", name], "no figure is scaled by it");
}

/** Of scalings: `by: name`, or `by: { pJ: name, mm2: name }`. */
function namesIn(value: unknown, path: readonly string[]): readonly { readonly name: string; readonly path: readonly string[] }[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => {
    const here = [...path, key];
    if (key !== "by") return namesIn(part, here);
    if (typeof part === "string") return [{ name: part, path: here }];
    return Object.entries((part ?? {}) as Record<string, string>).map(([unit, name]) => ({ name, path: [...here, unit] }));
  });
}
