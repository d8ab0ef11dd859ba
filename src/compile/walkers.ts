/** How a plan walks memory: the generators of each load and store, how far they stand apart, and what they use of a row. What pace.ts is asked with. */

import { tensorNamed } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Program, Tensor } from "../pattern/program.ts";
import type { OuterLoop, StagePlan, StorePlan } from "./controllers.ts";
import type { Walkers } from "./pace.ts";
import { loopsAround, product, resultOf } from "./sizes.ts";

/** Of a stage's operand that comes from memory. `bytes`: that its generators move. */
export function loadWalkers(stage: StagePlan, position: number, bytes: number, program: Program): Walkers {
  const { shape, loops, inner } = stage;
  const { at } = shape.operands[position]!;
  const { via } = stage.operands[position]!;
  const tensor = tensorNamed(program, shape.operands[position]!.tensor);
  const strides = stridesOf(tensor);
  const steps = loops.map(({ tile }, k) => {
    let bytesAway = 0;
    for (let d = 0; d < at.length; d++) bytesAway += Math.abs(at[d]!.of[shape.loops[k]!.name] ?? 0) * strides[d]!;
    return tile * bytesAway;
  });
  const copies = loops.map(({ par }, k) => (steps[k] === 0 ? 1 : par));
  const generators = via.kind === "tier-buffer" ? copies.map((_, k) => via.generators[k]!) : copies;
  const tile = at.map(({ of }, d) =>
    via.kind === "tier-buffer" ? via.box[d]! : 1 + Object.entries(of).reduce((sum, [name, step]) => sum + Math.abs(step) * (extentOf(inner, name) - 1), 0),
  );
  const ahead = loops.map((_, k) => at.at(-1)?.of[shape.loops[k]!.name] !== undefined);
  const words = stage.operands[position]!.words;
  return walkersOf(tensor, { bytes, writes: false, words }, { copies, generators, steps, ahead }, tile);
}

export function storeWalkers(stage: StagePlan, { tensor: name, collect }: StorePlan, bytes: number, program: Program): Walkers {
  const tensor = tensorNamed(program, name);
  const result = resultOf(stage, name);
  const loops: readonly OuterLoop[] = loopsAround(stage, stage.loops).slice(0, tensor.shape.length);
  const strides = stridesOf(tensor);
  const steps = loops.map(({ tile }, k) => tile * strides[k]!);
  const copies = loops.map(({ par }) => par);
  const generators = loops.map(({ par }, k) => par / collect[k]!);
  const ahead = loops.map((_, k) => k === tensor.shape.length - 1);
  return walkersOf(tensor, { bytes, writes: true, words: result.words }, { copies, generators, steps, ahead }, result.shape);
}

const extentOf = (inner: StagePlan["inner"], index: string): number => inner.find((loop) => loop.index === index)?.extent ?? 1;

/** Bytes from one element to the next along each dimension. */
function stridesOf({ shape, dtype }: Tensor): readonly number[] {
  const strides = new Array<number>(shape.length);
  for (let d = shape.length - 1, size = bytesOf(dtype); d >= 0; size *= shape[d--]!) strides[d] = size;
  return strides;
}

/** By outer loop: copies, generators that serve them in turn, bytes from one copy's tile to the next, and whether that goes on where the other's row ends. */
interface Spread {
  readonly copies: readonly number[];
  readonly generators: readonly number[];
  readonly steps: readonly number[];
  readonly ahead: readonly boolean[];
}

/** `tile`: elements along each dimension. */
function walkersOf(
  { shape, dtype }: Tensor,
  { bytes, writes, words }: Pick<Walkers, "bytes" | "writes"> & { readonly words: number },
  { copies, generators, steps, ahead }: Spread,
  tile: readonly number[],
): Walkers {
  const beside = product(generators.filter((_, k) => ahead[k]));
  const visit = product(tile) * bytesOf(dtype);
  return {
    ...{ bytes, writes, generators: product(generators), vectorBytes: words * bytesOf(dtype) },
    visit,
    apart: copies.flatMap((count, k) => (count > 1 ? [{ copies: count, generators: generators[k]!, bytes: steps[k]! }] : [])),
    used: Math.min(1, (beside * (tile.at(-1) ?? 1)) / (shape.at(-1) ?? 1)),
  };
}
