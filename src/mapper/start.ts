/** A constructive first placement: units one by one along their nets, each on the free site of its kind where its nets grow least. */

import { type PlacementProblem, placementCost } from "./problem.ts";
import type { Site, UnitKind } from "./sites.ts";

/** Bounding box of the pins of a net that are placed; `placed` counts them. */
interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
  placed: number;
}

/** Site of every unit: the cheaper of two orders. There must be as many sites of each kind as units. */
export function constructivePlacement(problem: PlacementProblem): Int32Array {
  const deep = placeInOrder(problem, unitOrder(problem, "deep"));
  const wide = placeInOrder(problem, unitOrder(problem, "wide"));
  return placementCost(problem, wide) < placementCost(problem, deep) ? wide : deep;
}

function placeInOrder(problem: PlacementProblem, order: readonly number[]): Int32Array {
  const free = freeSites(problem.sites);
  const boxes: Box[] = Array.from(problem.weights, () => ({ left: 0, right: 0, top: 0, bottom: 0, placed: 0 }));
  const siteOf = new Int32Array(problem.kinds.length);
  const centre = centreOf(problem.sites);
  for (const unit of order) {
    const sites = free[problem.kinds[unit]!];
    const site = cheapestSite(problem, boxes, sites, centre, unit);
    siteOf[unit] = site;
    sites.delete(site);
    for (const net of netsOf(problem, unit)) include(boxes[net]!, problem.sites[site]!);
  }
  return siteOf;
}

type FreeSites = { readonly [K in UnitKind]: Set<number> };

function freeSites(sites: readonly Site[]): FreeSites {
  const free: FreeSites = { pcu: new Set(), pmu: new Set(), ag: new Set() };
  for (const [index, site] of sites.entries()) free[site.kind].add(index);
  return free;
}

function netsOf(problem: PlacementProblem, unit: number): Int32Array {
  return problem.unitNets.subarray(problem.unitStart[unit], problem.unitStart[unit + 1]);
}

/**
 * From units that no net feeds, as they stand in the section, along their nets. Deep follows a net as far as it leads before the next, which keeps pipelines
 * together; wide takes all that a unit joins before what those join, which keeps meshes together.
 */
function unitOrder(problem: PlacementProblem, way: "deep" | "wide"): readonly number[] {
  const order = new Set<number>();
  for (const root of rootsFirst(problem)) {
    const open = [root];
    for (let next = 0; next < open.length; ) {
      const unit = way === "deep" ? open.pop()! : open[next++]!;
      if (order.has(unit)) continue;
      order.add(unit);
      const joined = [...netsOf(problem, unit)].flatMap((net) => [...problem.pins.subarray(problem.netStart[net], problem.netStart[net + 1])]);
      for (const other of way === "deep" ? joined.reverse() : joined) if (!order.has(other)) open.push(other);
    }
  }
  return [...order];
}

function rootsFirst({ kinds, weights, netStart, pins }: PlacementProblem): readonly number[] {
  const fed = new Uint8Array(kinds.length);
  for (let net = 0; net < weights.length; net++) for (const sink of pins.subarray(netStart[net]! + 1, netStart[net + 1])) fed[sink] = 1;
  const units = [...kinds.keys()];
  return [...units.filter((unit) => fed[unit] === 0), ...units.filter((unit) => fed[unit] === 1)];
}

function centreOf(sites: readonly Site[]): { readonly x: number; readonly y: number } {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { x: mean(sites.map((site) => site.switchX)), y: mean(sites.map((site) => site.y)) };
}

/** Least growth of the unit's nets; among equals the site nearest to the middle of the grid, then the first. */
function cheapestSite(problem: PlacementProblem, boxes: readonly Box[], sites: ReadonlySet<number>, centre: { x: number; y: number }, unit: number): number {
  const nets = [...netsOf(problem, unit)].filter((net) => boxes[net]!.placed > 0);
  let best = -1;
  let bestGrowth = Number.POSITIVE_INFINITY;
  let bestOffset = Number.POSITIVE_INFINITY;
  for (const site of sites) {
    const at = problem.sites[site]!;
    let growth = 0;
    for (const net of nets) growth += problem.weights[net]! * growthOf(boxes[net]!, at);
    if (growth > bestGrowth) continue;
    const offset = Math.abs(at.switchX - centre.x) + Math.abs(at.y - centre.y);
    if (growth === bestGrowth && offset >= bestOffset) continue;
    best = site;
    bestGrowth = growth;
    bestOffset = offset;
  }
  return best;
}

function growthOf(box: Box, { switchX, y }: Site): number {
  return Math.max(0, box.left - switchX) + Math.max(0, switchX - box.right) + Math.max(0, box.top - y) + Math.max(0, y - box.bottom);
}

function include(box: Box, { switchX, y }: Site): void {
  const first = box.placed === 0;
  box.left = first ? switchX : Math.min(box.left, switchX);
  box.right = first ? switchX : Math.max(box.right, switchX);
  box.top = first ? y : Math.min(box.top, y);
  box.bottom = first ? y : Math.max(box.bottom, y);
  box.placed++;
}
