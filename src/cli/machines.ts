/** Machines and energy tables from files: a path, or a name in configs/. */

import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { UserError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import type { Override } from "../base/yaml.ts";
import { loadEnergyTable } from "../energy/schema.ts";
import type { EnergyTable } from "../energy/table.ts";
import type { Machine } from "../machine/machine.ts";
import { loadMachine } from "../machine/schema.ts";
import { assertServed } from "../memory/dram-server.ts";
import { packageRoot, readText } from "./files.ts";

const CONFIGS = join(packageRoot, "configs");

/** Names of the machines in configs/, in alphabetical order. */
export function machineNames(): readonly string[] {
  return namesIn(CONFIGS);
}

/** A name has neither a slash nor a dot; all else is a path. */
export function readMachine(nameOrFile: string, overrides: readonly Override[] = []): Machine {
  if (looksLikePath(nameOrFile)) return served(loadMachine(readText(nameOrFile), nameOrFile, overrides), nameOrFile);
  const file = `configs/${nameOrFile}.yaml`;
  if (machineNames().includes(nameOrFile)) return served(loadMachine(readText(join(CONFIGS, `${nameOrFile}.yaml`)), file, overrides), file);
  throw new UserError({
    code: "unknown-machine",
    message: `there is no machine ${JSON.stringify(nameOrFile)} in configs/`,
    place: { path: "--machine" },
    hint: suggestion(nameOrFile, machineNames()),
  });
}

/** The machine, where a controller can serve each of its DRAM tiers. */
function served(machine: Machine, file: string): Machine {
  for (const [name, tier] of Object.entries(machine.tiers)) {
    try {
      if (tier?.dram !== undefined) assertServed(tier.dram);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(
        error.faults.map((fault) => ({ ...fault, place: { file, path: `tiers.${name}.dram` } })),
        error,
      );
    }
  }
  return machine;
}

/** The table that the machine's config names. */
export function readEnergyTable({ energy, name }: Machine): EnergyTable {
  const tables = namesIn(join(CONFIGS, "energy"));
  const known = tables.includes(energy);
  if (!known && !existsSync(energy)) {
    throw new UserError({
      code: "unknown-energy-table",
      message: `machine ${JSON.stringify(name)} names the energy table ${JSON.stringify(energy)}, which is not in configs/energy/`,
      hint: suggestion(energy, tables),
    });
  }
  const file = known ? join(CONFIGS, "energy", `${energy}.yaml`) : energy;
  return loadEnergyTable(readText(file), known ? `configs/energy/${energy}.yaml` : energy);
}

export function looksLikePath(text: string): boolean {
  return /[/\\.]/.test(text);
}

function namesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => basename(file, ".yaml"))
    .sort();
}
