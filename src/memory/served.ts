/** Machines from the text of their configs, as runs take them: a controller can serve each of their DRAM tiers. */

import { UserError } from "../base/errors.ts";
import type { Override } from "../base/yaml.ts";
import type { Machine } from "../machine/machine.ts";
import { loadMachine } from "../machine/schema.ts";
import { assertServed } from "./dram-server.ts";

/** Throws a UserError with every fault found. */
export function loadServedMachine(text: string, file: string, overrides: readonly Override[] = []): Machine {
  const machine = loadMachine(text, file, overrides);
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
