/**
 * Lower bounds: no run on this machine can take fewer ticks. Compute: the functional units of all PCUs, each doing a multiply and an add a
 * tick, with the lanes that the narrowest dtype at work can use. Tiers: the bytes moved, at the peak of the pins. Network: the hops that this
 * mapping's tokens made, spread evenly over every track of every link.
 */

import type { Cycles } from "../base/units.ts";
import { lanesFor, peakFlopsPerCycle, tierBytesPerCycle } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { bodiesOf, countOperations, type OperationCounts, visitNodes } from "../pattern/analysis.ts";
import { bytesOf, isFloat } from "../pattern/dtypes.ts";
import type { Dtype, Operator, Program } from "../pattern/program.ts";
import { isSpecial } from "../pattern/typing.ts";
import type { RunCounters, SectionCounters } from "../result/counters.ts";
import type { Bounds } from "../result/result.ts";

/** What there is to compute. */
export interface Work extends OperationCounts {
  /** Size of an element of the narrowest dtype that is read or computed in: what a vector port carries decides the lanes, and wider accumulators ride along. */
  readonly narrowest_bytes: number;
}

export function boundsOf(work: Work, sections: readonly SectionCounters[], machine: Machine): Bounds {
  return {
    compute: computeBound(work, machine),
    hbm: tierBound(sections, "hbm", machine),
    ddr: tierBound(sections, "ddr", machine),
    network: networkBound(sections, machine),
  };
}

/**
 * What a program asks for, with the lengths that its collections had and the rounds that its loops ran. Never more than the datapaths did: a compiler finds operations
 * that no output needs, and of a length that changed from round to round the largest is known.
 */
export function workOfProgram(program: Program, { sections, sizes, rounds }: RunCounters): Work {
  const asked = countOperations(program, sizes, rounds);
  const done = operationsDone(sections);
  return {
    flops: Math.min(asked.flops, done.flops),
    int_ops: Math.min(asked.int_ops, done.int_ops),
    special_ops: Math.min(asked.special_ops, done.special_ops),
    narrowest_bytes: narrowestBytes(program),
  };
}

/** Of the dtypes that a program reads or computes in. */
export function narrowestBytes({ operators }: Pick<Program, "operators">): number {
  return operators.flatMap(dtypesOf).reduce((least, dtype) => Math.min(least, bytesOf(dtype)), 8);
}

/** What the datapaths of a section of this program did. */
export function workOfSection(section: SectionCounters, { narrowest_bytes }: Work): Work {
  return { ...operationsDone([section]), narrowest_bytes };
}

function operationsDone(sections: readonly SectionCounters[]): OperationCounts {
  const done = { flops: 0, int_ops: 0, special_ops: 0 };
  const operations = sections.flatMap(({ units }) => units.flatMap((unit) => unit.operations));
  for (const { op, dtype, count } of operations) done[isSpecial(op, dtype) ? "special_ops" : isFloat(dtype) ? "flops" : "int_ops"] += count;
  return done;
}

/** Bytes a second that the scratchpads of all PMUs take and give at most: one vector through each port at each tick. */
export function peakScratchpadBandwidth({ pmu, network, clock_hz }: Machine): number {
  return pmu.count * (pmu.vector_in + pmu.vector_out) * network.vector_bytes * clock_hz;
}

function dtypesOf(operator: Operator): readonly Dtype[] {
  if (operator.kind === "iterate") return operator.body.flatMap(dtypesOf);
  const dtypes: Dtype[] = [];
  visitNodes(bodiesOf(operator), (expr) => {
    if (expr.kind === "read") dtypes.push(expr.dtype);
    if (expr.kind === "op") dtypes.push(expr.dtype, ...expr.args.map(({ dtype }) => dtype));
    if (expr.kind === "reduce") dtypes.push(expr.acc);
  });
  return dtypes;
}

/** A special function takes `special_stages` of a lane's stages for a tick, or the tail unit. */
function computeBound({ flops, int_ops, special_ops, narrowest_bytes }: Work, machine: Machine): Cycles {
  const { count, special_stages, tail } = machine.pcu;
  const perTick = peakFlopsPerCycle(machine, narrowest_bytes);
  const plain = (flops + int_ops) / perTick;
  return tail ? Math.max(plain, special_ops / (count * lanesFor(machine, narrowest_bytes))) : plain + (special_ops * special_stages * 2) / perTick;
}

function tierBound(sections: readonly SectionCounters[], tier: "hbm" | "ddr", machine: Machine): Cycles {
  const spec = machine.tiers[tier];
  const bytes = sections.reduce((total, { tiers }) => total + (tiers[tier]?.read_bytes ?? 0) + (tiers[tier]?.write_bytes ?? 0), 0);
  return spec === undefined ? 0 : bytes / tierBytesPerCycle(machine, spec);
}

/** Switches stand at every grid position and in a column at either edge; neighbours are linked both ways. */
function networkBound(sections: readonly SectionCounters[], machine: Machine): Cycles {
  const { columns, rows } = machine.grid;
  const links = 2 * ((columns + 1) * rows + (columns + 2) * (rows - 1));
  const bound = (width: "vector_hops" | "scalar_hops", tracks: number): number => {
    const hops = sections.reduce((total, { network }) => total + network[width], 0);
    return hops === 0 ? 0 : hops / (links * tracks);
  };
  return Math.max(bound("vector_hops", machine.network.vector_links), bound("scalar_hops", machine.network.scalar_links));
}
