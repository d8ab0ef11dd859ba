/** Sizes that plans, costs and units agree on: copies, words, bytes of tiles, tokens of loads. */

import type { Machine } from "../machine/machine.ts";
import { writesOf } from "../pattern/analysis.ts";
import type { OperandRead } from "./body.ts";
import type { OuterLoop, ResultStream, StagePlan, TierBuffer } from "./controllers.ts";
import { dependsOn, isKept, laneStep, type StageShape } from "./stage.ts";

/** The order in which a stage makes one of the tensors that it hands on. */
export function resultOf({ shape, results }: Pick<StagePlan, "shape" | "results">, tensor: string): ResultStream {
  const result = results[writesOf(shape.operator).indexOf(tensor)];
  if (result === undefined || result === null) throw new Error(`"${shape.name}" does not hand on "${tensor}"`);
  return result;
}

/** Slots of a hash table that numbers up to `keys` keys: at most three quarters of them are ever taken. */
export const hashSlots = (keys: number): number => 2 ** Math.ceil(Math.log2((4 * keys) / 3));

/** Scratchpad bytes of a hash unit: a word a slot and one a key. */
export const hashBytes = (keys: number, wordBytes: number): number => (hashSlots(keys) + keys) * Math.max(wordBytes, 4);

/** Outer loops that a stage's result keeps: all but the one whose tiles it adds up. */
export const loopsAround = ({ shape }: Pick<StagePlan, "shape">, loops: readonly OuterLoop[]): readonly OuterLoop[] =>
  shape.sums === null ? loops : loops.slice(0, shape.sums);

/** Does a stage that adds up tiles keep its sums in a PMU? Sums that fit the registers of a PCU stay there: those of one firing. */
export const sumsInMemory = ({ shape, inner }: Pick<StagePlan, "shape" | "inner">): boolean =>
  shape.sums !== null && inner.some(({ trip }, position) => isKept(shape, position) && trip > 1);

/** Buffers of such a PMU: the next sum begins while one is read. */
export const sumBuffers = (stage: Pick<StagePlan, "shape">, loops: readonly OuterLoop[]): number =>
  loopsAround(stage, loops).some(({ trips }) => trips > 1) ? 2 : 1;

/** Copies of a stage whose results a tree joins: parts of a split fold, or copies of the loop whose tiles it adds up. */
export const joined = ({ shape, split }: Pick<StagePlan, "shape" | "split">, loops: readonly OuterLoop[]): number =>
  shape.sums === null ? split : loops[shape.sums]!.par;

export function product(list: readonly number[]): number {
  let all = 1;
  for (let k = 0; k < list.length; k++) all *= list[k]!;
  return all;
}

/** Does a copy of a stage take of a carried tensor only what its own copy made: the elements of its tiles? */
export function takesOwn({ at }: OperandRead, { loops: own }: StageShape, loops: readonly OuterLoop[]): boolean {
  return loops.every(({ par }, k) => {
    const place = at[k - 1];
    return par === 1 || (place !== undefined && place.constant === 0 && Object.keys(place.of).length === 1 && place.of[own[k]!.name] === 1);
  });
}

/** What an operand's tokens are, whatever its stage calls its loops: in a loop on the chip, stages that take the same at the same time share a reader. */
export function readKey(stage: StagePlan, position: number): string {
  const { shape, inner, epoch } = stage;
  const { tensor, at } = shape.operands[position]!;
  const { level, words } = stage.operands[position]!;
  const places = at.map(({ constant, of }) => [
    constant,
    Object.entries(of).map(([name, factor]) => [shape.loops.findIndex((loop) => loop.name === name), factor]),
  ]);
  const lane = words === 1 ? -1 : shape.loops.findIndex(({ name }) => name === shape.lane);
  return JSON.stringify([tensor, epoch, level, words, lane, places, inner.map(({ trip, step, extent }) => [trip, step, extent])]);
}

