/**
 * Hot path: simulated annealing of a placement on weighted half perimeters. All state is in typed arrays and a move allocates nothing; measured
 * by test/mapper/speed.test.ts. Costs are whole numbers, so that they never drift; the chance to accept is made of + * / alone, so that
 * every JavaScript engine decides alike.
 */

import { nextUint32, type RandomState } from "../base/random.ts";
import type { PlacementProblem } from "./problem.ts";
import type { Site, UnitKind } from "./sites.ts";

export interface AnnealOptions {
  /** Its state moves on. */
  readonly random: RandomState;
  /** Moves to try in all; 0 keeps the start. */
  readonly moves: number;
}

const steps = 60;
/** Temperature of a step over that of the step before. */
const cooling = 0.91;

/** The best placement seen at the end of a step, never worse than `start`. The last step only goes downhill. */
export function anneal(problem: PlacementProblem, start: Int32Array, options: AnnealOptions): Int32Array {
  const movesPerStep = Math.ceil(options.moves / steps);
  if (movesPerStep === 0 || problem.weights.length === 0) return start;
  const state = annealState(problem, start, options.random);
  const best = start.slice();
  let bestGain = 0;
  let temperature = firstTemperature(state);
  for (let step = 0; step < steps; step++) {
    const accepted = tryMoves(state, movesPerStep, step === steps - 1 ? 0 : temperature);
    if (state.gain > bestGain) {
      bestGain = state.gain;
      best.set(state.siteOf);
    }
    temperature *= cooling;
    // Reach follows the share accepted towards 44 %: there a move teaches most.
    state.reach = Math.min(state.farthest, Math.max(1.5, state.reach * (0.56 + accepted / movesPerStep)));
  }
  return best;
}

interface AnnealState {
  readonly netStart: Int32Array;
  readonly pins: Int32Array;
  readonly unitStart: Int32Array;
  readonly unitNets: Int32Array;
  readonly weights: Int32Array;
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
  /** Index into `kindNames`. */
  readonly kind: Uint8Array;
  /** Site at a grid position: row * columns + column. */
  readonly grid: Int32Array;
  /** Site at an edge position: (side * rows + row) * layers + layer, -1 if there is none. */
  readonly edge: Int32Array;
}

const boxSize = 8;
/** Up to here it is quicker to look at all pins than to count those on the borders. */
const fewPins = 4;
const kindNumbers: { readonly [K in UnitKind]: number } = { pcu: 0, pmu: 1, ag: 2 };

function annealState(problem: PlacementProblem, start: Int32Array, random: RandomState): AnnealState {
  const { sites, netStart, pins, unitStart, unitNets, weights } = problem;
  const table = siteTable(sites);
  const unitAt = new Int32Array(sites.length).fill(-1);
  for (const [unit, site] of start.entries()) unitAt[site] = unit;
  const farthest = Math.max(table.columns, table.rows);
  const state: AnnealState = {
    ...{ netStart, pins, unitStart, unitNets, weights, table, unitAt, farthest },
    siteOf: start.slice(),
    xs: Int32Array.from(start, (site) => table.x[site]!),
    ys: Int32Array.from(start, (site) => table.y[site]!),
    boxes: new Int32Array(boxSize * weights.length),
    changed: new Int32Array(weights.length),
    newBoxes: new Int32Array(boxSize * weights.length),
    mark: new Int32Array(weights.length),
    ...{ stamp: 0, changes: 0, gain: 0, random, reach: farthest },
  };
  for (let net = 0; net < weights.length; net++) scanMany(state, net, state.boxes, boxSize * net);
  return state;
}

function siteTable(sites: readonly Site[]): SiteTable {
  const inGrid = sites.filter((site) => site.kind !== "ag");
  const columns = 1 + Math.max(...inGrid.map((site) => site.x));
  const rows = 1 + Math.max(...inGrid.map((site) => site.y));
  const layerOf = (site: Site): number => Math.abs(site.x - site.switchX);
  const layers = 1 + Math.max(...sites.map(layerOf));
  const grid = new Int32Array(columns * rows).fill(-1);
  const edge = new Int32Array(2 * rows * layers).fill(-1);
  for (const [index, site] of sites.entries()) {
    if (site.kind !== "ag") grid[site.y * columns + site.x] = index;
    else edge[((site.x < 0 ? 0 : rows) + site.y) * layers + layerOf(site)] = index;
  }
  return {
    ...{ columns, rows, layers, grid, edge },
    x: Int32Array.from(sites, (site) => site.switchX),
    y: Int32Array.from(sites, (site) => site.y),
    kind: Uint8Array.from(sites, (site) => kindNumbers[site.kind]),
  };
}

/** A tenth of the mean change of cost of random moves: enough to leave the start's faults, not enough to lose the start. */
function firstTemperature(state: AnnealState): number {
  let sum = 0;
  let count = 0;
  for (let sample = 0; sample < 200; sample++) {
    const unit = below(state.random, state.siteOf.length);
    const target = proposeSite(state, unit);
    if (target < 0) continue;
    sum += Math.abs(tryMove(state, unit, target));
    count++;
    undoMove(state, unit, target);
  }
  return count === 0 ? 0 : (0.1 * sum) / count;
}

