/** How a plan walks memory: the generators of each load and store, how far they stand apart, and what they use of a sweep. What pace.ts is asked with. */

import type { TierSpec } from "../machine/machine.ts";
import { tensorNamed } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Program, Tensor } from "../pattern/program.ts";
import type { OuterLoop, StagePlan, StorePlan } from "./controllers.ts";
import { sweepBytes, type Walkers } from "./pace.ts";
import { loopsAround, product, resultOf } from "./sizes.ts";

/** Of a stage's operand that comes from memory. `bytes`: that its generators move. */
export function loadWalkers(stage: StagePlan, position: number, bytes: number, program: Program, tier: TierSpec): Walkers {
  const { shape, loops, inner } = stage;
  const { at, tensor: name } = shape.operands[position]!;
  const { via, words } = stage.operands[position]!;
  const tensor = tensorNamed(program, name);
  const strides = stridesOf(tensor);
  const stepOf = (index: string): number => at.reduce((sum, { of }, d) => sum + Math.abs(of[index] ?? 0) * strides[d]!, 0);
  const steps = loops.map(({ tile }, k) => tile * stepOf(shape.loops[k]!.name));
  const copies = loops.map(({ par }, k) => (steps[k] === 0 ? 1 : par));
  const generators = loops.map((_, k) => (via.kind === "tier-buffer" ? via.generators[k]! : copies[k]!));
  const spread = { copies, generators, steps, turns: loops.map(({ trips }) => trips) };
  const moves = { bytes, writes: false, words };
  if (via.kind === "tier-buffer") return walkersOf(tensor, moves, spread, product(via.box), rowsOf(tensor, via.box, words), tier);
  const elements = at.map(({ of }) => 1 + Object.entries(of).reduce((sum, [index, step]) => sum + Math.abs(step) * (extentOf(inner, index) - 1), 0));
  // The copies of a split fold walk what one would.
  const walk = inner.map(({ index, trip, step }, k) => ({ bytes: step * stepOf(index), turns: trip * (k === shape.kept ? stage.split : 1) }));
  return walkersOf(tensor, moves, spread, product(elements), walk, tier);
}

export function storeWalkers(stage: StagePlan, { tensor: name, collect }: StorePlan, bytes: number, program: Program, tier: TierSpec): Walkers {
  const tensor = tensorNamed(program, name);
  const { shape, words } = resultOf(stage, name);
  const loops: readonly OuterLoop[] = loopsAround(stage, stage.loops).slice(0, shape.length);
  const strides = stridesFor(tensor, shape.length);
  const steps = loops.map(({ tile }, k) => tile * strides[k]!);
  const generators = loops.map(({ par }, k) => par / collect[k]!);
  const spread = { copies: loops.map(({ par }) => par), generators, steps, turns: loops.map(({ trips }) => trips) };
  return walkersOf(tensor, { bytes, writes: true, words }, spread, product(shape), rowsOf(tensor, shape, words), tier);
}

const extentOf = (inner: StagePlan["inner"], index: string): number => inner.find((loop) => loop.index === index)?.extent ?? 1;

/** Bytes from one element to the next along each dimension. */
function stridesOf({ shape, dtype }: Tensor): readonly number[] {
  const strides = new Array<number>(shape.length);
  for (let d = shape.length - 1, size = bytesOf(dtype); d >= 0; size *= shape[d--]!) strides[d] = size;
  return strides;
}

/** The same for a tile that has dimensions in front of the tensor's own, as one of a loop on the chip has its round. */
const stridesFor = (tensor: Tensor, dimensions: number): readonly number[] => {
  const strides = stridesOf(tensor);
  return [...new Array<number>(Math.max(0, dimensions - strides.length)).fill(0), ...strides];
};

/** A loop of a walk, or generators side by side: bytes from one turn to the next, and turns. */
interface Stride {
  readonly bytes: number;
  readonly turns: number;
}

/** A tile that is walked row by row, in vectors of so many words. */
function rowsOf(tensor: Tensor, tile: readonly number[], words: number): readonly Stride[] {
  const strides = stridesFor(tensor, tile.length);
  return tile.map((extent, d) =>
    d === tile.length - 1 ? { bytes: words * strides[d]!, turns: Math.ceil(extent / words) } : { bytes: strides[d]!, turns: extent },
  );
}

/** By outer loop: copies, generators that serve them in turn, bytes from one copy's tile to the next, and turns. */
interface Spread {
  readonly copies: readonly number[];
  readonly generators: readonly number[];
  readonly steps: readonly number[];
  readonly turns: readonly number[];
}

/** `elements`: of a tile. `walk`: the loops inside it, outermost first. */
function walkersOf(
  { shape, dtype }: Tensor,
  { bytes, writes, words }: Pick<Walkers, "bytes" | "writes"> & { readonly words: number },
  { copies, generators, steps, turns }: Spread,
  elements: number,
  walk: readonly Stride[],
  tier: TierSpec,
): Walkers {
  const width = bytesOf(dtype);
  const sweep = sweepBytes(tier);
  const beside = copies.map((count, k): Stride => ({ bytes: steps[k]!, turns: count }));
  const around = copies.map((count, k): Stride => ({ bytes: count * steps[k]!, turns: turns[k]! }));
  return {
    ...{ bytes, writes, generators: product(generators), vectorBytes: words * width },
    visit: elements * width,
    apart: copies.flatMap((count, k) => (count > 1 ? [{ copies: count, generators: generators[k]!, bytes: steps[k]! }] : [])),
    used: sweep === null ? 1 : usedOf(beside, [...around, ...walk], words * width, Math.min(sweep, product(shape) * width)),
  };
}

/** Of so many bytes of a sweep, what generators side by side touch with vectors of `vector` bytes before their loops, outermost first, take them elsewhere: 0 .. 1. */
function usedOf(beside: readonly Stride[], loops: readonly Stride[], vector: number, sweep: number): number {
  let touched = vector;
  for (const { bytes, turns } of beside) if (bytes > 0 && bytes < sweep) touched *= Math.min(turns, Math.ceil(sweep / bytes));
  for (const { bytes, turns } of loops.toReversed()) {
    if (bytes === 0 || turns === 1) continue;
    touched *= Math.max(1, Math.min(turns, sweep / bytes));
    if (turns * bytes > sweep) break;
  }
  return Math.min(1, touched / sweep);
}
