/**
 * The meaning of a plan: every section's tile loops, buffers and transfers, run copy after copy on plain arrays, one scalar at a time. No units, no
 * channels, no time. What building has to agree with: a wrong tile, trip, box, level or order gives wrong values here, or a read outside its buffer.
 */

import type { RepeatStep, Step, TensorLayout } from "../fabric/fabric.ts";
import { NO_KEY } from "../fabric/nests.ts";
import { elementsOf, writesOf } from "../pattern/analysis.ts";
import { failure, foldFunction } from "../pattern/bodies.ts";
import { arrayFor, identity, roundFunction, scalarFunction } from "../pattern/dtypes.ts";
import type { Dtype, FlatMapOperator, GatherOperator, GroupByOperator, HashOperator, Index, ScanOperator, TensorValues, Values } from "../pattern/program.ts";
import type { Body, BodyNode, Linear, OperandRead } from "./body.ts";
import {
  type Controllers,
  type OperandPlan,
  type OuterLoop,
  partsOf,
  type ResultStream,
  type SectionPlan,
  type StagePlan,
  type StorePlan,
  type TierBuffer,
} from "./controllers.ts";
import { resultOf, tileFor } from "./sizes.ts";
import { isKept, keptLoops } from "./stage.ts";

/** Values of all tensors that are off chip, inputs included. `inputs` has one array per input, of the tensor's length. */
export function interpretControllers({ program, tensors, sections, steps }: Controllers, inputs: TensorValues): TensorValues {
  const homes = program.tensors.filter(({ name }) => sections.some((section) => leavesAtHome(section, name)));
  const memory: Memory = new Map(homes.map(({ name, dtype, shape }) => [name, { shape, values: arrayFor(dtype, elementsOf(shape)) }]));
  for (const layout of tensors) memory.set(layout.tensor, inMemory(layout, inputs));
  runSteps(steps, sections, memory, new Map());
  return Object.fromEntries(tensors.map(({ tensor }) => [tensor, memory.get(tensor)!.values]));
}

const leavesAtHome = ({ stages }: SectionPlan, tensor: string): boolean =>
  stages.some(({ stores }) => stores.some((store) => store.tensor === tensor && store.to.includes("home")));

/** Rounds of the loops around a section, by name. */
type Rounds = ReadonlyMap<string, number>;

function runSteps(steps: readonly Step[], sections: readonly SectionPlan[], memory: Memory, rounds: Rounds): void {
  for (const step of steps) {
    if (step.kind === "repeat") repeat(step, sections, memory, rounds);
    else for (const part of partsOf(sections[step.section]!)) runSection(part, memory, rounds);
  }
}

function repeat({ times, round, until, carries, steps }: RepeatStep, sections: readonly SectionPlan[], memory: Memory, rounds: Rounds): void {
  const copyOf = (tensor: string): Grid => ({ ...memory.get(tensor)!, values: memory.get(tensor)!.values.slice() });
  for (const { to, init } of carries) memory.set(to, copyOf(init));
  for (let number = 0; number < times; number++) {
    runSteps(steps, sections, memory, new Map([...rounds, [round, number]]));
    const next = carries.map(({ from }) => copyOf(from));
    carries.forEach(({ to }, carry) => {
      memory.set(to, next[carry]!);
    });
    if (until !== undefined && memory.get(until)!.values[0] !== 0) return;
  }
}

/** Row-major values of a shape: a tensor, a tile or a buffer. */
interface Grid {
  readonly shape: readonly number[];
  readonly values: Values;
}

type Memory = Map<string, Grid>;

const inMemory = ({ tensor, dtype, shape }: TensorLayout, inputs: TensorValues): Grid => ({
  shape,
  values: inputs[tensor] ?? arrayFor(dtype, elementsOf(shape)),
});

/** By place of a tile: what has been added up of it so far. */
type Sums = Map<string, Float64Array>;

/** One copy of every stage, and what its tile buffers hold. */
interface Copy {
  readonly loops: readonly OuterLoop[];
  readonly at: readonly number[];
  readonly memory: Memory;
  readonly rounds: Rounds;
  /** With the turn of the loops outside the hand-over for which it was filled. */
  readonly held: Map<OperandPlan, { readonly turn: string; readonly grid: Grid }>;
  /** Of all copies together, by stage. */
  readonly sums: ReadonlyMap<StagePlan, Sums>;
  readonly ring: Ring;
}

/** What a loop on the chip carries, by the tensor that makes it: of the round before, and of this one so far. All copies share it. */
interface Ring {
  readonly now: Map<string, Grid>;
  readonly next: Map<string, Grid>;
}

