/**
 * Lower: an operator becomes a stage: which index runs across lanes, whether its PCUs are a SIMD pipeline or a systolic array, in which order its
 * loops stand. All this follows from the operator and the machine alone; tiles and copies come later (plan.ts).
 */

import { lanesFor, packed } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { writesOf } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Dtype, Index, Program, Tensor } from "../pattern/program.ts";
import { type Body, type BodyNode, bodyOf, type OperandRead, type StageOperator } from "./body.ts";
import { type LanePin, lanePin, tooManyLanes } from "./lanes.ts";
import { isSpecial, type Part, partition } from "./partition.ts";
import { tiledLoops } from "./tiles.ts";

export interface StageShape {
  readonly operator: StageOperator;
  readonly name: string;
  readonly mode: "simd" | "systolic";
  readonly lanes: number;
  /** Loops of the nest, outermost first: the result's, then (reduce, groupBy) those folded away. */
  readonly loops: readonly Index[];
  /** How many of `loops` the result keeps. groupBy and flatMap: 0. */
  readonly kept: number;
  /** A fold that adds up tiles (tiles.ts): position of the loop over them, which stands among the loops that the result keeps. null: no such fold. */
  readonly sums: number | null;
  /** How many of the leading loops other stages can share: tiles of them are independent of each other. */
  readonly shareable: number;
  /** gather: the tensor whose elements it fetches. */
  readonly table: Tensor | null;
  /** Index that runs across lanes. null: a body without loops. */
  readonly lane: string | null;
  /** Systolic: index that runs across the array's stages. */
  readonly rows: string | null;
  readonly systolic: Systolic | null;
  readonly body: Body;
  readonly operands: readonly OperandRead[];
  readonly parts: readonly Part[];
  /** groupBy: the parts of each field's table, a PMU for each; one where a PMU holds it whole. All others: none. */
  readonly shards: readonly TableShard[];
}

/** Keys first .. first + size - 1 of a table. */
export interface TableShard {
  readonly first: number;
  readonly size: number;
}

export interface Systolic {
  /** Positions in `operands`. */
  readonly laneOperand: number;
  readonly stageOperand: number;
  readonly product: Dtype;
  readonly acc: Dtype;
  readonly result: Dtype;
}

export function shapeOf(operator: StageOperator, program: Program, machine: Machine): StageShape {
  const over = operator.kind === "map" && operator.body.kind === "reduce" ? operator.body.over : [];
  const own = [...operator.domain, ...over];
  const written = writesOf(operator).map((name) => program.tensors.find((tensor) => tensor.name === name)!);
  const body = bodyOf(operator, written[0]!.dtype);
  const kept = keptBy(operator);
  const table = operator.kind === "gather" ? program.tensors.find((tensor) => tensor.name === operator.tensor)! : null;
  const sums = sumsTiles(operator, program) ? tiledLoops(operator.name, kept, program.schedule) : null;
  const loops = sums === null ? own : [...own.slice(0, sums), ...over, ...own.slice(sums, kept)];
  const shareable = sums === null ? shareableOf(operator) : sums + 1;
  const base = { operator, name: operator.name, loops, kept, sums, shareable, table, body, operands: body.operands };
  const candidates = inOrder(operator) ? [own.length - 1] : [kept - 1, ...(sums === null ? [own.length - 1] : [])];
  const pin = lanePin(operator.name, own, candidates, program.schedule?.lanes);
  const array = pin === null && sums === null ? systolicOf(body, loops, kept, machine) : null;
  if (array !== null)
    return { ...base, mode: "systolic", lanes: array.lanes, lane: array.lane, rows: array.rows, systolic: array.systolic, parts: [], shards: [] };
  const bytes = portBytes(
    body,
    [...written, ...(table === null ? [] : [table])].map(({ dtype }) => dtype),
    operator,
  );
  const open = sums === null ? own : operator.domain;
  const simd = simdOf(body, { loops: open, kept, ordered: inOrder(operator), pin, name: operator.name }, bytes, machine);
  return { ...base, mode: "simd", rows: null, systolic: null, ...simd, shards: shardsOf(operator, simd.lanes, machine) };
}

/** Is it a fold that adds up tiles (tiles.ts)? Then its one folded loop is an outer loop. */
function sumsTiles(operator: StageOperator, { schedule }: Program): boolean {
  const { kind, name, domain } = operator;
  return kind === "map" && operator.body.kind === "reduce" && schedule?.tile?.[`${name}.${domain.length}`] !== undefined;
}

/** Loops that the result keeps, in their order. */
export const keptLoops = (shape: Pick<StageShape, "loops" | "kept" | "sums">): readonly Index[] => shape.loops.filter((_, position) => isKept(shape, position));

/** Those that are folded away, or all where nothing is kept. */
export const foldedLoops = (shape: Pick<StageShape, "loops" | "kept" | "sums">): readonly Index[] =>
  shape.loops.filter((_, position) => !isKept(shape, position));

export const isKept = ({ kept, sums }: Pick<StageShape, "kept" | "sums">, position: number): boolean => (sums === null ? position < kept : position !== sums);

