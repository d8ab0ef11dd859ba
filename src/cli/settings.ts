/** `--set PATH=VALUE` and numbers on the command line -> settings, or faults that name the flag. */

import { type Fault, UserError } from "../base/errors.ts";
import type { Override } from "../base/yaml.ts";
import { readQuantity } from "../machine/quantity.ts";

export interface Settings {
  /** Parameters of the workload. */
  readonly workload: readonly Override[];
  /** Figures of the machine, their paths without the leading `machine.`. */
  readonly machine: readonly Override[];
}

/** `rows=1024` reaches the workload, `machine.pcu.lanes=32` the machine. A later setting of the same path wins. */
export function parseSettings(pairs: readonly string[]): Settings {
  const faults: Fault[] = [];
  const overrides = pairs.map((pair) => {
    const equals = pair.indexOf("=");
    const path = equals < 0 ? "" : pair.slice(0, equals).trim();
    const value = pair.slice(equals + 1).trim();
    if (path === "" || path === "machine." || value === "") faults.push(badPair(pair));
    return { path, value, label: `--set ${pair}` };
  });
  if (faults.length > 0) throw new UserError(faults);
  const ofMachine = ({ path }: Override): boolean => path.startsWith("machine.");
  return {
    workload: overrides.filter((one) => !ofMachine(one)),
    machine: overrides.filter(ofMachine).map((one) => ({ ...one, path: one.path.slice("machine.".length) })),
  };
}

function badPair(pair: string): Fault {
  return {
    code: "bad-setting",
    message: `expected PATH=VALUE, found ${JSON.stringify(pair)}`,
    place: { path: "--set" },
    hint: "for instance --set rows=1024 or --set machine.pcu.lanes=32",
  };
}

/** A whole number from a flag. `2e6` and `1_000_000` are taken too. */
export function wholeNumber(flag: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
  const value = /^[+-]?[\d_]+(\.\d+)?(e\d+)?$/i.test(text.trim()) ? Number(text.replaceAll("_", "")) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw new UserError({
    code: "bad-number",
    message: `expected a whole number from ${least} to ${most}, found ${JSON.stringify(text)}`,
    place: { path: flag },
  });
}

/** A time in seconds from a flag. */
export function secondsOf(flag: string, text: string): number {
  const value = /^\d*\.?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (Number.isFinite(value) && value > 0) return value;
  throw new UserError({
    code: "bad-number",
    message: `expected a number of seconds above 0, found ${JSON.stringify(text)}`,
    place: { path: flag },
    hint: "for instance 90 or 0.5",
  });
}

/** A size in bytes from a flag: a number of bytes, or one with a unit. */
export function bytesOf(flag: string, text: string): number {
  const value = readQuantity(/[a-z]/i.test(text) ? text : `${text}B`, "size");
  if (value !== undefined && Number.isSafeInteger(value) && value > 0) return value;
  throw new UserError({
    code: "bad-size",
    message: `expected a size above 0 in B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, found ${JSON.stringify(text)}`,
    place: { path: flag },
    hint: "for instance 500MB or 2GiB",
  });
}
