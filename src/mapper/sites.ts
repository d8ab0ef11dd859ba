/** Where a machine has room for units, and the switch at which the routes of each such site begin. */

import type { Unit } from "../fabric/fabric.ts";
import { agPositions, type Position, unitPositions } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";

export type UnitKind = Unit["kind"];

export const unitKinds: readonly UnitKind[] = ["pcu", "pmu", "ag"];

/** `switchX` is the column at which its routes begin: x itself, or -1 and `columns` for address generators further out. */
export interface Site extends Position {
  readonly kind: UnitKind;
  readonly switchX: number;
}

export function sitesOf(machine: Machine): readonly Site[] {
  const { pcu, pmu } = unitPositions(machine);
  const sites = (kind: UnitKind, positions: readonly Position[]): Site[] =>
    positions.map(({ x, y }) => ({ kind, x, y, switchX: Math.max(-1, Math.min(machine.grid.columns, x)) }));
  return [...sites("pcu", pcu), ...sites("pmu", pmu), ...sites("ag", agPositions(machine))];
}
