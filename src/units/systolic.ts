/**
 * A systolic array as a network of the engine: operands move from cell to cell, a cycle a cell, and the cycles are counted where the last of them ends.
 *
 *     os  a cell keeps its output:  rows of a come from the west, columns of b from the north; at the end the outputs are shifted out to the south
 *     ws  a cell keeps a weight:    b is shifted in from the north, row after row; then rows of a come from the west, and sums leave to the south
 *     is  a cell keeps an input:    the same with a and b exchanged
 *
 * A product larger than the array takes several passes (SCALE-Sim: folds), one after the other: the next begins when the last cell has done its work, or has shifted its outputs out. A
 * pass that does not fill the array takes as long as one that does: what is not there travels as bubbles. Operands are at the edge when they are needed (SCALE-Sim: no stalls).
 * Left out: what the memories behind the edges take, and passes that overlap.
 *
 * Source of the semantics: Samajdar et al., ISPASS 2020 (SCALE-Sim), section III; scalesim-project/scale-sim-v2, scalesim/compute/.
 */

import type { ChannelSpec, NetworkResult, NetworkSpec, PortSpec } from "../engine/network.ts";
import { runNetwork } from "../engine/run.ts";

export type Dataflow = "os" | "ws" | "is";

/** a (m x k) times b (k x n). */
export interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export interface ArraySize {
  readonly rows: number;
  readonly columns: number;
}

/** How a product lies on an array. */
export interface Passes {
  readonly count: number;
  /** Multiplications of each cell in a pass. */
  readonly steps: number;
  /** Mean share of the cells that have work in a pass, 0 .. 1. */
  readonly mapped_share: number;
}

export interface SystolicCount {
  readonly passes: Passes;
  /** As SCALE-Sim v2 counts: the number of the last cycle, the first being 0. Outputs that stand in the array (os) are not shifted out. */
  readonly scale_sim_cycles: number;
  /** Until the last output has left the array. */
  readonly cycles: number;
}

/** Which dimension lies along the rows, along the columns, and in time. */
const LAYOUT: { readonly [D in Dataflow]: readonly [rows: keyof Product, columns: keyof Product, steps: keyof Product] } = {
  os: ["m", "n", "k"],
  ws: ["k", "n", "m"],
  is: ["k", "m", "n"],
};

export function passesOf(product: Product, { rows, columns }: ArraySize, dataflow: Dataflow): Passes {
  const [down, across, steps] = LAYOUT[dataflow].map((dimension) => product[dimension]) as [number, number, number];
  const count = Math.ceil(down / rows) * Math.ceil(across / columns);
  return { count, steps, mapped_share: (down * across) / (count * rows * columns) };
}

/** With a process a row. */
export function countSystolic(product: Product, array: ArraySize, dataflow: Dataflow): SystolicCount {
  const passes = passesOf(product, array, dataflow);
  const ticks = (drains: boolean): number => runSystolic({ ...array, ...passes, dataflow, drains, width: array.columns }).ticks;
  const still = ticks(false);
  return { passes, scale_sim_cycles: still - 1, cycles: dataflow === "os" ? ticks(true) : still };
}

export interface SystolicPlan extends ArraySize {
  readonly dataflow: Dataflow;
  /** Passes. */
  readonly count: number;
  readonly steps: number;
  /** Outputs that stand in the array are shifted out before the next pass begins. */
  readonly drains: boolean;
  /** Neighbouring columns for which one process stands: its firings are those of the westernmost, the others follow a cycle a column. 1: a process a cell. */
  readonly width: number;
}

export function runSystolic(plan: SystolicPlan, fastForward = true): NetworkResult {
  const result = runNetwork(systolicNetwork(plan), { fastForward });
  if (!result.finished) throw new Error("a systolic array cannot move");
  return result;
}