/** Copy after copy; the rounds of a loop on the chip one after the other, each by all copies. */
function runSection(plan: SectionPlan, memory: Memory, rounds: Rounds): void {
  const { loops, stages } = plan;
  const ring = startRing(plan, memory);
  const sums = new Map(stages.map((stage) => [stage, new Map<string, Float64Array>()]));
  const copies = [...points(loops.map((loop) => loop.par))].map((at): Copy => ({ loops, at, memory, rounds, held: new Map(), sums, ring }));
  const [first, ...others] = loops.map((loop) => loop.trips);
  if (plan.loop === undefined) {
    for (const copy of copies) runCopy(plan, copy, points(loops.map((loop) => loop.trips)));
    return;
  }
  for (const round of range(first!)) {
    for (const copy of copies)
      runCopy(
        plan,
        copy,
        [...points(others)].map((turn) => [round, ...turn]),
      );
    for (const [tensor, grid] of ring.next) ring.now.set(tensor, { ...grid, values: grid.values.slice() });
  }
}

function startRing({ stages }: SectionPlan, memory: Memory): Ring {
  const ring: Ring = { now: new Map(), next: new Map() };
  for (const { via } of stages.flatMap((stage) => stage.operands)) {
    if (via.kind !== "carried") continue;
    const zeros = (): Values => new Float64Array(elementsOf(via.shape));
    ring.now.set(via.from, { shape: via.shape, values: via.init === null ? zeros() : memory.get(via.init)!.values.slice() });
    ring.next.set(via.from, { shape: via.shape, values: zeros() });
  }
  return ring;
}

/** Takes the copy's tiles in its order; in each turn every stage works on its tile, then what leaves is stored. */
function runCopy({ loops, loop, stages }: SectionPlan, copyOfAll: Copy, turns: Iterable<readonly number[]>): void {
  const { memory } = copyOfAll;
  const around = Math.min(...stages.map((stage) => stage.loops.length));
  /** Of stages inside of loops over blocks: what readers outside of them have got so far. */
  const gathered = new Map<string, Grid>();
  for (const turnOfAll of turns) {
    const made = new Map<string, Result>();
    for (const stage of stages) {
      const depth = stage.loops.length;
      if (loops.slice(depth).some(({ trips }, k) => turnOfAll[depth + k] !== trips - 1)) continue;
      const turn = turnOfAll.slice(0, depth);
      const copy = depth === loops.length ? copyOfAll : { ...copyOfAll, loops: loops.slice(0, depth), at: copyOfAll.at.slice(0, depth) };
      stage.operands.forEach((plan, position) => {
        fillBuffer(copy, stage, plan, stage.shape.operands[position]!, turn);
      });
      const tensors = writesOf(stage.shape.operator);
      runStage(copy, stage, turn, made).forEach((tile, field) => {
        if (tile !== null) made.set(tensors[field]!, gather(gathered, tensors[field]!, send(tile, stage.results[field]!), stage, copy, turn, around));
      });
      if (loop !== undefined) {
        leaveRound(copy, stage, turn, made, turn[0] === loops[0]!.trips - 1);
        continue;
      }
      for (const plan of stage.stores) {
        const first = tileOrigin(copy, stage, turn, plan);
        store(made.get(plan.tensor)!.tokens, memory.get(plan.tensor)!, first, (place) => isReal(copy, stage, plan, place));
      }
    }
  }
}

/** Adds a tile to those of the blocks before; the turns of the `around` loops outside take the place of the last ones. */
function gather(gathered: Map<string, Grid>, tensor: string, made: Result, stage: StagePlan, copy: Copy, turn: readonly number[], around: number): Result {
  if (stage.loops.length === around) return made;
  const shape = tileFor(resultOf(stage, tensor), stage.loops, stage.loops.slice(0, around));
  const all = gathered.get(tensor) ?? { shape, values: new Float64Array(elementsOf(shape)) };
  gathered.set(tensor, all);
  const first = shape.map((_, d) => (d >= around && d < stage.loops.length ? origin(copy, turn, d) : 0));
  store(made.tokens, all, first);
  return { ...made, blocks: all.values };
}

/** What a stage of a loop on the chip makes goes to the next round, and after the last one to memory. The round is no dimension there. */
function leaveRound(copy: Copy, stage: StagePlan, turn: readonly number[], made: ReadonlyMap<string, Result>, isLast: boolean): void {
  const { memory, ring } = copy;
  const tensor = stage.shape.name;
  const tokens = made.get(tensor)!.tokens.map((token) => token.map(({ place, value }) => ({ place: place?.slice(1) ?? null, value })));
  const first = resultOf(stage, tensor)
    .shape.map((_, d) => origin(copy, turn, d))
    .slice(1);
  const grids = [ring.next.get(tensor), ...(isLast ? stage.stores.map(({ into }) => memory.get(into!)) : [])];
  for (const grid of grids) if (grid !== undefined) store(tokens, grid, first);
}

