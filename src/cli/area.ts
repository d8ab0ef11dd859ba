/** `weft area`: what a machine's parts take on the die. */

import { type Fault, UserError } from "../base/errors.ts";
import { areaOf } from "../energy/area.ts";
import { printArea, printAreaJson } from "../report/area.ts";
import { assertWritable, writeText } from "./files.ts";
import { readEnergyTable, readMachine } from "./machines.ts";
import { parseSettings } from "./settings.ts";

export interface AreaFlags {
  readonly machine: string;
  /** Of the machine only: `machine.pcu.lanes=32`. */
  readonly set: readonly string[];
  /** A file, or - for standard output instead of the table. */
  readonly json?: string | undefined;
}

export function area({ machine: name, set, json }: AreaFlags): void {
  const settings = parseSettings(set);
  if (settings.workload.length > 0) throw new UserError(settings.workload.map(({ label }) => notOfMachine(label)));
  if (json !== undefined && json !== "-") assertWritable(json);
  const machine = readMachine(name, settings.machine);
  const report = areaOf(machine, readEnergyTable(machine));
  if (json !== "-") process.stdout.write(printArea(report));
  if (json === "-") process.stdout.write(printAreaJson(report));
  else if (json !== undefined) writeText(json, printAreaJson(report));
}

const notOfMachine = (label: string): Fault => ({
  code: "bad-setting",
  message: "an area has no workload",
  place: { path: label },
  hint: "settings of the machine begin with machine., for instance --set machine.pcu.lanes=32",
});
