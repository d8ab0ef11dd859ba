/**
 * The meaning of a plan: every section's tile loops, buffers and transfers, run copy after copy on plain arrays, one scalar at a time. No units, no
 * channels, no time. What building has to agree with: a wrong tile, trip, box, level or order gives wrong values here, or a read outside its buffer.
 */

import type { TensorLayout } from "../fabric/fabric.ts";
import { elementsOf } from "../pattern/analysis.ts";
import { failure, foldFunction } from "../pattern/bodies.ts";
import { arrayFor, identity, roundFunction, scalarFunction } from "../pattern/dtypes.ts";
import type { Dtype, ReduceFn, TensorValues, Values } from "../pattern/program.ts";
import type { Body, BodyNode, Linear, OperandRead } from "./body.ts";
import type { Controllers, OperandPlan, OuterLoop, ResultStream, SectionPlan, StagePlan, TierBuffer } from "./controllers.ts";
import type { StageShape } from "./stage.ts";

/** Values of all tensors that are off chip, inputs included. `inputs` has one array per input, of the tensor's length. */
export function interpretControllers({ tensors, sections }: Controllers, inputs: TensorValues): TensorValues {
  const memory = new Map(tensors.map((layout) => [layout.tensor, inMemory(layout, inputs)]));
  for (const section of sections) for (const copy of points(section.loops.map((loop) => loop.par))) runCopy(section, copy, memory);
  return Object.fromEntries([...memory].map(([name, { values }]) => [name, values]));
}

/** Row-major values of a shape: a tensor, a tile or a buffer. */
interface Grid {
  readonly shape: readonly number[];
  readonly values: Values;
}

type Memory = ReadonlyMap<string, Grid>;

const inMemory = ({ tensor, dtype, shape }: TensorLayout, inputs: TensorValues): Grid => ({
  shape,
  values: inputs[tensor] ?? arrayFor(dtype, elementsOf(shape)),
});

/** One copy of every stage, and what its tile buffers hold. */
interface Copy {
  readonly loops: readonly OuterLoop[];
  readonly at: readonly number[];
  readonly memory: Memory;
  readonly held: Map<OperandPlan, Grid>;
}

/** Takes the copy's tiles in its order; in each turn every stage works on its tile, then what leaves is stored. */
function runCopy({ loops, stages }: SectionPlan, at: readonly number[], memory: Memory): void {
  const copy: Copy = { loops, at, memory, held: new Map() };
  for (const turn of points(loops.map((loop) => loop.trips))) {
    const made = new Map<string, Result>();
    for (const stage of stages) {
      stage.operands.forEach((plan, position) => {
        fillBuffer(copy, stage, plan, stage.shape.operands[position]!, turn);
      });
      const tensors = tensorsOf(stage.shape);
      runStage(copy, stage, turn, made).forEach((tile, field) => {
        made.set(tensors[field]!, send(tile, stage.result));
      });
      for (const { tensor } of stage.stores) store(made.get(tensor)!.tokens, memory.get(tensor)!, tileOrigin(copy, stage, turn));
    }
  }
}

const tensorsOf = ({ operator, name }: StageShape): readonly string[] =>
  operator.kind === "map" ? [name] : operator.fields.map((field) => `${name}.${field.name}`);

/** First element of the copy's tile along outer loop k. */
const origin = ({ loops, at }: Copy, turn: readonly number[], k: number): number => {
  const loop = loops[k];
  return loop === undefined ? 0 : (turn[k]! * loop.par + at[k]!) * loop.tile;
};

// ---- one stage ----

/** Counters of a stage's loops, and its place among the words of a firing (per loop; only lanes and rows have more than one). */
interface Spot {
  readonly turn: readonly number[];
  readonly part: number;
  readonly inner: readonly number[];
  readonly word: readonly number[];
}