/** Loops of the stage that the dimensions of a stored tensor stand for: none where it is a table. */
const loopsKept = ({ shape }: StagePlan, { field }: StorePlan): readonly Index[] => (field === 0 ? keptLoops(shape) : []);

/** Elements beyond the real extent of a collection are not stored. */
const isReal = (copy: Copy, stage: StagePlan, plan: StorePlan, place: readonly number[]): boolean =>
  loopsKept(stage, plan).every((index, d) => place[d]! < extentOf(copy, index));

/** Of an index, the real one where it runs over a collection. */
function extentOf({ memory }: Copy, { extent, count }: Index): number {
  return count === undefined ? extent : memory.get(count)!.values[0]!;
}

/** First element of the copy's tile along outer loop k. */
const origin = ({ loops, at }: Pick<Copy, "loops" | "at">, turn: readonly number[], k: number): number => {
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

/** What a stage does with the values of its body at one element: `place` is the element's, inside the tile. */
interface Collector {
  readonly tiles: readonly (Grid | null)[];
  take(values: readonly number[], place: readonly number[]): void;
  /** Called once after the last element. */
  end(): void;
}

/** The tile of each tensor that the stage hands on. */
function runStage(copy: Copy, stage: StagePlan, turn: readonly number[], made: ReadonlyMap<string, Result>): readonly (Grid | null)[] {
  const { shape, inner, split } = stage;
  const collector = collectorOf(copy, stage, turn);
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
        collector.take(
          values,
          local.filter((_, position) => isKept(shape, position)),
        );
      }
    }
  }
  collector.end();
  return collector.tiles;
}

function collectorOf(copy: Copy, stage: StagePlan, turn: readonly number[]): Collector {
  const { operator } = stage.shape;
  const tiles = stage.results.map((result) => result && { shape: result.shape, values: new Float64Array(elementsOf(result.shape)) });
  switch (operator.kind) {
    case "map":
      return mapCollector(stage, tiles[0]!, sumsOf(copy, stage, turn));
    case "scan":
      return scanCollector(operator, stage.shape.body.nodes[stage.shape.body.results[0]!]!.dtype, tiles[0]!);
    case "groupBy":
      return groupCollector(operator, tiles as readonly Grid[]);
    case "gather":
      return gatherCollector(operator, copy.memory.get(operator.tensor)!.values, tiles[0]!);
    case "flatMap":
      return flatMapCollector(copy, stage, operator, tiles);
    case "hash":
      return hashCollector(operator, tiles[0]!);
  }
}

const nothing = (): void => undefined;

/** What the stage has added up so far of the tile at which it is; null where it adds up no tiles. */
function sumsOf(copy: Copy, stage: StagePlan, turn: readonly number[]): Float64Array | null {
  const { shape } = stage;
  const root = shape.body.nodes[shape.body.results[0]!]!;
  if (shape.sums === null || root.kind !== "reduce") return null;
  const tiles = copy.sums.get(stage)!;
  const key = turn
    .slice(0, shape.sums)
    .map((_, k) => origin(copy, turn, k))
    .join(" ");
  const known = tiles.get(key) ?? new Float64Array(elementsOf(stage.results[0]!.shape)).fill(identity(root.fn, root.acc));
  tiles.set(key, known);
  return known;
}

/** Accumulates in `acc`, in `sums` if it goes on from there, rounds once at the end; without a fold the value is the element. */
function mapCollector({ shape: { body } }: StagePlan, tile: Grid, sums: Float64Array | null): Collector {
  const root = body.nodes[body.results[0]!]!;
  const { values, shape } = tile;
  if (root.kind !== "reduce") {
    const take = ([value]: readonly number[], place: readonly number[]): void => {
      values[offset(shape, place)!] = value!;
    };
    return { tiles: [tile], take, end: nothing };
  }
  const folded = sums ?? new Float64Array(values.length).fill(identity(root.fn, root.acc));
  const fold = foldFunction(root.fn, root.acc);
  return {
    tiles: [tile],
    take: ([value], place) => {
      const at = offset(shape, place)!;
      folded[at] = fold(folded[at]!, value!);
    },
    end: () => values.set(folded.map(roundFunction(root.dtype))),
  };
}