/** What fills an operand's tile buffers, whatever its stage calls its loops: operands of one key are filled by the same address generators. */
export function loadKey({ shape, inner, loops }: StagePlan, position: number, { hold, held, box }: TierBuffer): string {
  const { tensor, at } = shape.operands[position]!;
  const names = shape.loops.map(({ name }) => name);
  const places = at.map(({ constant, of }) => {
    const first = Object.entries(of).reduce((sum, [name, factor]) => sum + Math.min(0, factor * ((inner[names.indexOf(name)]?.extent ?? 1) - 1)), constant);
    const rounds = Object.entries(of).filter(([name]) => !names.includes(name));
    return [first, loops.map((_, k) => of[names[k]!] ?? 0), rounds];
  });
  return JSON.stringify([tensor, shape.lanes, hold, held, box, places, loops.map(({ tile, par, trips }) => [tile, par, trips])]);
}

/** Cycles of a stage for one tile: its firings, or as many as its results take to leave. */
export function tileCycles({ inner, shape, results }: Pick<StagePlan, "inner" | "shape" | "results">): number {
  const firings = product(inner.map((loop) => loop.trip));
  const atOnce = Math.max(1, shape.shards.length);
  return Math.max(firings, ...results.map((result) => product((result?.loops ?? []).map((loop) => loop.trip)) / atOnce));
}

/** Words of one token of an operand. */
export function wordsOf(shape: StageShape, position: number, machine: Machine): number {
  if (shape.systolic !== null) return position === shape.systolic.stageOperand ? machine.pcu.stages : shape.lanes;
  return laneStep(shape.operands[position]!, shape.lane) === "same" ? 1 : shape.lanes;
}

/** Copies per outer loop of what belongs to an operand: those of the loops it depends on. */
export function copiesOf(operand: OperandRead, shape: StageShape, loops: readonly OuterLoop[]): readonly number[] {
  return loops.map((loop, k) => (dependsOn(operand, shape.loops[k]!.name) ? loop.par : 1));
}

/**
 * How copies of a writer stand to those of its reader: along outer loop `at`, each copy of the reader takes the tiles of `gathered` copies, each copy of the writer serves `dealt`.
 * `turns`: where the reader stands outside of blocks, so many tiles of each of those copies are handed over together, as the writer makes them block by block.
 */
export interface Meeting {
  readonly at: number;
  readonly gathered: number;
  readonly dealt: number;
  readonly turns: number;
}

export function meetingOf(writer: readonly OuterLoop[], reader: readonly OuterLoop[]): Meeting {
  const turnsOf = ({ turns = 1 }: OuterLoop): number => (writer.length > reader.length ? turns : 1);
  const at = reader.findIndex(({ par }, k) => par !== writer[k]!.par || turnsOf(writer[k]!) > 1);
  if (at < 0) return { at: 0, gathered: 1, dealt: 1, turns: 1 };
  const [from, to] = [writer[at]!.par, reader[at]!.par];
  return { at, gathered: Math.max(1, from / to), dealt: Math.max(1, to / from), turns: turnsOf(writer[at]!) };
}

/** What a buffer holds: the tiles of so many of the copies that it gathers, of each one for every turn that is handed over with it. */
export const inPlaces = ({ gathered, turns }: Meeting, places: number, tile: readonly number[]): readonly number[] => [
  ...(gathered > 1 ? [places] : []),
  ...(turns > 1 ? [turns] : []),
  ...tile,
];

/** A tile of a result as a reader with these loops takes it: of all blocks where it stands outside of them. */
export const tileFor = ({ shape }: ResultStream, writer: readonly OuterLoop[], reader: readonly OuterLoop[]): readonly number[] =>
  shape.map((size, d) => (d >= reader.length && d < writer.length ? writer[d]!.tile * writer[d]!.trips : size));

