/** Which constants of the GPUs in configs/ were fitted to which case, out of their sources. */

import type { GpuMachine } from "../machine/gpu.ts";
import { duration } from "../report/format.ts";
import { gpuNames, readGpu } from "./machines.ts";
import { printTable } from "./markdown.ts";

export interface FittedConstant {
  readonly machine: string;
  /** Key path in its config. */
  readonly key: string;
  readonly value: string;
  readonly source: string;
  /** Not fitted to measurements of this machine: assumed to be as on another. */
  readonly assumed: boolean;
}

/** Constants whose source says that they were fitted, or names the case that they rest on, machine after machine. */
export function fittedConstants(): readonly FittedConstant[] {
  return gpuNames().flatMap((name) => {
    const machine = readGpu(name);
    return Object.entries(machine.sources)
      .filter(([, { text }]) => /\bfit(ted)?\b|\bV0\d\b/.test(text))
      .map(([key, { text, assumed }]) => ({ machine: name, key, value: printValue(key, valueAt(machine, key)), source: text, assumed }));
  });
}

/** Ends in a line break. */
export function printFitted(): string {
  const [fitted, assumed] = [false, true].map((which) => fittedConstants().filter((one) => one.assumed === which)) as [FittedConstant[], FittedConstant[]];
  const byKey = [...byWords(fitted)].sort(([{ key: a }], [{ key: b }]) => (a < b ? -1 : a > b ? 1 : 0));
  const rows = byKey.map((alike) => [alike[0].key, alike[0].value, alike.map(({ machine }) => machine).join(", "), alike[0].source]);
  const takers = [...new Set(assumed.map(({ machine }) => machine))];
  const taken = takers.map((name) => `- ${name}: ${assumed.flatMap(({ machine, key, value }) => (machine === name ? [`${key} ${value}`] : [])).join(", ")}.\n`);
  return [
    "### Fitted constants\n\nWith the sources that configs/ gives; all other constants there are published, measured by themselves or assumed.\n\n",
    printTable({ head: ["constant", "value", "machines", "source"], rows }),
    "\nAssumed to be as they were fitted on A100, for want of measurements:\n\n",
    ...taken,
  ].join("");
}

type Alike = readonly [FittedConstant, ...FittedConstant[]];

/** Those of several machines that are the same for the same reason. */
function byWords(constants: readonly FittedConstant[]): readonly Alike[] {
  const alike = new Map<string, Alike>();
  for (const one of constants) {
    const words = JSON.stringify([one.key, one.value, one.source]);
    const before = alike.get(words);
    alike.set(words, before === undefined ? [one] : [...before, one]);
  }
  return [...alike.values()];
}

function valueAt(machine: GpuMachine, key: string): unknown {
  return key.split(".").reduce<unknown>((value, part) => (value as Readonly<Record<string, unknown>>)[part], machine);
}

const printValue = (key: string, value: unknown): string => (key.endsWith("_seconds") ? duration(Number(value)) : `${value}`);