/** Cells multiply and hand on; where operands stand still a chain of registers a column shifts them in, where outputs do another shifts them out. */
export function systolicNetwork(plan: SystolicPlan): NetworkSpec {
  const { dataflow, drains, count, rows, steps } = plan;
  const draft: Draft = { processes: [], channels: [] };
  const cells = addGrid(draft, plan, "cell", count * steps);
  meet(draft, cells, plan);
  const shiftIn = dataflow === "os" ? null : addChains(draft, plan, "in");
  const shiftOut = dataflow === "os" && drains ? addChains(draft, plan, "out") : null;
  if (shiftIn !== null) join(draft, shiftIn, rows, cells, steps);
  if (shiftOut !== null) join(draft, cells, steps, shiftOut, rows);
  const last = (shiftOut ?? cells).at(-1)!.at(-1)!;
  const first = shiftIn === null ? [cells[0]![0]!] : shiftIn[0]!;
  const latency = widths(plan).at(-1)!;
  for (const start of first) {
    link(draft, { ...ends(last, shiftOut === null ? steps : rows, start, shiftIn === null ? steps : rows), latency, initial: 1 });
  }
  return { processes: draft.processes.map((process) => ({ ...process, ii: 1, latency: 0 })), channels: draft.channels, resources: [] };
}

interface Draft {
  readonly processes: { readonly name: string; readonly firings: number; readonly ports: PortSpec[] }[];
  readonly channels: ChannelSpec[];
}

/** Processes by row, and from west to east. */
type Grid = readonly (readonly number[])[];

/** Columns of each process of a row. */
function widths({ columns, width }: SystolicPlan): readonly number[] {
  return Array.from({ length: Math.ceil(columns / width) }, (_, b) => Math.min(width, columns - b * width));
}

function addGrid({ processes }: Draft, plan: SystolicPlan, name: string, firings: number): Grid {
  return Array.from({ length: plan.rows }, (_, r) =>
    widths(plan).map((_, b) => processes.push({ name: `${name}[${r},${b * plan.width}]`, firings, ports: [] }) - 1),
  );
}

/** A step of a cell needs that of its neighbour in the west and that of its neighbour in the north. */
function meet(draft: Draft, cells: Grid, plan: SystolicPlan): void {
  const across = widths(plan);
  cells.forEach((row, r) =>
    row.forEach((cell, b) => {
      if (b > 0) link(draft, { ...ends(row[b - 1]!, 1, cell, 1), latency: across[b - 1]! });
      if (r > 0) link(draft, { ...ends(cells[r - 1]![b]!, 1, cell, 1), latency: 1 });
    }),
  );
}

/** A register a cell: in each of its `rows` shifts of a pass it takes what the one in the north held before. */
function addChains(draft: Draft, plan: SystolicPlan, name: string): Grid {
  const chains = addGrid(draft, plan, name, plan.count * plan.rows);
  for (let r = 1; r < plan.rows; r++) chains[r]!.forEach((register, b) => link(draft, { ...ends(chains[r - 1]![b]!, 1, register, 1), latency: 1, initial: 1 }));
  return chains;
}

/** Once a pass: when `from` has ended, `to` may begin. */
function join(draft: Draft, from: Grid, firingsFrom: number, to: Grid, firingsTo: number): void {
  from.forEach((row, r) => row.forEach((process, b) => link(draft, { ...ends(process, firingsFrom, to[r]![b]!, firingsTo), latency: 1 })));
}

interface Link {
  readonly from: number;
  readonly pushPeriod: number;
  readonly to: number;
  readonly popPeriod: number;
  readonly latency: number;
  readonly initial?: number;
}

const ends = (from: number, pushPeriod: number, to: number, popPeriod: number) => ({ from, pushPeriod, to, popPeriod });

/** Slots beyond those that are under way, so that nothing ever waits for one: the edges give operands when they are needed. */
const SPARE = 3;

function link({ processes, channels }: Draft, { from, pushPeriod, to, popPeriod, latency, initial = 0 }: Link): void {
  const channel = channels.push({ name: `${processes[from]!.name}>${processes[to]!.name}`, depth: latency + SPARE, latency, initial, words: 0 }) - 1;
  processes[from]!.ports.push({ channel, kind: "stream-out", period: pushPeriod });
  processes[to]!.ports.push({ channel, kind: "stream-in", period: popPeriod });
}