/** Does it fold across lanes? */
export const foldsLanes = (shape: Pick<StageShape, "loops" | "kept" | "sums" | "lane">): boolean => foldedLoops(shape).some(({ name }) => name === shape.lane);

/** Position in the operator, folded loops behind its domain, of the loop at a position of the stage. */
export function ownPosition({ kept, sums }: Pick<StageShape, "kept" | "sums">, position: number): number {
  if (sums === null || position < sums) return position;
  return position === sums ? kept : position - 1;
}

/** As few PMUs as hold the table of a field, and as many keys for each, in whole vectors. */
function shardsOf(operator: StageOperator, lanes: number, { pmu }: Machine): readonly TableShard[] {
  if (operator.kind !== "groupBy") return [];
  const word = Math.max(pmu.word_bytes, ...operator.fields.map(({ acc }) => bytesOf(acc)));
  const vectors = Math.ceil(operator.keys / lanes);
  const most = Math.max(1, Math.floor(pmu.bytes / (word * lanes)));
  const count = operator.keys * word <= pmu.bytes ? 1 : Math.ceil(vectors / most);
  const size = lanes * Math.ceil(vectors / count);
  return Array.from({ length: Math.ceil(operator.keys / size) }, (_, s) => ({ first: s * size, size: Math.min(size, operator.keys - s * size) }));
}

function keptBy(operator: StageOperator): number {
  return operator.kind === "groupBy" || operator.kind === "flatMap" ? 0 : operator.domain.length;
}

/** What appends or numbers records takes all of them in order; a scan its last loop. */
function shareableOf(operator: StageOperator): number {
  if (operator.kind === "hash") return 0;
  return operator.kind === "scan" ? operator.domain.length - 1 : keptBy(operator);
}

/** Lanes must step along the innermost loop: what comes out depends on the order of the elements. */
const inOrder = ({ kind }: StageOperator): boolean => kind === "scan" || kind === "flatMap" || kind === "hash";

interface Across {
  /** Those that may run across lanes. */
  readonly loops: readonly Index[];
  readonly kept: number;
  readonly ordered: boolean;
  readonly pin: LanePin | null;
  readonly name: string;
}

/** As many lanes as the widest value on a vector port leaves, or as are pinned: an operand, a result, or what one PCU of the chain hands the next. */
function simdOf(body: Body, across: Across, bytes: number, machine: Machine): Pick<StageShape, "lanes" | "lane" | "parts"> {
  const { loops, kept, ordered, pin, name } = across;
  const indexFor = (count: number): string | null => pin?.loop ?? (ordered ? (loops.at(-1)?.name ?? null) : laneIndex(body.operands, loops, kept, count));
  const isFolded = (index: string | null): boolean => index !== null && loops.findIndex(({ name: own }) => own === index) >= kept;
  const partsFor = (lanes: number): readonly Part[] => {
    const tree = body.nodes.some((node) => (node.kind === "reduce" && isFolded(indexFor(lanes))) || node.kind === "scan");
    return partition(body, { pcu: machine.pcu, lanes, packed: Math.max(1, lanes / machine.pcu.lanes), tree }, name);
  };
  const simd = (lanes: number, parts: readonly Part[]) => ({ lanes, lane: indexFor(lanes), parts });
  const many = packedLanes(body, bytes, machine, (count) => isFolded(indexFor(count)));
  const together = many === null ? [] : partsFor(pin === null ? many : Math.min(many, pin.lanes));
  const one = Math.min(lanesFor(machine, bytes), machine.pcu.lanes);
  const most = many !== null && together.length === 1 ? many : one;
  if (pin !== null && pin.lanes > most) throw tooManyLanes(pin, most);
  const lanes = pin?.lanes ?? most;
  if (lanes > one) return simd(lanes, together);
  const parts = partsFor(lanes);
  const between = Math.max(bytes, ...parts.slice(0, -1).flatMap((part) => part.exports.map((id) => bytesOf(body.nodes[id]!.dtype))));
  return lanesFor(machine, between) < lanes ? simdOf(body, across, between, machine) : simd(lanes, parts);
}

/** As many lanes as narrow numbers leave where a lane of the PCU takes several of them; null where it cannot. What a fold across lanes gives is one number, however wide. */
function packedLanes(body: Body, bytes: number, machine: Machine, folds: (lanes: number) => boolean): number | null {
  const narrow = Math.max(0, ...body.operands.map(({ dtype }) => bytesOf(dtype)));
  if (narrow === 0 || packed(machine, narrow) === 1) return null;
  const lanes = lanesFor(machine, narrow);
  const fits = isProductFold(body) ? folds(lanes) : bytes === narrow && body.nodes.every((node) => isNarrow(node, narrow));
  return fits ? lanes : null;
}

function isNarrow(node: BodyNode, bytes: number): boolean {
  return bytesOf(node.dtype) <= bytes && node.kind !== "reduce" && node.kind !== "scan" && !isSpecial(node);
}