/** Returns the number accepted. */
function tryMoves(state: AnnealState, moves: number, temperature: number): number {
  const units = state.siteOf.length;
  let accepted = 0;
  for (let move = 0; move < moves; move++) {
    const unit = below(state.random, units);
    const target = proposeSite(state, unit);
    if (target < 0) continue;
    const delta = tryMove(state, unit, target);
    if (delta <= 0 || (temperature > 0 && nextUint32(state.random) < 4294967296 * chance(delta / temperature))) {
      keepMove(state, unit, target, delta);
      accepted++;
    } else undoMove(state, unit, target);
  }
  return accepted;
}

/** About e^-x, as (1 + x / 64)^-64. */
function chance(x: number): number {
  const a = 1 + x / 64;
  const b = a * a;
  const c = b * b;
  const d = c * c;
  const e = d * d;
  const f = e * e;
  return 1 / (f * f);
}

/** Another site of the unit's kind: within reach, or every other time beside a unit on one of its nets. -1 if the one drawn is of another kind, missing or its own. */
function proposeSite(state: AnnealState, unit: number): number {
  const { table } = state;
  const from = state.siteOf[unit]!;
  const kind = table.kind[from]!;
  const partner = below(state.random, 2) === 0 ? partnerOf(state, unit) : -1;
  const centre = partner < 0 ? unit : partner;
  const reach = partner < 0 ? state.reach | 0 : 2;
  const row = within(state, state.ys[centre]!, reach, table.rows);
  const x = state.xs[centre]!;
  const target = kind === kindNumbers.ag ? edgeSite(state, x, row, reach) : gridSite(state, kind, x, row, reach);
  return target === from ? -1 : target;
}

/** A unit on one of the unit's nets (it may be itself), -1 if it has none. */
function partnerOf({ unitStart, unitNets, netStart, pins, random }: AnnealState, unit: number): number {
  const nets = unitStart[unit + 1]! - unitStart[unit]!;
  if (nets === 0) return -1;
  const net = unitNets[unitStart[unit]! + below(random, nets)]!;
  return pins[netStart[net]! + below(random, netStart[net + 1]! - netStart[net]!)]!;
}

/** The neighbouring column serves where the one drawn has the other kind. */
function gridSite(state: AnnealState, kind: number, x: number, row: number, reach: number): number {
  const { table } = state;
  const column = within(state, x, reach, table.columns);
  const site = table.grid[row * table.columns + column]!;
  if (table.kind[site] === kind) return site;
  const next = table.grid[row * table.columns + (column + 1 < table.columns ? column + 1 : column - 1)]!;
  return table.kind[next] === kind ? next : -1;
}

function edgeSite(state: AnnealState, x: number, row: number, reach: number): number {
  const { table } = state;
  const side = reach < table.columns ? (2 * x < table.columns ? 0 : 1) : below(state.random, 2);
  return table.edge[(side * table.rows + row) * table.layers + (table.layers > 1 ? below(state.random, table.layers) : 0)]!;
}

/** Moves the unit to the target's switch, and the unit there to its own; returns the change of cost. To be kept or undone. */
function tryMove(state: AnnealState, unit: number, target: number): number {
  const { table, siteOf, xs, ys } = state;
  const from = siteOf[unit]!;
  const other = state.unitAt[target]!;
  const fromX = table.x[from]!;
  const fromY = table.y[from]!;
  const toX = table.x[target]!;
  const toY = table.y[target]!;
  state.changes = 0;
  state.stamp += 2;
  xs[unit] = toX;
  ys[unit] = toY;
  if (other < 0) return changeNets(state, unit, fromX, fromY);
  xs[other] = fromX;
  ys[other] = fromY;
  markShared(state, unit, other);
  return changeNets(state, unit, fromX, fromY) + changeNets(state, other, toX, toY);
}

/** Nets of both units keep their box when the two change places: they get the mark `stamp` + 1. */
function markShared({ unitStart, unitNets, mark, stamp }: AnnealState, unit: number, other: number): void {
  const end = unitStart[unit + 1]!;
  for (let index = unitStart[unit]!; index < end; index++) mark[unitNets[index]!] = stamp;
  const otherEnd = unitStart[other + 1]!;
  for (let index = unitStart[other]!; index < otherEnd; index++) {
    const net = unitNets[index]!;
    if (mark[net] === stamp) mark[net] = stamp + 1;
  }
}

