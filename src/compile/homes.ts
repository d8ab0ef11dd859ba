/**
 * Homes: where a tensor stands on the chip between two parts of a section. As in memory every copy of the stage that makes it puts its tiles where they belong, and readers walk it in
 * any order once it is complete. Each walk has PMUs of its own for the box of elements that it reads; a tile that its stage keeps all the time is filled at once.
 *
 *     stage -> store generators -> memory -> load generator -> stage       ->       stage -> PMU[0..n] -> stage
 */

import type { Affine, Guard, Loop, Nest } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Dtype } from "../pattern/program.ts";
import { piecesFor } from "./arrivals.ts";
import { type ScratchLayout, scratchLayout } from "./banking.ts";
import type { OperandRead } from "./body.ts";
import type { PlanContext } from "./context.ts";
import type { OperandPlan, StagePlan, Via } from "./controllers.ts";
import { inPiece, type Walk } from "./nests.ts";
import { copiesOf, cutInto, handovers } from "./sizes.ts";
import { type Replay, readerNest } from "./stage-buffers.ts";
import { addUnit, type Builder, chainOf, connect, freshId, type HomeStream, handOver, port, type Source, shapeOf } from "./wiring.ts";

// --- planning ---

/** Null: its tensor is in memory, or comes from its own metapipeline. */
export function homeOf({ tensor }: OperandRead, via: Via, { homes, program }: PlanContext): NonNullable<OperandPlan["home"]> | null {
  if (!homes.has(tensor) || (via.kind !== "tier-stream" && via.kind !== "tier-buffer")) return null;
  return { shape: program.tensors.find(({ name }) => name === tensor)!.shape };
}

/** Is it a tile that its stage keeps all the time? Then nobody walks a home to fill it. */
export function isFilledByMakers({ operands, loops }: Pick<StagePlan, "operands" | "loops">, position: number): boolean {
  const { via, home } = operands[position]!;
  return home !== undefined && via.kind === "tier-buffer" && via.held.length === 0 && handovers(via, loops) === 1;
}

/** PMUs of each walk of an operand over its home; Infinity where no PMUs can hold what it reads. */
export function pmusOfWalk(stage: StagePlan, position: number, machine: Machine): number {
  const operand = stage.shape.operands[position]!;
  return piecesOf(boxOfWalk(stage, position), operand.dtype, machine) ?? Number.POSITIVE_INFINITY;
}

/** What one walk reads, at most: its copies' own tiles where they have only one each, else all of the dimension. */
export function boxOfWalk({ shape, loops, inner, operands }: StagePlan, position: number): readonly number[] {
  const operand = shape.operands[position]!;
  const { via, home } = operands[position]!;
  const walks = via.kind === "tier-buffer" ? via.generators : copiesOf(operand, shape, loops);
  return operand.at.map(({ of }, d) => {
    const terms = Object.entries(of).map(([name, factor]) => ({ k: shape.loops.findIndex((loop) => loop.name === name), factor: Math.abs(factor) }));
    const isOwn = terms.every(({ k }) => loops[k] === undefined || (loops[k].trips === 1 && walks[k] === loops[k].par));
    const size = terms.reduce((sum, { k, factor }) => sum + factor * ((inner[k]?.extent ?? 1) - 1), 1);
    return isOwn ? Math.min(size, home!.shape[d]!) : home!.shape[d]!;
  });
}

/** The first operand whose home is larger than all PMUs, as a reason; null where there is none. */
export function tooLargeHome(stages: readonly StagePlan[], machine: Machine): string | null {
  for (const stage of stages) {
    const position = stage.operands.findIndex(
      ({ home }, at) => home !== undefined && !isFilledByMakers(stage, at) && pmusOfWalk(stage, at, machine) > machine.pmu.count,
    );
    if (position >= 0) return `"${stage.shape.operands[position]!.tensor}" does not fit the PMUs`;
  }
  return null;
}

const piecesOf = (box: readonly number[], dtype: Dtype, machine: Machine): number | null =>
  piecesFor(box, 1, machine.pmu.count, bytesOf(dtype), machine, "rows");

const layoutOf = (shape: readonly number[], dtype: Dtype, machine: Machine): ScratchLayout => scratchLayout(shape, bytesOf(dtype), machine, "rows");

// --- units ---

/** Notes that the words of a stream are for the home of a tensor. */
export function leaveAtHome({ homes }: Builder, tensor: string, stream: HomeStream): void {
  homes.set(tensor, [...(homes.get(tensor) ?? []), stream]);
}

