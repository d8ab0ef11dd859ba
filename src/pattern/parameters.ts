/** The parameters of a workload: what they are by default, what they may be, and what a user's settings make of them. */

import { type Fault, type Place, UserError } from "../base/errors.ts";
import { either, suggestion } from "../base/suggest.ts";
import { dtypes, isDtype } from "./dtypes.ts";
import type { Dtype } from "./program.ts";

/** A whole number as default makes a size (1 .. 2^40); a record says the range itself. `dtype` is a dtype; any other text is free. */
export type ParameterDefault = number | string | NumberParameter;

export interface NumberParameter {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Fractions are allowed. */
  readonly real?: boolean;
}

/** The values that `build` gets. */
export type ParametersOf<P> = { readonly [K in keyof P]: K extends "dtype" ? Dtype : P[K] extends number | NumberParameter ? number : string };

export type ParameterValues = Readonly<Record<string, number | string>>;

/** Of an index. One whose number is used as a value, and not only to read and write at, is an i32: verify-bodies.ts. */
export const largestExtent = 2 ** 40;

/** Of what is counted in an i32: keys, records, rounds. */
export const largestCount = 2 ** 31 - 1;

export function defaultsOf(parameters: Readonly<Record<string, ParameterDefault>>): ParameterValues {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, typeof value === "object" ? value.default : value]));
}

/** Defaults with the settings in their place. Numbers may be given as text. Throws a UserError with all faults; `placeOf` says where a setting stands. */
export function resolveParameters(
  parameters: Readonly<Record<string, ParameterDefault>>,
  settings: Readonly<Record<string, unknown>>,
  placeOf: (name: string, part: "value" | "key") => Place = (path) => ({ path }),
): ParameterValues {
  const faults: Fault[] = [];
  const values: Record<string, number | string> = { ...defaultsOf(parameters) };
  for (const [name, setting] of Object.entries(settings)) {
    const known = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    const checked = known === undefined ? unknownParameter(name, Object.keys(parameters)) : check(name, known, setting);
    if (typeof checked === "object") faults.push({ ...checked, place: placeOf(name, known === undefined ? "key" : "value") });
    else values[name] = checked;
  }
  if (faults.length > 0) throw new UserError(faults);
  return values;
}

function unknownParameter(name: string, names: readonly string[]): Fault {
  return { code: "unknown-parameter", message: `the workload has no parameter ${JSON.stringify(name)}`, hint: suggestion(name, names) };
}

function check(name: string, known: ParameterDefault, setting: unknown): number | string | Fault {
  if (typeof known === "string") return name === "dtype" ? checkDtype(setting) : checkText(name, setting);
  const { min, max, real } = typeof known === "object" ? known : { min: 1, max: largestExtent, real: false };
  const value = typeof setting === "string" && setting.trim() !== "" ? Number(setting) : setting;
  const wanted = `a ${real ? "" : "whole "}number from ${min} to ${max}`;
  const fits = typeof value === "number" && value >= min && value <= max && (real || Number.isInteger(value));
  return fits ? value : { code: "bad-parameter", message: `${name} is ${print(setting)}, expected ${wanted}` };
}

function checkDtype(setting: unknown): string | Fault {
  if (isDtype(setting)) return setting;
  const hint = typeof setting === "string" ? suggestion(setting, dtypes) : `expected ${either(dtypes)}`;
  return { code: "bad-parameter", message: `dtype is ${print(setting)}, which is no dtype`, hint };
}

function checkText(name: string, setting: unknown): string | Fault {
  return typeof setting === "string" ? setting : { code: "bad-parameter", message: `${name} is ${print(setting)}, expected a text` };
}

/** Numbers without quotes, also where they were given as text. */
function print(value: unknown): string {
  return typeof value === "number" || (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
    ? String(value)
    : (JSON.stringify(value) ?? String(value));
}
