/** Figures of a config: a plain number in the unit of the key's name, or text with a unit (`1.6 GHz`, `512 KiB`, `100 ns`); each with its source. */

import * as z from "zod";
import { either, suggest } from "../base/suggest.ts";
import { phrases, printFound } from "../base/yaml-faults.ts";

/** One fact of a config with where it comes from, if the fact says so itself. */
export interface Figure<T> {
  readonly kind: "figure";
  readonly value: T;
  readonly source: string | undefined;
}

export type Dimension = "frequency" | "time" | "size";

/** Powers of ten are written in the number, so that 1.25 ns is exactly 1.25e-9; binary prefixes multiply. */
const units: Readonly<Record<Dimension, Readonly<Record<string, { readonly power?: number; readonly times?: number }>>>> = {
  frequency: { Hz: {}, kHz: { power: 3 }, MHz: { power: 6 }, GHz: { power: 9 } },
  time: { s: {}, ms: { power: -3 }, us: { power: -6 }, ns: { power: -9 }, ps: { power: -12 } },
  size: {
    B: {},
    kB: { power: 3 },
    MB: { power: 6 },
    GB: { power: 9 },
    TB: { power: 12 },
    KiB: { times: 2 ** 10 },
    MiB: { times: 2 ** 20 },
    GiB: { times: 2 ** 30 },
    TiB: { times: 2 ** 40 },
  },
};

const baseUnits = { frequency: "Hz", time: "s", size: "B" } as const;

/** `value` alone, or `{ value, source }`. */
export function figure<T>(value: z.ZodType<T>) {
  const sourced = z.strictObject({ value, source: sourceText });
  return z.union([value, sourced]).transform((found): Figure<T> => {
    const own = isSourced(found) ? found : undefined;
    return { kind: "figure", value: own === undefined ? (found as T) : (own.value as T), source: own?.source };
  });
}

export const sourceText = z
  .string()
  .regex(/\S/, 'a paper, slide or derivation, or "assumed: reason"')
  .describe('Where the figure comes from, or "assumed: reason".');

function isSourced(found: unknown): found is { readonly value: unknown; readonly source: string } {
  return typeof found === "object" && found !== null && "source" in found;
}

/** A whole number from `least` to `most`. */
export function count(least: number, most: number, meaning: string) {
  return figure(z.int().min(least).max(most)).describe(meaning);
}

/** As `count`, and a power of two. */
export function powerOfTwo(least: number, most: number, meaning: string) {
  const check = z
    .int()
    .min(least)
    .max(most)
    .refine((value) => Number.isInteger(Math.log2(value)), {
      error: ({ input }) => `expected a power of two, found ${printFound(input)}`,
      params: { code: "out-of-range" },
      abort: true,
    });
  return figure(check).describe(meaning);
}

/** A quantity in base units. Frequencies and sizes are whole numbers of Hz and bytes. */
export function quantity(dimension: Dimension, least: string, most: string, meaning: string) {
  const [low, high] = [readQuantity(least, dimension)!, readQuantity(most, dimension)!];
  const expected = `a ${dimension} in ${either(Object.keys(units[dimension]))}`;
  const written = z.union([z.number().register(phrases, { expected }), z.string().register(phrases, { expected })]);
  const check = written.transform((found, context): number => {
    const value = typeof found === "number" ? found : readQuantity(found, dimension);
    const refuse = (code: string, message: string, hint?: string): number => {
      context.addIssue({ code: "custom", message, params: { code, hint }, continue: false });
      return z.NEVER;
    };
    if (value === undefined) return refuse("wrong-unit", `expected ${expected}, found ${printFound(found)}`, unitHint(found, dimension));
    if (value < low || value > high) return refuse("out-of-range", `expected a ${dimension} from ${least} to ${most}, found ${printShown(found, dimension)}`);
    if (dimension !== "time" && !Number.isInteger(value))
      return refuse("out-of-range", `expected a whole number of ${baseUnits[dimension]}, found ${printShown(found, dimension)}`);
    return value;
  });
  return figure(check).describe(`${meaning} ${least} to ${most}; plain numbers are ${baseUnits[dimension]}.`);
}

const quantityText = /^\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*([A-Za-z]+)\s*$/;

/** "1.6 GHz" -> 1600000000; undefined unless it is a number with a unit of this dimension. */
export function readQuantity(text: string, dimension: Dimension): number | undefined {
  const [, number, unit] = quantityText.exec(text) ?? [];
  if (number === undefined || unit === undefined || !Object.hasOwn(units[dimension], unit)) return undefined;
  const { power = 0, times = 1 } = units[dimension][unit]!;
  return Number(`${number}e${power}`) * times;
}

function unitHint(found: unknown, dimension: Dimension): string | undefined {
  const [, number, unit] = quantityText.exec(String(found)) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  const near = unit === "KB" ? "KiB" : suggest(unit, Object.keys(units[dimension]));
  return near === undefined ? undefined : `did you mean "${number} ${near}"?`;
}

function printShown(found: string | number, dimension: Dimension): string {
  return typeof found === "number" ? `${found} ${baseUnits[dimension]}` : found;
}
