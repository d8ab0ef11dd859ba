/**
 * Hot path: what annealing works on, in typed arrays (see anneal.ts). Made once a section; a move changes it in place. The literals list every
 * field: with spreads V8 gives each state a shape of its own, and optimised code is thrown away at each section.
 */

import type { RandomState } from "../base/random.ts";
import { boxSize, scanMany } from "./boxes.ts";
import type { PlacementProblem } from "./problem.ts";
import type { Site, UnitKind } from "./sites.ts";

export interface AnnealState {
  readonly netStart: Int32Array;
  readonly pins: Int32Array;
  readonly unitStart: Int32Array;
  readonly unitNets: Int32Array;
  readonly weights: Int32Array;
  readonly stars: Int32Array;
  readonly table: SiteTable;
  readonly siteOf: Int32Array;
  /** Unit on a site, -1 if free. */
  readonly unitAt: Int32Array;
  /** Switch of every unit. */
  readonly xs: Int32Array;
  readonly ys: Int32Array;
  /** left, right, top, bottom of every net; for nets of many pins also the number of pins on each of these borders. */
  readonly boxes: Int32Array;
  /** Nets that the move under trial changes, with their new boxes. */
  readonly changed: Int32Array;
  readonly newBoxes: Int32Array;
  readonly mark: Int32Array;
  /** Two more with each move, so that marks of earlier moves don't count. */
  stamp: number;
  changes: number;
  /** Cost saved since the start. */
  gain: number;
  readonly random: RandomState;
  /** Columns and rows that a move may go. */
  reach: number;
  readonly farthest: number;
}

/** Where the sites are, for finding one at a distance. */
interface SiteTable {
  readonly columns: number;
  readonly rows: number;
  readonly layers: number;
  readonly x: Int32Array;
  readonly y: Int32Array;
  /** Index into `kindNumbers`. */
  readonly kind: Uint8Array;
  /** Site at a grid position: row * columns + column. */
  readonly grid: Int32Array;
  /** Site at an edge position: (side * rows + row) * layers + layer, -1 if there is none. */
  readonly edge: Int32Array;
}

export const kindNumbers: { readonly [K in UnitKind]: number } = { pcu: 0, pmu: 1, ag: 2 };

export function annealState(problem: PlacementProblem, start: Int32Array, random: RandomState): AnnealState {
  const { sites, netStart, pins, unitStart, unitNets, weights, stars } = problem;
  const table = siteTable(sites);
  const unitAt = new Int32Array(sites.length).fill(-1);
  for (const [unit, site] of start.entries()) unitAt[site] = unit;
  const farthest = Math.max(table.columns, table.rows);
  const state: AnnealState = {
    netStart,
    pins,
    unitStart,
    unitNets,
    weights,
    stars,
    table,
    unitAt,
    farthest,
    random,
    siteOf: start.slice(),
    xs: Int32Array.from(start, (site) => table.x[site]!),
    ys: Int32Array.from(start, (site) => table.y[site]!),
    boxes: new Int32Array(boxSize * weights.length),
    changed: new Int32Array(weights.length),
    newBoxes: new Int32Array(boxSize * weights.length),
    mark: new Int32Array(weights.length),
    stamp: 0,
    changes: 0,
    gain: 0,
    reach: farthest,
  };
  for (let net = 0; net < weights.length; net++) scanMany(state, net, state.boxes, boxSize * net);
  return state;
}

function siteTable(sites: readonly Site[]): SiteTable {
  const inGrid = sites.filter((site) => site.kind !== "ag");
  const columns = 1 + Math.max(...inGrid.map((site) => site.x));
  // Units may leave rows of the grid empty beside which there are address generators.
  const rows = 1 + Math.max(...sites.map((site) => site.y));
  const layerOf = (site: Site): number => Math.abs(site.x - site.switchX);
  const layers = 1 + Math.max(...sites.map(layerOf));
  const grid = new Int32Array(columns * rows).fill(-1);
  const edge = new Int32Array(2 * rows * layers).fill(-1);
  for (const [index, site] of sites.entries()) {
    if (site.kind !== "ag") grid[site.y * columns + site.x] = index;
    else edge[((site.x < 0 ? 0 : rows) + site.y) * layers + layerOf(site)] = index;
  }
  return {
    columns,
    rows,
    layers,
    grid,
    edge,
    x: Int32Array.from(sites, (site) => site.switchX),
    y: Int32Array.from(sites, (site) => site.y),
    kind: Uint8Array.from(sites, (site) => kindNumbers[site.kind]),
  };
}