/** Walks a tensor at its home as an address generator walks memory. */
export function walkHome(builder: Builder, tensor: string, dtype: Dtype, { loops, lanes, access, guards }: Walk): Source {
  const { machine } = builder;
  const { low, size } = boxOf(access.dims, loops, lanes, shapeOf(builder, tensor));
  const pmus = piecesOf(size, dtype, machine)!;
  const shape = cutInto(size, pmus);
  const read = shift(access.dims, low);
  const lie = layoutOf(shape, dtype, machine);
  return chainOf(builder, freshId(builder, `${tensor}.home`), pmus, (id, piece, rest) => {
    const own = (dims: readonly Affine[]): readonly Affine[] => inPiece(dims, size, shape, piece);
    const reader = { id, loops, words: lanes, dims: own(read), shape, hold: 0 };
    return addHome(builder, tensor, tensor, dtype, { reader, guards, low, size, own, lie, rest });
  });
}

/** The places that a walk goes to, inside the tensor. */
function boxOf(
  dims: readonly Affine[],
  loops: readonly Loop[],
  lanes: number,
  shape: readonly number[],
): { readonly low: readonly number[]; readonly size: readonly number[] } {
  const ranges = dims.map(({ constant, loops: factors, lane }, d) => {
    const steps = [...factors.map((factor, l) => factor * (loops[l]!.trip - 1)), lane * (lanes - 1)];
    const low = steps.reduce((sum, step) => sum + Math.min(0, step), constant);
    const high = steps.reduce((sum, step) => sum + Math.max(0, step), constant);
    const first = Math.max(0, Math.min(low, shape[d]! - 1));
    return { low: first, size: Math.max(1, Math.min(high, shape[d]! - 1) - first + 1) };
  });
  return { low: ranges.map(({ low }) => low), size: ranges.map(({ size }) => size) };
}

/** Where a home goes on behind the tensor, for a reader that finds zeros there: what tiles that overhang the tensor make does not belong into it. */
const beforeEnd = (dims: readonly Affine[], low: readonly number[], size: readonly number[], extents: readonly number[]): readonly Guard[] =>
  dims.flatMap((value, d) => (low[d]! + size[d]! > extents[d]! ? [{ value, limit: extents[d]! }] : []));

const shift = (dims: readonly Affine[], low: readonly number[]): readonly Affine[] => dims.map((dim, d) => ({ ...dim, constant: dim.constant - low[d]! }));

/** One PMU of a home: who reads it, where in the tensor the home begins, how far it goes, and its own part of that. `rest` gives what it has not. */
interface HomePiece {
  readonly reader: Omit<Replay, "ready" | "chained">;
  readonly guards: Nest["guards"];
  readonly low: readonly number[];
  readonly size: readonly number[];
  readonly own: (dims: readonly Affine[]) => readonly Affine[];
  readonly lie: ScratchLayout;
  readonly rest: Source | null;
}

/** Every stream that makes the tensor writes what of it belongs here; the reader begins when all have ended. */
export function addHome(builder: Builder, operator: string, tensor: string, dtype: Dtype, { reader, guards, low, size, own, lie, rest }: HomePiece): Source {
  const { id, shape, words } = reader;
  const streams = builder.homes.get(tensor)!;
  const writers = streams.map(
    ({ loops, lanes, dims, guards: real }, w): Nest => ({
      id: `${id}/write${w}`,
      ...{ loops, lanes, ii: 1, latency: 1, guards: [...real, ...beforeEnd(dims, low, size, shapeOf(builder, tensor))] },
      ports: [port("in", "in", loops.length), port("full", "out", 0, "buffer")],
      work: { kind: "write", scratch: "tile", access: { dims: own(shift(dims, low)), shape }, port: "in" },
    }),
  );
  const ready = writers.map((_, w) => `ready${w}`);
  const nest = { ...readerNest(builder, { ...reader, ready, chained: rest !== null }), guards };
  addUnit(builder, {
    id,
    kind: "pmu",
    operator,
    nests: [...writers, nest],
    scratch: [{ name: "tile", dtype, shape, ...lie.lie, buffers: 1, bytes: lie.bytes }],
  });
  writers.forEach((writer, w) => {
    connect(builder, streams[w]!.source, { unit: id, nest: writer.id, port: "in" });
    handOver(builder, { unit: id, nest: writer.id, port: "full" }, { unit: id, nest: nest.id, port: ready[w]! }, 1);
  });
  if (rest !== null) connect(builder, rest, { unit: id, nest: nest.id, port: "rest" });
  return { end: { unit: id, nest: nest.id, port: "out" }, words, dtype };
}
