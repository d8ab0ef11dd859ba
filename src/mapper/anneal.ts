/**
 * Hot path: simulated annealing of a placement on weighted half perimeters and distances from sources. All state is in typed arrays and a move allocates nothing: two million
 * moves a CPU second on full sections of an SN40L (`npm run bench -- mapper`). Costs are whole numbers, so that they never drift; the
 * chance to accept is made of + * / alone, so that every JavaScript engine decides alike.
 */

import { nextUint32, type RandomState } from "../base/random.ts";
import { type AnnealState, annealState, kindNumbers } from "./anneal-state.ts";
import { boxSize, changeNets, markShared } from "./boxes.ts";
import type { PlacementProblem } from "./problem.ts";
import { sharedStarChange } from "./stars.ts";

export interface AnnealOptions {
  /** Its state moves on. */
  readonly random: RandomState;
  /** Moves to try in all; 0 keeps the start. */
  readonly moves: number;
}

/** Moves worth trying. Grows faster than the units, as annealing needs: 250 for each of a hundred and fifty units, 675 for each of two thousand. */
export function movesFor(units: number): number {
  return Math.ceil(10_000 + 15 * units * Math.sqrt(units));
}

const steps = 60;
/** Temperature of a step over that of the step before. */
const cooling = 0.91;

export interface Annealed {
  /** Site of every unit. */
  readonly siteOf: Int32Array;
  /** Cost of the start less the cost of this: >= 0. */
  readonly gain: number;
}

/** The best placement seen at the end of a step, never worse than `start`. The last step only goes downhill. */
export function anneal(problem: PlacementProblem, start: Int32Array, options: AnnealOptions): Annealed {
  const movesPerStep = Math.ceil(options.moves / steps);
  if (movesPerStep === 0 || problem.weights.length === 0) return { siteOf: start, gain: 0 };
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
  return { siteOf: best, gain: bestGain };
}

/** A fifth of the mean change of cost of random moves: enough to leave the start's faults, not enough to lose the start. */
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
  return count === 0 ? 0 : (0.2 * sum) / count;
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
  return changeNets(state, unit, fromX, fromY) + changeNets(state, other, toX, toY) + sharedStarChange(state, unit, other);
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

/** A whole number at most `reach` from `centre`, or the nearest there is, in [0, limit). `centre` may be -1 or `limit`, or beyond where units fill only a part of the grid. */
function within(state: AnnealState, centre: number, reach: number, limit: number): number {
  const last = limit - 1;
  const low = centre <= reach ? 0 : centre - reach < last ? centre - reach : last;
  const high = centre + reach < last ? centre + reach : last;
  return low + below(state.random, high - low + 1);
}

/** A whole number in [0, bound). 32 bits are enough for the sites of a grid. */
function below(random: RandomState, bound: number): number {
  return Math.floor((nextUint32(random) * bound) / 4294967296);
}