/** The tile of each result: one for a map, one per field for a groupBy. */
function runStage(copy: Copy, stage: StagePlan, turn: readonly number[], made: ReadonlyMap<string, Result>): readonly Grid[] {
  const { shape, inner, split, result } = stage;
  const results = resultsOf(shape);
  const tiles = results.map(({ start }) => ({ shape: result.shape, values: new Float64Array(elementsOf(result.shape)).fill(start) }));
  const evaluate = evaluator(shape.body);
  const words = inner.map((loop) => (loop.index === shape.lane || loop.index === shape.rows ? loop.step : 1));
  for (const part of range(split)) {
    for (const counters of points(inner.map((loop) => loop.trip))) {
      for (const word of points(words)) {
        const spot = { turn, part, inner: counters, word };
        const local = localPlaces(stage, spot);
        if (overhangs(copy, stage, turn, local)) continue;
        const values = evaluate(
          (operand) => operandAt(copy, stage, operand, spot, made),
          (index) => globalPlace(copy, stage, spot, index),
        );
        const place = shape.operator.kind === "map" ? local.slice(0, shape.kept) : keyOf(shape, values[0]!);
        if (place === null) continue;
        results.forEach(({ fold, value }, r) => {
          const at = offset(result.shape, place)!;
          tiles[r]!.values[at] = fold(tiles[r]!.values[at]!, values[value]!);
        });
      }
    }
  }
  return tiles.map((tile, r) => ({ ...tile, values: tile.values.map(results[r]!.finish) }));
}

/** Accumulates in `acc`, rounds once at the end; without a fold the value replaces what is there. `value`: position among the body's results. */
function resultsOf({ operator, body }: StageShape) {
  const folded = (value: number, fn: ReduceFn, acc: Dtype, dtype: Dtype) => ({
    value,
    start: identity(fn, acc),
    fold: foldFunction(fn, acc),
    finish: roundFunction(dtype),
  });
  if (operator.kind === "groupBy") return operator.fields.map(({ fn, acc, dtype }, field) => folded(field + 1, fn, acc, dtype));
  const root = body.nodes[body.results[0]!]!;
  if (root.kind === "reduce") return [folded(0, root.fn, root.acc, root.dtype)];
  return [{ value: 0, start: 0, fold: (_: number, value: number) => value, finish: (value: number) => value }];
}

/** null: the record takes no part. */
function keyOf({ operator, name }: StageShape, key: number): readonly number[] | null {
  if (key < 0 || operator.kind !== "groupBy") return null;
  if (key < operator.keys) return [key];
  throw failure(name, "key-out-of-range", `"${name}" meets the key ${key}, expected 0 to ${operator.keys - 1}`);
}

/** The values of a body's results, from those of its operands and indices. A reduce gives what it would fold. */
function evaluator({ nodes, results }: Body) {
  type Source = (of: number) => number;
  const values = new Float64Array(nodes.length);
  const steps = nodes.map((node): ((operand: Source, index: (name: string) => number) => number) => {
    switch (node.kind) {
      case "operand":
        return (operand) => operand(node.operand);
      case "const":
        return () => node.value;
      case "index":
        return (_, index) => index(node.index);
      case "op": {
        const compute = operationOf(node, nodes);
        return () => compute(values[node.args[0]!]!, values[node.args[1] ?? 0]!, values[node.args[2] ?? 0]!);
      }
      case "cast": {
        const toDtype = roundFunction(node.dtype);
        return () => toDtype(values[node.arg]!);
      }
      case "reduce":
        return () => values[node.arg]!;
    }
  });
  return (operand: Source, index: (name: string) => number): readonly number[] => {
    steps.forEach((step, id) => {
      values[id] = step(operand, index);
    });
    return results.map((id) => values[id]!);
  };
}

const operationOf = ({ op, args }: Extract<BodyNode, { kind: "op" }>, nodes: readonly BodyNode[]) =>
  scalarFunction(op, nodes[args[op === "select" ? 1 : 0]!]!.dtype);

// ---- places ----

/** Position inside the tile, per loop of the stage. Each part of a split fold takes a stretch of its own. */
function localPlaces({ shape, inner }: StagePlan, { part, inner: counters, word }: Spot): readonly number[] {
  return inner.map(({ step, trip }, p) => (p === shape.kept ? part * trip + counters[p]! : counters[p]!) * step + word[p]!);
}