function scanCollector({ fn, acc, exclusive }: ScanOperator, dtype: Dtype, tile: Grid): Collector {
  const fold = foldFunction(fn, acc);
  const toDtype = roundFunction(dtype);
  let total = 0;
  return {
    tiles: [tile],
    take: ([value], place) => {
      if (place.at(-1) === 0) total = identity(fn, acc);
      const before = total;
      total = fold(total, value!);
      tile.values[offset(tile.shape, place)!] = toDtype(exclusive ? before : total);
    },
    end: nothing,
  };
}

/** NO_KEY takes no part. */
function groupCollector({ name, keys, fields }: GroupByOperator, tiles: readonly Grid[]): Collector {
  fields.forEach(({ fn, acc }, field) => {
    tiles[field]!.values.fill(identity(fn, acc));
  });
  const folds = fields.map(({ fn, acc }) => foldFunction(fn, acc));
  return {
    tiles,
    take: ([key, ...values]) => {
      if (key! === NO_KEY) return;
      if (key! < 0 || key! >= keys) throw failure(name, "key-out-of-range", `"${name}" meets the key ${key}, expected 0 to ${keys - 1}`);
      folds.forEach((fold, field) => {
        const table = tiles[field]!.values;
        table[key!] = fold(table[key!]!, values[field]!);
      });
    },
    end: () => {
      fields.forEach(({ dtype }, field) => {
        tiles[field]!.values.set(tiles[field]!.values.map(roundFunction(dtype)));
      });
    },
  };
}

function gatherCollector({ name, tensor }: GatherOperator, table: Values, tile: Grid): Collector {
  return {
    tiles: [tile],
    take: ([index], place) => {
      const element = table[index!];
      if (element === undefined) throw failure(name, "read-outside", `"${name}" reads element ${index} of "${tensor}", expected 0 to ${table.length - 1}`);
      tile.values[offset(tile.shape, place)!] = element;
    },
    end: nothing,
  };
}

function flatMapCollector(copy: Copy, { appends }: StagePlan, { name, emits, bound }: FlatMapOperator, tiles: Collector["tiles"]): Collector {
  const fields = Object.keys(emits[0]!.fields);
  const columns = appends.map((field) => ({ field, values: copy.memory.get(`${name}.${fields[field]}`)!.values }));
  const size = tiles.at(-1)!.values;
  return {
    tiles,
    take: (values) => {
      for (let first = 0; first < values.length; first += 1 + fields.length) {
        if (values[first] === 0) continue;
        if (size[0] === bound) throw failure(name, "bound-exceeded", `"${name}" makes more records than its bound of ${bound}`);
        for (const column of columns) column.values[size[0]!] = values[first + 1 + column.field]!;
        size[0]!++;
      }
    },
    end: nothing,
  };
}

function hashCollector({ name, keys }: HashOperator, tile: Grid): Collector {
  const numbers = new Map<number, number>();
  return {
    tiles: [tile],
    take: ([when, key], place) => {
      const at = offset(tile.shape, place)!;
      tile.values[at] = -1;
      if (when === 0) return;
      if (!numbers.has(key!)) {
        if (numbers.size === keys) throw failure(name, "bound-exceeded", `"${name}" meets more distinct keys than its bound of ${keys}`);
        numbers.set(key!, numbers.size);
      }
      tile.values[at] = numbers.get(key!)!;
    },
    end: nothing,
  };
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
        return (_, index) => Object.entries(node.place.of).reduce((sum, [name, factor]) => sum + factor * index(name), node.place.constant) | 0;
      case "op": {
        const compute = operationOf(node, nodes);
        return () => compute(values[node.args[0]!]!, values[node.args[1] ?? 0]!, values[node.args[2] ?? 0]!);
      }
      case "cast": {
        const toDtype = roundFunction(node.dtype);
        return () => toDtype(values[node.arg]!);
      }
      case "reduce":
      case "scan":
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
  if (p < 0) return copy.rounds.get(index)!;
  return origin(copy, spot.turn, p) + localPlaces(stage, spot)[p]!;
}

/** Beyond the tile, or beyond the extent in the last tile. */
const overhangs = (copy: Copy, { shape, inner }: StagePlan, turn: readonly number[], local: readonly number[]): boolean =>
  local.some((place, p) => place >= inner[p]!.extent || origin(copy, turn, p) + place >= extentOf(copy, shape.loops[p]!));