/** The largest of the equal pieces into which a tile is cut: along its first dimension of more than one place and, where that has fewer places than there are to be pieces, along those behind it. */
export function cutInto(size: readonly number[], pieces: number): readonly number[] {
  let left = pieces;
  return size.map((extent) => {
    if (extent === 1 || left === 1) return extent;
    const inner = left <= extent ? 1 : Math.ceil(left / extent);
    const largest = Math.ceil(extent / Math.min(left, extent));
    left = inner;
    return largest;
  });
}

/** Parts of a split fold that each hold an operand's tiles themselves: those that read different elements. */
export const partsOf = (operand: OperandRead, { shape, split }: Pick<StagePlan, "shape" | "split">): number =>
  split > 1 && dependsOn(operand, shape.loops[shape.kept]!.name) ? split : 1;

/** Vectors that all loads of an operand move. */
export function loadVectors(operand: OperandRead, shape: StageShape, buffer: TierBuffer, loops: readonly OuterLoop[]): number {
  const rows = product(buffer.box.slice(0, -1));
  const vectors = rows * Math.ceil((buffer.box.at(-1) ?? 1) / shape.lanes);
  const turns = product(loops.slice(0, buffer.hold).map((loop) => loop.trips)) * product(buffer.held.map((k) => loops[k]!.trips));
  return vectors * turns * product(copiesOf(operand, shape, loops));
}

export const handovers = (buffer: TierBuffer, loops: readonly OuterLoop[]): number => product(loops.slice(0, buffer.hold).map((loop) => loop.trips));

/** Tensors that operands of several stages, or several of one, read: only they can have readers that share. */
export function tensorsReadTwice(stages: readonly StagePlan[]): ReadonlySet<string> {
  const once = new Set<string>();
  const twice = new Set<string>();
  for (const { shape } of stages) for (const { tensor } of shape.operands) (once.has(tensor) ? twice : once).add(tensor);
  return twice;
}

/** Address generators of all loads. */
export function loadGenerators(stages: readonly StagePlan[]): number {
  const twice = tensorsReadTwice(stages);
  const known = new Set<string>();
  const isNew = (key: string): boolean => known.size < known.add(key).size;
  let all = 0;
  for (const stage of stages) {
    if (stage.table === "pmu") all++;
    stage.operands.forEach(({ via, home }, position) => {
      const { tensor } = stage.shape.operands[position]!;
      const isShared = (): boolean => via.kind === "tier-buffer" && twice.has(tensor) && !isNew(loadKey(stage, position, via));
      if (home === undefined && !isShared()) all += walksOf(stage, position, stage.loops);
    });
  }
  return all;
}

/** Walks over the tensor of an operand, side by side. */
export function walksOf(stage: StagePlan, position: number, loops: readonly OuterLoop[]): number {
  const { via } = stage.operands[position]!;
  if (via.kind === "tier-buffer") return via.preset ? 0 : product(via.generators);
  if (via.kind === "carried") return via.init === null ? 0 : 1;
  return via.kind === "tier-stream" ? product(copiesOf(stage.shape.operands[position]!, stage.shape, loops)) * stage.split : 0;
}

/** Inputs of a PMU for what PCUs send, in tokens of so many words. */
export function pmuInputs(words: number, { pcu, pmu }: Machine): { readonly isScalar: boolean; readonly ports: number } {
  const isScalar = words === 1 && pcu.scalar_out > 0 && pmu.scalar_in > 0;
  return { isScalar, ports: isScalar ? pmu.scalar_in : pmu.vector_in };
}

/** Fan-in of a combining PCU: its ports for tokens of so many words, one operation a stage. */
export function treeFan({ pcu }: Machine, words: number): number {
  const ports = words === 1 && pcu.scalar_in > 0 && pcu.scalar_out > 0 ? pcu.scalar_in : pcu.vector_in;
  return Math.max(2, Math.min(ports, pcu.stages + 1));
}

export function treeUnits(leaves: number, words: number, machine: Machine): number {
  const fan = treeFan(machine, words);
  let units = 0;
  for (let left = leaves; left > 1; left = Math.ceil(left / fan)) units += Math.ceil(left / fan);
  return units;
}
