/**
 * What a nest does in a whole run of its resolved section, counted from its shape: operations of valid lanes, and bytes of scratchpad. A node that is the same in all
 * lanes counts once; a node that is read only at the end of a loop counts once an iteration of it (liveness.ts). What data decides, the nest's tally tells.
 */

import type { Bytes } from "../base/units.ts";
import { laneStride } from "../fabric/banks.ts";
import type { LevelTally, Tally } from "../fabric/datapath.ts";
import type { Access, Affine, Nest, Scratch, Unit, Work } from "../fabric/fabric.ts";
import { neededLevels, uniformNodes } from "../fabric/liveness.ts";
import { firingsOf, slotTableOf, tripPorts } from "../fabric/nests.ts";
import { countLanes } from "../fabric/walk.ts";
import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Dtype, ScalarOp } from "../pattern/program.ts";

export interface OperationCount {
  readonly op: ScalarOp;
  readonly dtype: Dtype;
  readonly count: number;
}

/** What the unit's nests with a tally did, by nest. */
export type Tallies = ReadonlyMap<string, Tally>;

/** Firings made, by nest, in a run that was stopped; a nest that is not there made all of its own. */
export type Fired = ReadonlyMap<string, number>;

const ALL: Fired = new Map();

/** Over all nests of a unit, one entry for each operation and dtype. `words`: of each channel, by id. */
export function operationsOf(unit: Unit, words: ReadonlyMap<string, number>, tallies: Tallies, fired = ALL): readonly OperationCount[] {
  const sums = new Map<string, OperationCount>();
  for (const { op, dtype, count } of unit.nests.flatMap((nest) => nestOperations(nest, words, tallies, fired.get(nest.id) ?? firingsOf(nest)))) {
    const key = `${op} ${dtype}`;
    sums.set(key, { op, dtype, count: count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()];
}

function nestOperations(nest: Nest, words: ReadonlyMap<string, number>, tallies: Tallies, firings: number): readonly OperationCount[] {
  const { work } = nest;
  switch (work.kind) {
    case "compute":
      return computeOperations(nest, work, words, tripPorts(nest).length > 0 ? tallyOf(nest, tallies).levels! : null, firings);
    case "systolic": {
      const count = work.stages * countLanes(nest, undefined, firings);
      return [
        { op: "mul", dtype: work.product, count },
        { op: "add", dtype: work.acc, count },
      ];
    }
    case "fold":
      return [{ op: work.fn, dtype: work.acc, count: countLanes(nest, work.access) }];
    case "scatter":
      return [{ op: work.fn, dtype: work.acc, count: tallyOf(nest, tallies).lanes }];
    // A product for each key looked up, a comparison for each slot looked at.
    case "hash": {
      const { lanes, probes } = tallyOf(nest, tallies);
      return [
        { op: "mul", dtype: "i32", count: lanes },
        { op: "eq", dtype: "i32", count: probes },
      ];
    }
    case "load":
    case "store":
    case "read":
    case "write":
    case "gather":
    case "fetch":
    case "append":
      return [];
  }
}

function tallyOf({ id }: Nest, tallies: Tallies): Tally {
  const tally = tallies.get(id);
  if (tally === undefined) throw new Error(`${id} did not tell what it did`);
  return tally;
}

type Compute = Extract<Work, { readonly kind: "compute" }>;

/** `tally`: of a nest that reads trip counts. */
function computeOperations(
  nest: Nest,
  work: Compute,
  words: ReadonlyMap<string, number>,
  tally: LevelTally | null,
  firings: number,
): readonly OperationCount[] {
  const needed = neededLevels(nest, work, new Set(work.outputs.map(({ port }) => port)));
  const uniform = uniformNodes(work, new Map(nest.ports.map((port) => [port.name, words.get(port.channel) ?? 0])));
  const fromShape = memoise((level: number, lanes: number) => countLanes({ ...atEnds(nest, level), lanes }, undefined, endsOf(nest, level, firings)));
  const lanesAt = (level: number, lanes: number): number => (tally === null ? fromShape(level, lanes) : (lanes === 1 ? tally.first : tally.lanes)[level]!);
  return work.nodes.flatMap((node, i): OperationCount[] => {
    const level = needed[i];
    if (level === undefined) return [];
    if (node.kind === "op") return [{ op: node.op, dtype: node.dtype, count: lanesAt(level, uniform[i] ? 1 : nest.lanes) }];
    if (node.kind === "scan") return [{ op: node.fn, dtype: node.acc, count: lanesAt(nest.loops.length, nest.lanes) }];
    if (node.kind !== "reduce") return [];
    return [{ op: node.fn, dtype: node.acc, count: lanesAt(nest.loops.length, uniform[node.arg] && !node.lanes ? 1 : nest.lanes) }];
  });
}

/** How many iterations of `level` have ended. */
function endsOf({ loops }: Nest, level: number, firings: number): number {
  return Math.floor(firings / firingsOf({ loops: loops.slice(level) }));
}

/** Only the last firing of each iteration of `level`. */
function atEnds(nest: Nest, level: number): Nest {
  const atEnd = ({ constant, loops, lane }: Affine): Affine => ({
    constant: nest.loops.slice(level).reduce((sum, loop, l) => sum + loops[level + l]! * (loop.trip - 1), constant),
    loops: loops.slice(0, level),
    lane,
  });
  return { ...nest, loops: nest.loops.slice(0, level), guards: nest.guards.map(({ value, limit }) => ({ value: atEnd(value), limit })) };
}

function memoise(count: (level: number, lanes: number) => number): (level: number, lanes: number) => number {
  const known = new Map<string, number>();
  return (level, lanes) => {
    const key = `${level} ${lanes}`;
    const value = known.get(key) ?? count(level, lanes);
    known.set(key, value);
    return value;
  };
}

export interface SramBytes {
  readonly read: Bytes;
  readonly write: Bytes;
}

/** Scratchpad traffic of a PMU; other units have none. A word that all lanes share is read once. */
export function sramBytesOf(unit: Unit, machine: Machine, tallies: Tallies, fired = ALL): SramBytes {
  const sum = { read: 0, write: 0 };
  if (unit.kind !== "pmu") return sum;
  for (const nest of unit.nests) {
    for (const { scratch, read, write } of scratchWords(unit, nest, tallies, fired.get(nest.id) ?? firingsOf(nest))) {
      const bytes = wordBytes(unit.scratch.find(({ name }) => name === scratch)!, machine);
      sum.read += bytes * read;
      sum.write += bytes * write;
    }
  }
  return sum;
}

interface ScratchWords {
  readonly scratch: string;
  readonly read: number;
  readonly write: number;
}

function scratchWords(unit: Unit, nest: Nest, tallies: Tallies, firings: number): readonly ScratchWords[] {
  const { work } = nest;
  switch (work.kind) {
    case "read":
      return [{ scratch: work.scratch, read: countWords(unit, nest, work, firings), write: 0 }];
    case "write":
      return [{ scratch: work.scratch, read: 0, write: countWords(unit, nest, work, firings) }];
    case "fold": {
      const words = countWords(unit, nest, work, firings);
      return [{ scratch: work.scratch, read: words, write: words }];
    }
    case "gather":
      return [{ scratch: work.scratch, read: countLanes(nest, undefined, firings), write: 0 }];
    case "scatter": {
      const { lanes } = tallyOf(nest, tallies);
      return [{ scratch: work.scratch, read: lanes, write: lanes }];
    }
    case "hash":
      return hashWords(work, tallyOf(nest, tallies));
    case "compute":
    case "systolic":
    case "load":
    case "store":
    case "fetch":
    case "append":
      return [];
  }
}

/** Each probe reads a slot and, unless that is empty, its key; a new key writes both. */
function hashWords(work: Extract<Work, { readonly kind: "hash" }>, { probes, entries }: Tally): readonly ScratchWords[] {
  return [
    { scratch: slotTableOf(work), read: probes, write: entries },
    { scratch: work.keys, read: probes - entries, write: entries },
  ];
}

function countWords(unit: Unit, nest: Nest, { scratch, access }: { readonly scratch: string; readonly access: Access }, firings: number): number {
  const strides = unit.scratch.find(({ name }) => name === scratch)?.strides;
  const lanes = laneStride(access, strides) === 0 ? 1 : nest.lanes;
  return countLanes({ ...nest, lanes }, access, firings);
}

/** Scratchpad bytes of one element. */
export function wordBytes({ dtype }: Scratch, { pmu }: Machine): Bytes {
  return Math.max(pmu.word_bytes, bytesOf(dtype));
}
