/** Every place of the machine, with the units that sections put there: places that no section uses are part of the picture. */

import { agPositions, unitPositions } from "../../src/machine/derived.ts";
import type { SceneMachine, SceneUnit } from "../../src/scene/scene.ts";
import type { RunView, UnitView } from "./run.ts";

export interface Place {
  /** Position in `placesOf`. */
  readonly number: number;
  readonly x: number;
  readonly y: number;
  readonly kind: SceneUnit["kind"];
  /** At most one a section, in the order of the sections. Empty: no section uses it. */
  readonly units: readonly UnitView[];
}

/** Columns of the picture, both included: address generators stand left and right of the grid. */
export interface Extent {
  readonly left: number;
  readonly right: number;
  readonly rows: number;
}

/** Row by row. */
export function placesOf({ scene: { machine }, units }: RunView): readonly Place[] {
  const sites = new Map(sitesOf(machine).map((site) => [`${site.x},${site.y}`, { ...site, units: [] as UnitView[] }]));
  for (const unit of units) {
    const { x, y, kind } = unit.scene;
    const site = sites.get(`${x},${y}`);
    if (site === undefined) sites.set(`${x},${y}`, { x, y, kind, units: [unit] });
    else site.units.push(unit);
  }
  return [...sites.values()].sort((a, b) => a.y - b.y || a.x - b.x).map((site, number) => ({ number, ...site }));
}

function sitesOf({ grid, units }: SceneMachine): readonly { readonly x: number; readonly y: number; readonly kind: SceneUnit["kind"] }[] {
  const machine = { grid, pcu: { count: units.pcu }, pmu: { count: units.pmu }, ag: { count: units.ag } };
  const { pcu, pmu } = unitPositions(machine);
  const sites = { pcu, pmu, ag: agPositions(machine) };
  return (["pcu", "pmu", "ag"] as const).flatMap((kind) => sites[kind].map((position) => ({ ...position, kind })));
}

export function extentOf(run: RunView, places: readonly Place[]): Extent {
  const { columns, rows } = run.scene.machine.grid;
  let [left, right] = [-1, columns];
  for (const { x } of places) {
    left = Math.min(left, x);
    right = Math.max(right, x);
  }
  return { left, right, rows };
}

/** Position of its place, by unit. */
export function placeOfUnits(run: RunView, places: readonly Place[]): Int32Array {
  const numbers = new Int32Array(run.units.length);
  for (const place of places) for (const unit of place.units) numbers[unit.number] = place.number;
  return numbers;
}

/** The place beside it in a direction that is nearest to its row or column. Null: there is none. */
export function neighbourOf(places: readonly Place[], from: Place, dx: number, dy: number): Place | null {
  let best: Place | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const place of places) {
    const [along, across] = dx === 0 ? [(place.y - from.y) * dy, Math.abs(place.x - from.x)] : [(place.x - from.x) * dx, Math.abs(place.y - from.y)];
    if (along <= 0 || across > along) continue;
    const far = along + 4 * across;
    if (far < least) [best, least] = [place, far];
  }
  return best;
}
