/**
 * How scratch memories lie over the banks of a PMU: of the layouts that the machine has, the one in which the vectors that are read take the fewest turns, then the one
 * with the fewest bytes, then the one that the machine names first.
 */

import { bankMapOf, bankOf, packedStrides } from "../fabric/banks.ts";
import type { Scratch } from "../fabric/fabric.ts";
import { lanesFor } from "../machine/derived.ts";
import type { Banking, Machine } from "../machine/machine.ts";
import { laneStep, type StageShape } from "./stage.ts";

/** What goes at a memory: vectors along its last dimension only; along others, too; elements whose numbers are data. */
export type Use = "rows" | "columns" | "numbers";

/** Of one buffer. */
export interface ScratchLayout {
  readonly bytes: number;
  /** As a scratch memory says it; where elements are found by number, only what differs from row-major and cyclic. */
  readonly lie: Pick<Scratch, "strides" | "banking">;
}

export function scratchLayout(shape: readonly number[], dtypeBytes: number, machine: Machine, use: Use): ScratchLayout {
  const root = found.get(machine) ?? { larger: new Map() };
  if (root.larger.size === 0) found.set(machine, root);
  let known = larger(larger(root, dtypeBytes), USES.indexOf(use));
  for (let d = 0; d < shape.length; d++) known = larger(known, shape[d]!);
  known.layout ??= findLayout(shape, dtypeBytes, machine, use);
  return known.layout;
}

/** A search asks for the same layouts again and again, millions of times: a tree of numbers is found much quicker in than a table of texts (bench compile). */
const found = new WeakMap<Machine, Known>();

const USES: readonly Use[] = ["rows", "columns", "numbers"];

/** By size of an element, use and extents, one after the other. */
interface Known {
  layout?: ScratchLayout;
  readonly larger: Map<number, Known>;
}

function larger(known: Known, by: number): Known {
  const there = known.larger.get(by);
  if (there !== undefined) return there;
  const made: Known = { larger: new Map() };
  known.larger.set(by, made);
  return made;
}

function findLayout(shape: readonly number[], dtypeBytes: number, machine: Machine, use: Use): ScratchLayout {
  const { banking, banks, word_bytes } = machine.pmu;
  const schemes = use === "numbers" && banking.includes("hashed") ? (["hashed"] as const) : banking;
  const lanes = lanesFor(machine, dtypeBytes);
  const options = schemes.map((scheme) => {
    const strides = stridesOf(shape, scheme, use, banks);
    const words = shape.length === 0 ? 1 : strides[0]! * shape[0]!;
    return { scheme, strides, words, turns: schemes.length === 1 ? 1 : turnsAlong(shape, strides, scheme, use, lanes, banks) };
  });
  const { scheme, strides, words } = options.reduce((best, one) =>
    one.turns < best.turns || (one.turns === best.turns && one.words < best.words) ? one : best,
  );
  const packed = packedStrides(shape);
  const isPlain = use === "numbers" && strides.every((stride, d) => stride === packed[d]);
  return { bytes: words * Math.max(dtypeBytes, word_bytes), lie: { ...(!isPlain && { strides }), ...(scheme !== "cyclic" && { banking: scheme }) } };
}

/**
 * Where vectors lie along several dimensions, neighbours along each should lie in different banks. In cyclic order every inner size is made odd for it; in a
 * diagonal layout a row takes whole turns of the banks, and a block of rows counts an odd number of them. A dimension of one has no neighbours.
 */
function stridesOf(shape: readonly number[], scheme: Banking, use: Use, banks: number): readonly number[] {
  const strides: number[] = [];
  const last = shape.length - 1;
  const odd = (count: number): number => (use === "columns" && count > 1 && count % 2 === 0 ? count + 1 : count);
  for (let d = last, size = 1; d >= 0; size = strides[d]! * shape[d]!, d--) {
    if (scheme === "cyclic") strides[d] = shape[d] === 1 ? size : odd(size);
    else if (scheme !== "diagonal" || d === last) strides[d] = size;
    else if (d === last - 1) strides[d] = banks * Math.ceil(size / banks);
    else if (shape[d] === 1) strides[d] = size;
    else strides[d] = strides[last - 1]! * odd(size / strides[last - 1]!);
  }
  return strides;
}

/** Of a full vector from the first element on, along the dimension where it takes the most. */
function turnsAlong(shape: readonly number[], strides: readonly number[], banking: Banking, use: Use, lanes: number, banks: number): number {
  const map = bankMapOf({ shape, strides, banking }, banks);
  const along = (d: number): number => {
    const filled = new Array<number>(banks).fill(0);
    for (let l = 0; l < Math.min(lanes, shape[d]!); l++) filled[bankOf(map, l * strides[d]!)]!++;
    return Math.max(...filled);
  };
  return Math.max(1, ...shape.map((_, d) => (use === "columns" || d === shape.length - 1 ? along(d) : 1)));
}

/** Do the words of the operand's token lie along another dimension than the last? */
export function useOf(shape: StageShape, position: number): Use {
  const lane = shape.systolic !== null && position === shape.systolic.stageOperand ? shape.rows : shape.lane;
  return laneStep(shape.operands[position]!, lane) === "strided" ? "columns" : "rows";
}