/** One fold of products of two operands, apart from casts that change no value. */
function isProductFold({ nodes, results, ...body }: Body): boolean {
  const fold = nodes[results[0]!];
  if (results.length !== 1 || fold?.kind !== "reduce") return false;
  const product = nodes[fold.arg]!;
  if (product.kind !== "op" || product.op !== "mul") return false;
  return product.args.every((factor) => exactOperand({ nodes, results, ...body }, factor) !== null);
}

/** Bytes of the widest operand, result, or element of what it writes or looks up. */
function portBytes(body: Body, stored: readonly Dtype[], operator: StageOperator): number {
  const tables = operator.kind === "groupBy" ? operator.fields.map((field) => field.acc) : [];
  const results = body.results.map((id) => body.nodes[id]!.dtype);
  return Math.max(1, ...[...body.operands.map((operand) => operand.dtype), ...stored, ...tables, ...results].map(bytesOf));
}

/** How an operand moves when `lane` steps by one: not at all, to the next word in memory, or anything else. */
export function laneStep(operand: OperandRead, lane: string | null): "same" | "next" | "strided" {
  if (lane === null) return "same";
  const first = operand.at.findIndex((place) => place.of[lane] !== undefined);
  if (first < 0) return "same";
  return first === operand.at.length - 1 && operand.at[first]!.of[lane] === 1 ? "next" : "strided";
}

/** The innermost kept or the innermost folded index: fewest strided operands, then fewest idle lanes, then the kept one (it needs no tree). */
function laneIndex(operands: readonly OperandRead[], loops: readonly Index[], kept: number, lanes: number): string | null {
  const candidates = [...new Set([loops[kept - 1], loops.at(-1)])].filter((index) => index !== undefined);
  const cost = (index: Index) => {
    const strided = operands.filter((operand) => laneStep(operand, index.name) === "strided").length;
    const idle = 1 - index.extent / (Math.ceil(index.extent / lanes) * lanes);
    return strided * 10 + idle;
  };
  return candidates.toSorted((a, b) => cost(a) - cost(b))[0]?.name ?? null;
}

/** sum of products of two operands, one that moves with the lane index, the other with another kept index. */
function systolicOf(body: Body, loops: readonly Index[], kept: number, machine: Machine) {
  if (!machine.pcu.modes.includes("systolic") || kept < 2 || body.results.length !== 1) return null;
  const reduce = body.nodes[body.results[0]!]!;
  if (reduce.kind !== "reduce" || reduce.fn !== "add") return null;
  const product = body.nodes[reduce.arg]!;
  if (product.kind !== "op" || product.op !== "mul") return null;
  const factors = product.args.map((id) => exactOperand(body, id));
  const [a, b] = factors;
  if (a === null || b === null || a === undefined || b === undefined || a === b) return null;
  const lane = loops[kept - 1]!.name;
  const laneOperand = [a, b].find((id) => dependsOn(body.operands[id]!, lane));
  const stageOperand = laneOperand === a ? b : a;
  if (laneOperand === undefined || dependsOn(body.operands[stageOperand]!, lane)) return null;
  const rows = loops
    .slice(0, kept - 1)
    .findLast((index) => index.extent > 1 && dependsOn(body.operands[stageOperand]!, index.name) && !dependsOn(body.operands[laneOperand]!, index.name));
  if (rows === undefined) return null;
  const bytes = Math.max(bytesOf(body.operands[a]!.dtype), bytesOf(body.operands[b]!.dtype), bytesOf(reduce.dtype));
  const lanes = lanesFor(machine, bytes);
  if (!worthAnArray(loops[kept - 1]!.extent, rows.extent, lanes, machine.pcu.stages)) return null;
  return { lanes, lane, rows: rows.name, systolic: { laneOperand, stageOperand, product: product.dtype, acc: reduce.acc, result: reduce.dtype } };
}

/** The array does more than a SIMD pipeline's one product a lane. */
function worthAnArray(laneExtent: number, rowExtent: number, lanes: number, stages: number): boolean {
  const laneUse = laneExtent / (Math.ceil(laneExtent / lanes) * lanes);
  const rowUse = rowExtent / Math.ceil(rowExtent / stages);
  return laneUse * rowUse > 1;
}

export function dependsOn({ at }: OperandRead, index: string): boolean {
  for (let d = 0; d < at.length; d++) if (at[d]!.of[index] !== undefined) return true;
  return false;
}

const WIDENS: Readonly<Partial<Record<Dtype, readonly Dtype[]>>> = {
  bf16: ["f32", "f64"],
  f16: ["f32", "f64"],
  fp8e4m3: ["f16", "f32", "f64", "bf16"],
  fp8e5m2: ["f16", "f32", "f64", "bf16"],
  f32: ["f64"],
  i4: ["i8", "i16", "i32", "f32", "f64"],
  i8: ["i16", "i32", "f32", "f64"],
  i16: ["i32", "f32", "f64"],
};

/** The operand behind a node, through casts that change no value. */
function exactOperand(body: Body, id: number): number | null {
  const node: BodyNode = body.nodes[id]!;
  if (node.kind === "operand") return node.operand;
  if (node.kind !== "cast") return null;
  const from = body.nodes[node.arg]!.dtype;
  return from === node.dtype || WIDENS[from]?.includes(node.dtype) ? exactOperand(body, node.arg) : null;
}
