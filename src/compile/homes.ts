/**
 * Homes: where a tensor stands on the chip between two parts of a section. As in memory, it stands there whole, every copy of the stage that makes it puts its tiles where they
 * belong, and readers walk it in any order once it is complete. Each walk has PMUs of its own, as many as hold the tensor.
 *
 *     stage -> store generators -> memory -> load generator -> stage       ->       stage -> PMU[0..n] -> stage
 */

import type { Affine, Nest } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Dtype } from "../pattern/program.ts";
import { scratchLayout } from "./banking.ts";
import type { OperandRead } from "./body.ts";
import type { PlanContext } from "./context.ts";
import type { OperandPlan, Via } from "./controllers.ts";
import { inPiece, type Walk } from "./nests.ts";
import { cutInto } from "./sizes.ts";
import { readerNest } from "./stage-buffers.ts";
import { addUnit, type Builder, connect, freshId, type HomeStream, handOver, port, type Source, shapeOf } from "./wiring.ts";

/** The home that an operand's walks need; null: its tensor is in memory, or comes from its own metapipeline. A string says what no PMUs can hold. */
export function homeOf({ tensor, dtype }: OperandRead, via: Via, { homes, machine, program }: PlanContext): NonNullable<OperandPlan["home"]> | null | string {
  if (!homes.has(tensor) || (via.kind !== "tier-stream" && via.kind !== "tier-buffer")) return null;
  const { shape } = program.tensors.find(({ name }) => name === tensor)!;
  const pmus = pmusFor(shape, dtype, machine);
  return pmus ?? `"${tensor}" does not fit the PMUs`;
}

/** As few PMUs as hold the tensor, cut along its first dimension of more than one place; null where they cannot. */
function pmusFor(shape: readonly number[], dtype: Dtype, machine: Machine): { readonly pmus: number } | null {
  const bytesIn = (pieces: number): number => layoutOf(cutInto(shape, pieces).shape, dtype, machine).bytes;
  const { along } = cutInto(shape, 1);
  const most = Math.min(machine.pmu.count, shape[along] ?? 1);
  let pieces = Math.min(most, Math.ceil(bytesIn(1) / machine.pmu.bytes));
  while (pieces < most && bytesIn(pieces) > machine.pmu.bytes) pieces++;
  return bytesIn(pieces) > machine.pmu.bytes ? null : { pmus: Math.ceil((shape[along] ?? 1) / (cutInto(shape, pieces).shape[along] ?? 1)) };
}

const layoutOf = (shape: readonly number[], dtype: Dtype, machine: Machine) => scratchLayout(shape, bytesOf(dtype), machine, "rows");

/** Notes that the words of a stream are for the home of a tensor. */
export function leaveAtHome({ homes }: Builder, tensor: string, stream: HomeStream): void {
  homes.set(tensor, [...(homes.get(tensor) ?? []), stream]);
}

/** Walks a tensor at its home as an address generator walks memory. */
export function walkHome(builder: Builder, tensor: string, dtype: Dtype, walk: Walk): Source {
  const { pmus } = pmusFor(shapeOf(builder, tensor), dtype, builder.machine)!;
  const id = freshId(builder, `${tensor}.home`);
  let source: Source | null = null;
  for (let piece = pmus - 1; piece >= 0; piece--)
    source = homePiece(builder, tensor, dtype, walk, { id: piece === 0 ? id : freshId(builder, `${id}.${piece}`), piece, pmus, rest: source });
  return source!;
}

interface Piece {
  readonly id: string;
  readonly piece: number;
  readonly pmus: number;
  /** Gives what this PMU has not. */
  readonly rest: Source | null;
}

function homePiece(builder: Builder, tensor: string, dtype: Dtype, walk: Walk, { id, piece, pmus, rest }: Piece): Source {
  const { machine } = builder;
  const { along, shape } = cutInto(shapeOf(builder, tensor), pmus);
  const own = (dims: readonly Affine[]): readonly Affine[] => inPiece(dims, along, piece, shape[along] ?? 1);
  const streams = builder.homes.get(tensor)!;
  const writers = streams.map(
    ({ loops, lanes, dims, guards }, w): Nest => ({
      id: `${id}/write${w}`,
      ...{ loops, lanes, ii: 1, latency: 1, guards },
      ports: [port("in", "in", loops.length), port("full", "out", 0, "buffer")],
      work: { kind: "write", scratch: "tile", access: { dims: own(dims), shape }, port: "in" },
    }),
  );
  const { loops, lanes: words, access, guards } = walk;
  const ready = writers.map((_, w) => `ready${w}`);
  const reader = { ...readerNest(builder, { id, loops, words, dims: own(access.dims), shape, ready, hold: 0, chained: rest !== null }), guards };
  const { bytes, lie } = layoutOf(shape, dtype, machine);
  addUnit(builder, { id, kind: "pmu", operator: tensor, nests: [...writers, reader], scratch: [{ name: "tile", dtype, shape, ...lie, buffers: 1, bytes }] });
  writers.forEach((writer, w) => {
    connect(builder, streams[w]!.source, { unit: id, nest: writer.id, port: "in" });
    handOver(builder, { unit: id, nest: writer.id, port: "full" }, { unit: id, nest: reader.id, port: ready[w]! }, 1);
  });
  if (rest !== null) connect(builder, rest, { unit: id, nest: reader.id, port: "rest" });
  return { end: { unit: id, nest: reader.id, port: "out" }, words, dtype };
}