function globalPlace(copy: Copy, stage: StagePlan, spot: Spot, index: string): number {
  const p = stage.inner.findIndex((loop) => loop.index === index);
  return origin(copy, spot.turn, p) + localPlaces(stage, spot)[p]!;
}

/** Beyond the tile, or beyond the extent in the last tile. */
const overhangs = (copy: Copy, { shape, inner }: StagePlan, turn: readonly number[], local: readonly number[]): boolean =>
  local.some((place, p) => place >= inner[p]!.extent || origin(copy, turn, p) + place >= shape.loops[p]!.extent);

/** constant + sum of factors times what `of` says of each loop of the stage. */
const linear = ({ shape }: StagePlan, place: Linear, of: (p: number, factor: number) => number): number =>
  Object.entries(place.of).reduce((sum, [name, factor]) => {
    return (
      sum +
      of(
        shape.loops.findIndex((index) => index.name === name),
        factor,
      )
    );
  }, place.constant);

// ---- operands ----

/** What the stage has popped last: loops beyond the operand's level, and words that it does not have, do not count. */
function popped({ shape }: StagePlan, position: number, { level, words }: OperandPlan, spot: Spot): Spot {
  const along = position === shape.systolic?.stageOperand ? shape.rows : shape.lane;
  return {
    part: spot.part,
    turn: spot.turn.map((t, k) => (k < level ? t : 0)),
    inner: spot.inner.map((t, p) => (spot.turn.length + p < level ? t : 0)),
    word: spot.word.map((w, p) => (words > 1 && shape.loops[p]!.name === along ? w : 0)),
  };
}

function operandAt(copy: Copy, stage: StagePlan, position: number, now: Spot, made: ReadonlyMap<string, Result>): number {
  const operand = stage.shape.operands[position]!;
  const plan = stage.operands[position]!;
  const { via } = plan;
  const spot = popped(stage, position, plan, now);
  const local = localPlaces(stage, spot);
  const global = (p: number, factor: number) => factor * (origin(copy, spot.turn, p) + local[p]!);
  switch (via.kind) {
    case "tier-stream":
      return elementOf(
        copy.memory.get(operand.tensor)!,
        operand.at.map((place) => linear(stage, place, global)),
        operand.tensor,
      );
    case "tier-buffer": {
      const inBox = operand.at.map((place) => linear(stage, { ...place, constant: 0 }, (p, factor) => factor * local[p]! - lowest(stage, p, factor)));
      return elementOf(copy.held.get(plan)!, [...via.held.map((k) => spot.turn[k]!), ...inBox], operand.tensor);
    }
    case "stage-stream":
      return tokenFor(stage, plan, spot, made.get(operand.tensor)!.tokens)[Math.max(...spot.word, 0)]!.value;
    case "stage-buffer": {
      const inTile = operand.at.map((place, d) => linear(stage, place, d < copy.loops.length ? (p, factor) => factor * local[p]! : global));
      return elementOf({ shape: via.shape, values: made.get(operand.tensor)!.tile }, inTile, operand.tensor);
    }
  }
}

/** How far below the tile's first element an index with this factor reaches. */
const lowest = ({ inner }: StagePlan, p: number, factor: number): number => Math.min(0, factor * (inner[p]!.extent - 1));

/** Loads the box that the tile touches, for each held tile, when an iteration of the loops outside the hand-over begins. */
function fillBuffer(copy: Copy, stage: StagePlan, plan: OperandPlan, operand: OperandRead, turn: readonly number[]): void {
  const { via } = plan;
  if (via.kind !== "tier-buffer" || turn.slice(via.hold).some((t) => t > 0)) return;
  copy.held.set(plan, loaded(copy, stage, via, operand, turn));
}