/** constant + sum of factors times what `of` says of each loop of the stage; -1: the round `name`. */
const linear = ({ shape }: StagePlan, place: Linear, of: (p: number, factor: number, name: string) => number): number =>
  Object.entries(place.of).reduce((sum, [name, factor]) => {
    const p = shape.loops.findIndex((index) => index.name === name);
    return sum + of(p, factor, name);
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
  const global = (p: number, factor: number, name: string) => factor * (p < 0 ? copy.rounds.get(name)! : origin(copy, spot.turn, p) + local[p]!);
  const inside = (p: number, factor: number) => (p < 0 ? 0 : factor * local[p]!);
  switch (via.kind) {
    case "tier-stream":
      return elementOf(
        copy.memory.get(operand.tensor)!,
        operand.at.map((place) => linear(stage, place, global)),
        operand,
      );
    case "tier-buffer": {
      const inBox = operand.at.map((place) => linear(stage, { ...place, constant: 0 }, (p, factor) => inside(p, factor) - lowest(stage, p, factor)));
      const turn = ownTurn(copy, stage, spot.turn);
      return elementOf(copy.held.get(plan)!.grid, [...via.held.map((k) => turn[k]!), ...inBox], operand);
    }
    case "carried":
      return elementOf(
        copy.ring.now.get(via.from)!,
        operand.at.map((place) => linear(stage, place, global)),
        operand,
      );
    case "stage-stream":
      return tokenFor(stage, plan, spot, made.get(operand.tensor)!.tokens)[Math.max(...spot.word, 0)]!.value;
    case "stage-buffer": {
      const inTile = operand.at.map((place, d) => linear(stage, place, d < copy.loops.length ? inside : global));
      const { tile, blocks = tile } = made.get(operand.tensor)!;
      return elementOf({ shape: via.shape, values: tile.length === elementsOf(via.shape) ? tile : blocks }, inTile, operand);
    }
  }
}

/** How far below the tile's first element an index with this factor reaches. */
const lowest = ({ inner }: StagePlan, p: number, factor: number): number => (p < 0 ? 0 : Math.min(0, factor * (inner[p]!.extent - 1)));

/** Loads the box that the tile touches, for each held tile, when an iteration of the loops outside the hand-over begins. */
function fillBuffer(copy: Copy, stage: StagePlan, plan: OperandPlan, operand: OperandRead, turn: readonly number[]): void {
  const { via } = plan;
  if (via.kind !== "tier-buffer") return;
  const own = ownTurn(copy, stage, turn);
  const outside = own.slice(0, via.hold).join(" ");
  if (copy.held.get(plan)?.turn !== outside) copy.held.set(plan, { turn: outside, grid: loaded(copy, stage, via, operand, own) });
}

/** The turn of the stage's own copy, where that takes the tiles of several. */
const ownTurn = ({ loops, at }: Copy, stage: StagePlan, turn: readonly number[]): readonly number[] =>
  stage.loops.map(({ par, trips }, k) => turn[k]! * (trips / loops[k]!.trips) + Math.floor(at[k]! / par));

function loaded(copy: Copy, stage: StagePlan, { held, box }: TierBuffer, operand: OperandRead, turn: readonly number[]): Grid {
  const tensor = copy.memory.get(operand.tensor)!;
  const own: Pick<Copy, "loops" | "at"> = { loops: stage.loops, at: copy.at.map((c, k) => c % stage.loops[k]!.par) };
  const shape = [...held.map((k) => stage.loops[k]!.trips), ...box];
  const values = Float64Array.from(points(shape), (place) => {
    const tile = turn.map((t, k) => (held.includes(k) ? place[held.indexOf(k)]! : t));
    const first = operand.at.map((linearPlace) =>
      linear(stage, linearPlace, (p, factor, name) => factor * (p < 0 ? copy.rounds.get(name)! : origin(own, tile, p)) + lowest(stage, p, factor)),
    );
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
  /** For readers outside of the loops over blocks in which it is made: the tiles of all blocks so far. */
  readonly blocks?: Values;
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
function store(tokens: readonly Token[], into: Grid, first: readonly number[], isReal: (place: readonly number[]) => boolean = () => true): void {
  for (const token of tokens) {
    for (const { place: local, value } of token) {
      if (local === null) continue;
      const place = local.map((p, d) => p + first[d]!);
      const at = offset(into.shape, place);
      if (at !== null && isReal(place)) into.values[at] = value;
    }
  }
}

const tileOrigin = (copy: Copy, stage: StagePlan, turn: readonly number[], plan: StorePlan): readonly number[] =>
  resultOf(stage, plan.tensor).shape.map((_, d) => (d < (stage.shape.sums ?? loopsKept(stage, plan).length) ? origin(copy, turn, d) : 0));

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

function elementOf({ shape, values }: Grid, place: readonly number[], { tensor, padded }: OperandRead): number {
  const at = offset(shape, place);
  if (at === null && padded) return 0;
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