/** New boxes of the nets of a unit that stood at (oldX, oldY); returns their change of cost. */
function changeNets(state: AnnealState, unit: number, oldX: number, oldY: number): number {
  const { unitStart, unitNets, netStart, boxes, newBoxes, weights, mark } = state;
  const shared = state.stamp + 1;
  const x = state.xs[unit]!;
  const y = state.ys[unit]!;
  const end = unitStart[unit + 1]!;
  let delta = 0;
  for (let index = unitStart[unit]!; index < end; index++) {
    const net = unitNets[index]!;
    if (mark[net] === shared) continue;
    const now = boxSize * net;
    const then = boxSize * state.changes;
    if (netStart[net + 1]! - netStart[net]! <= fewPins) scanFew(state, net, newBoxes, then);
    else if (!slide(boxes, now, newBoxes, then, oldX, x) || !slide(boxes, now + 2, newBoxes, then + 2, oldY, y)) scanMany(state, net, newBoxes, then);
    delta += weights[net]! * (halfPerimeter(newBoxes, then) - halfPerimeter(boxes, now));
    state.changed[state.changes++] = net;
  }
  return delta;
}

function halfPerimeter(boxes: Int32Array, at: number): number {
  return boxes[at + 1]! - boxes[at]! + boxes[at + 3]! - boxes[at + 2]!;
}

/** One axis of a box after one pin went from `old` to `next`: false if the pins must be looked at because the last one left a border inwards. */
function slide(boxes: Int32Array, now: number, newBoxes: Int32Array, then: number, old: number, next: number): boolean {
  let low = boxes[now]!;
  let high = boxes[now + 1]!;
  let onLow = boxes[now + 4]!;
  let onHigh = boxes[now + 5]!;
  if (old === low && --onLow === 0 && next > low) return false;
  if (old === high && --onHigh === 0 && next < high) return false;
  if (next === low) onLow++;
  else if (next < low) {
    low = next;
    onLow = 1;
  }
  if (next === high) onHigh++;
  else if (next > high) {
    high = next;
    onHigh = 1;
  }
  newBoxes[then] = low;
  newBoxes[then + 1] = high;
  newBoxes[then + 4] = onLow;
  newBoxes[then + 5] = onHigh;
  return true;
}

/** The box of a net of few pins: its borders' pins are not counted. */
function scanFew({ pins, xs, ys, netStart }: AnnealState, net: number, into: Int32Array, at: number): void {
  const end = netStart[net + 1]!;
  let index = netStart[net]!;
  let left = xs[pins[index]!]!;
  let right = left;
  let top = ys[pins[index]!]!;
  let bottom = top;
  for (index++; index < end; index++) {
    const x = xs[pins[index]!]!;
    const y = ys[pins[index]!]!;
    if (x < left) left = x;
    else if (x > right) right = x;
    if (y < top) top = y;
    else if (y > bottom) bottom = y;
  }
  into[at] = left;
  into[at + 1] = right;
  into[at + 2] = top;
  into[at + 3] = bottom;
}

function scanMany(state: AnnealState, net: number, into: Int32Array, at: number): void {
  const { pins, xs, ys, netStart } = state;
  scanFew(state, net, into, at);
  into.fill(0, at + 4, at + boxSize);
  const end = netStart[net + 1]!;
  for (let index = netStart[net]!; index < end; index++) {
    const x = xs[pins[index]!]!;
    const y = ys[pins[index]!]!;
    if (x === into[at]) into[at + 4]!++;
    if (x === into[at + 1]) into[at + 5]!++;
    if (y === into[at + 2]) into[at + 6]!++;
    if (y === into[at + 3]) into[at + 7]!++;
  }
}

function keepMove(state: AnnealState, unit: number, target: number, delta: number): void {
  const { siteOf, unitAt, boxes, newBoxes, changed, changes } = state;
  const from = siteOf[unit]!;
  const other = unitAt[target]!;
  siteOf[unit] = target;
  unitAt[target] = unit;
  unitAt[from] = other;
  if (other >= 0) siteOf[other] = from;
  for (let index = 0; index < changes; index++) {
    const net = boxSize * changed[index]!;
    for (let field = 0; field < boxSize; field++) boxes[net + field] = newBoxes[boxSize * index + field]!;
  }
  state.gain -= delta;
}

function undoMove(state: AnnealState, unit: number, target: number): void {
  const { table, siteOf, xs, ys } = state;
  const from = siteOf[unit]!;
  xs[unit] = table.x[from]!;
  ys[unit] = table.y[from]!;
  const other = state.unitAt[target]!;
  if (other < 0) return;
  xs[other] = table.x[target]!;
  ys[other] = table.y[target]!;
}

/** A whole number at most `reach` from `centre` and in [0, limit). `centre` may be -1 or `limit`. */
function within(state: AnnealState, centre: number, reach: number, limit: number): number {
  const low = centre > reach ? centre - reach : 0;
  const high = centre + reach < limit ? centre + reach : limit - 1;
  return low + below(state.random, high - low + 1);
}

/** A whole number in [0, bound). 32 bits are enough for the sites of a grid. */
function below(random: RandomState, bound: number): number {
  return Math.floor((nextUint32(random) * bound) / 4294967296);
}
