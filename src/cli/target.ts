/** What the commands that compile have in common: a workload, a machine and how the one is put onto the other. */

import type { Style } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import { readMachine } from "./machines.ts";
import { parseSettings, type Settings, wholeNumber } from "./settings.ts";
import { type LoadedWorkload, loadWorkload } from "./workload.ts";

export interface Common {
  readonly workload: string;
  readonly machine: string;
  readonly style: Style;
  readonly settings: Settings;
  /** Null: the workload's own, or 1. */
  readonly seed: number | null;
}

export async function load({ workload: name, machine: machineName, settings, seed }: Common): Promise<{ machine: Machine; workload: LoadedWorkload }> {
  const machine = readMachine(machineName, settings.machine);
  const workload = await loadWorkload(name, { settings: settings.workload, ...(seed === null ? {} : { seed }) });
  return { machine, workload };
}

/** What `run`, `compile` and `explain` have in common, as yargs gives it. */
export interface TargetFlags {
  readonly workload: string;
  readonly machine: string;
  readonly style: Common["style"];
  readonly set: readonly string[];
  readonly seed: string | undefined;
}

export function targetOf({ workload, machine, style, set, seed }: TargetFlags): Common {
  return { workload, machine, style, settings: parseSettings(set), seed: seed === undefined ? null : wholeNumber("--seed", seed, 0) };
}