function loaded(copy: Copy, stage: StagePlan, { held, box }: TierBuffer, operand: OperandRead, turn: readonly number[]): Grid {
  const tensor = copy.memory.get(operand.tensor)!;
  const shape = [...held.map((k) => copy.loops[k]!.trips), ...box];
  const values = Float64Array.from(points(shape), (place) => {
    const tile = turn.map((t, k) => (held.includes(k) ? place[held.indexOf(k)]! : t));
    const first = operand.at.map((linearPlace) => linear(stage, linearPlace, (p, factor) => factor * origin(copy, tile, p) + lowest(stage, p, factor)));
    const at = offset(
      tensor.shape,
      first.map((low, d) => low + place[held.length + d]!),
    );
    return at === null ? 0 : tensor.values[at]!;
  });
  return { shape, values };
}

// ---- tokens ----

/** The words that a stage pushes at one time, each with its place in the tile; null where it overhangs the tile. */
type Token = readonly { readonly place: readonly number[] | null; readonly value: number }[];

/** What readers of a result get: its tokens in the order in which the stage makes them, or the tile that they fill. */
interface Result {
  readonly tokens: readonly Token[];
  readonly tile: Values;
}

function send(made: Grid, { loops, lane, words }: ResultStream): Result {
  const tokens = [...points(loops.map((loop) => loop.trip))].map((counters) =>
    range(words).map((word) => {
      const place = made.shape.map((_, dim) =>
        loops.reduce((sum, loop, i) => sum + (loop.dim === dim ? counters[i]! * loop.step : 0), dim === lane ? word : 0),
      );
      const at = offset(made.shape, place);
      return at === null ? { place: null, value: 0 } : { place, value: made.values[at]! };
    }),
  );
  const tile = { shape: made.shape, values: new Float64Array(made.values.length) };
  store(
    tokens,
    tile,
    made.shape.map(() => 0),
  );
  return { tokens, tile: tile.values };
}

/** The token that a stream gives a stage: its pops in a turn, counted, are just the tokens made in it. */
function tokenFor({ inner, shape }: StagePlan, { level }: OperandPlan, { turn, inner: counters }: Spot, tokens: readonly Token[]): Token {
  const trips = inner.slice(0, Math.max(0, level - turn.length)).map((loop) => loop.trip);
  if (elementsOf(trips) !== tokens.length) throw new Error(`"${shape.name}" pops ${elementsOf(trips)} tokens of ${tokens.length}`);
  return tokens[trips.reduce((number, trip, p) => number * trip + counters[p]!, 0)]!;
}

/** Writes tokens whose tile begins at `first`. */
function store(tokens: readonly Token[], into: Grid, first: readonly number[]): void {
  for (const token of tokens) {
    for (const { place, value } of token) {
      const at =
        place === null
          ? null
          : offset(
              into.shape,
              place.map((p, d) => p + first[d]!),
            );
      if (at !== null) into.values[at] = value;
    }
  }
}

const tileOrigin = (copy: Copy, { shape, result }: StagePlan, turn: readonly number[]): readonly number[] =>
  result.shape.map((_, d) => (shape.operator.kind === "map" ? origin(copy, turn, d) : 0));

// ---- grids ----

/** Row-major position; null outside. */
function offset(shape: readonly number[], place: readonly number[]): number | null {
  let position = 0;
  for (const [d, extent] of shape.entries()) {
    if (place[d]! < 0 || place[d]! >= extent) return null;
    position = position * extent + place[d]!;
  }
  return position;
}

function elementOf({ shape, values }: Grid, place: readonly number[], tensor: string): number {
  const at = offset(shape, place);
  if (at === null) throw new Error(`"${tensor}" is read at [${place.join(", ")}] of [${shape.join(", ")}]`);
  return values[at]!;
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Every combination of counters, the last turning fastest. */
function* points(trips: readonly number[]): Generator<readonly number[]> {
  const counters = trips.map(() => 0);
  for (let left = elementsOf(trips); left > 0; left--) {
    yield counters.slice();
    let k = trips.length - 1;
    while (k >= 0 && ++counters[k]! === trips[k]) counters[k--] = 0;
  }
}
