/** Machines, GPUs and energy tables from files: a path, or a name in configs/. */

import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { UserError } from "../base/errors.ts";
import { suggestion } from "../base/suggest.ts";
import type { Override } from "../base/yaml.ts";
import { loadEnergyTable } from "../energy/schema.ts";
import type { EnergyTable } from "../energy/table.ts";
import type { GpuMachine } from "../machine/gpu.ts";
import { loadGpu } from "../machine/gpu-schema.ts";
import type { Machine } from "../machine/machine.ts";
import { loadServedMachine } from "../memory/served.ts";
import { packageRoot, readText } from "./files.ts";

const CONFIGS = join(packageRoot, "configs");

/** Names of the reconfigurable dataflow accelerators in configs/, in alphabetical order. */
export function machineNames(): readonly string[] {
  return namesOf("rda");
}

/** Names of the GPUs in configs/, in alphabetical order. */
export function gpuNames(): readonly string[] {
  return namesOf("gpu");
}

const namesOf = (kind: AnyMachine["kind"]): readonly string[] => namesIn(CONFIGS).filter((name) => kindOfMachine(name) === kind);

export type AnyMachine = Machine | GpuMachine;

/** What the config says it is, whatever else stands in it. */
export function kindOfMachine(nameOrFile: string): AnyMachine["kind"] {
  return isGpu(configOf(nameOrFile).text) ? "gpu" : "rda";
}

/** A name has neither a slash nor a dot; all else is a path. */
export function readAnyMachine(nameOrFile: string, overrides: readonly Override[] = []): AnyMachine {
  const { text, file } = configOf(nameOrFile);
  return isGpu(text) ? loadGpu(text, file, overrides) : loadServedMachine(text, file, overrides);
}

/** As `readAnyMachine`, but a GPU is refused. */
export function readMachine(nameOrFile: string, overrides: readonly Override[] = []): Machine {
  const { text, file } = configOf(nameOrFile);
  if (isGpu(text)) {
    throw new UserError({
      code: "wrong-machine",
      message: `expected a reconfigurable dataflow accelerator, found the GPU ${JSON.stringify(nameOrFile)}`,
      place: { path: "--machine" },
      hint: "weft run and weft compare take GPUs",
    });
  }
  return loadServedMachine(text, file, overrides);
}

/** As `readAnyMachine`, of GPUs alone. */
export function readGpu(nameOrFile: string, overrides: readonly Override[] = []): GpuMachine {
  const { text, file } = configOf(nameOrFile);
  return loadGpu(text, file, overrides);
}

/** The GPU beside which a page shows its run: what --gpu names. */
export function readGpuBeside(nameOrFile: string): GpuMachine {
  const isKnown = looksLikePath(nameOrFile) || namesIn(CONFIGS).includes(nameOrFile);
  if (isKnown && kindOfMachine(nameOrFile) === "gpu") return readGpu(nameOrFile);
  throw new UserError({
    code: isKnown ? "wrong-machine" : "unknown-machine",
    message: isKnown ? `expected a GPU, found the machine ${JSON.stringify(nameOrFile)}` : `there is no GPU ${JSON.stringify(nameOrFile)} in configs/`,
    place: { path: "--gpu" },
    hint: suggestion(nameOrFile, [...gpuNames(), "none"]),
  });
}

/** `file`: as messages name it. */
function configOf(nameOrFile: string): { readonly text: string; readonly file: string } {
  if (looksLikePath(nameOrFile)) return { text: readText(nameOrFile), file: nameOrFile };
  const names = namesIn(CONFIGS);
  if (names.includes(nameOrFile)) return { text: readText(join(CONFIGS, `${nameOrFile}.yaml`)), file: `configs/${nameOrFile}.yaml` };
  throw new UserError({
    code: "unknown-machine",
    message: `there is no machine ${JSON.stringify(nameOrFile)} in configs/`,
    place: { path: "--machine" },
    hint: suggestion(nameOrFile, names),
  });
}

const isGpu = (yaml: string): boolean => /^kind\s*:\s*["']?gpu\b/m.test(yaml);

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
