/**
 * Partition into units: a section plan becomes PCUs, PMUs and address generators, one copy of each for each copy of the loops it depends on.
 *
 *     load a (4 generators) -> PMU[0..7] -> systolic PCU[0..7, 0..7] -> PMU -> store
 *
 * Before: SectionPlan. After: Section, every unit within the machine's limits (fabric/verify.ts checks).
 */

import type { Nest, Node, Section, Unit } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import { writesOf } from "../pattern/analysis.ts";
import type { Program } from "../pattern/program.ts";
import { partsOf, type SectionPlan, type StagePlan } from "./controllers.ts";
import { buildAppends, buildGather, buildHash } from "./indirect.ts";
import { type Copy, elementGuards, loopsOf, placeOf } from "./nests.ts";
import { feed } from "./operands.ts";
import type { Part } from "./partition.ts";
import { joined, loopsAround, sumsInMemory } from "./sizes.ts";
import { foldedLoops, foldsLanes } from "./stage.ts";
import { buildStores } from "./stores.ts";
import { buildArray, buildSums, buildTable, combine, resultLevel } from "./tables.ts";
import { takeTurns } from "./turns.ts";
import { addUnit, type Builder, connect, copiesAt, finish, freshId, label, port, resultKey, type Source } from "./wiring.ts";

export function buildSection(plan: SectionPlan, program: Program, machine: Machine, sourceOf: (operator: string) => string): Section {
  const section = { plan, machine, program, sourceOf, units: [], taken: new Set<string>(), wires: new Map(), homes: new Map() };
  const generators = partsOf(plan).map((part): readonly Unit[] => {
    // Parts share no unit that feeds both: one of them would wait for the other.
    const builder: Builder = { ...section, plan: part, known: new Map(), results: new Map(), late: [] };
    const before = builder.units.length;
    for (const stage of part.stages) {
      for (const at of copiesAt(loopsAround(stage, stage.loops))) buildStage(builder, stage, at);
      for (const store of stage.stores) buildStores(builder, stage, store);
    }
    for (const connectLate of builder.late) connectLate();
    return builder.units.slice(before).filter(({ kind }) => kind === "ag");
  });
  return takeTurns(
    finish(section),
    generators.map((units) => units.map(({ id }) => id)),
    machine,
  );
}

function buildStage(builder: Builder, stage: StagePlan, at: readonly number[]): void {
  const { shape } = stage;
  const copies = Array.from({ length: joined(stage, stage.loops) }, (_, c): Copy => (shape.sums === null ? { at, part: c } : { at: [...at, c], part: 0 }));
  const parts = copies.map((copy) => buildCopy(builder, stage, copy));
  if (shape.operator.kind === "groupBy" || shape.operator.kind === "flatMap") return;
  const root = parts.length === 1 ? parts[0]! : combine(builder, stage, parts, at);
  builder.results.set(resultKey(writesOf(shape.operator)[0]!, at), root);
}

/** One copy of a stage; returns the port of its (first) result. */
function buildCopy(builder: Builder, stage: StagePlan, copy: Copy): Source {
  const { shape } = stage;
  const name = `${shape.name}${label(stage.loops, copy.at, copy.part, stage.split)}`;
  const feeds = shape.operands.map((_, position) => feed(builder, stage, position, copy));
  if (shape.systolic !== null) return buildArray(builder, stage, freshId(builder, name), feeds);
  const made = new Map<number, Source>();
  shape.parts.forEach((part, p) => buildPart(builder, stage, copy, freshId(builder, shape.parts.length > 1 ? `${name}.${p}` : name), part, feeds, made));
  return buildTail(builder, stage, copy, made);
}

/** What follows the PCUs of a stage: the memory that folds, fetches, appends or numbers what they made. */
function buildTail(builder: Builder, stage: StagePlan, copy: Copy, made: ReadonlyMap<number, Source>): Source {
  const { operator, body } = stage.shape;
  switch (operator.kind) {
    case "map":
      if (sumsInMemory(stage)) return buildSums(builder, stage, copy, made.get(body.results[0]!)!);
      break;
    case "scan":
      break;
    case "groupBy":
      operator.fields.forEach((_, field) => {
        buildTable(builder, stage, copy, field, made);
      });
      break;
    case "gather":
      return buildGather(builder, stage, copy, made.get(body.results[0]!)!);
    case "flatMap":
      buildAppends(builder, stage, copy, made);
      break;
    case "hash":
      return buildHash(builder, stage, copy, made);
  }
  return made.get(body.results[0]!)!;
}

function buildPart(builder: Builder, stage: StagePlan, copy: Copy, id: string, part: Part, feeds: readonly Source[], made: Map<number, Source>): void {
  const { machine } = builder;
  const { shape } = stage;
  const loops = loopsOf(stage, stage.loops);
  const inputs: { name: string; source: Source; level: number }[] = [
    ...part.operands.map((operand) => ({ name: `operand${operand}`, source: feeds[operand]!, level: stage.operands[operand]!.level })),
    ...part.imports.map((node) => ({ name: `node${node}`, source: made.get(node)!, level: loops.length })),
  ];
  const { nodes, position } = nodesOf(stage, copy, part, feeds);
  const exports = part.exports.map((node) => {
    const folded = shape.body.nodes[node]!.kind === "reduce" && !sumsInMemory(stage);
    return {
      node,
      port: `out${node}`,
      level: folded ? resultLevel(stage, stage.loops) : loops.length,
      words: wordsOfNode(stage, node),
      dtype: nodes[position.get(node)!]!.dtype,
    };
  });
  const folded = foldedLoops(shape).map((index) => index.name);
  const nest: Nest = {
    id,
    loops,
    lanes: shape.lane === null ? 1 : shape.lanes,
    ii: 1,
    latency: machine.pcu.stages + (machine.pcu.tail ? 1 : 0) + turnsInTree(nodes, shape.lanes, machine),
    guards: elementGuards(folded, stage, stage.loops, copy),
    ports: [...inputs.map(({ name, level }) => port(name, "in", level)), ...exports.map(({ port: name, level }) => port(name, "out", level))],
    work: { kind: "compute", nodes, outputs: exports.map(({ node, port: name }) => ({ port: name, node: position.get(node)! })) },
  };
  addUnit(builder, { id, kind: "pcu", operator: shape.name, nests: [nest], stages: part.stages, registers: part.registers });
  for (const { name, source } of inputs) connect(builder, source, { unit: id, nest: id, port: name });
  for (const { node, port: name, words, dtype } of exports) made.set(node, { end: { unit: id, nest: id, port: name }, words, dtype });
}

/** Cycles beyond one a stage: those that a value turns in a folded tree. Numbers that share a lane have become one before it. */
function turnsInTree(nodes: readonly Node[], lanes: number, { pcu }: Machine): number {
  const hasTree = nodes.some((node) => (node.kind === "reduce" || node.kind === "scan") && node.lanes);
  return pcu.folded_tree && hasTree ? Math.max(0, Math.ceil(Math.log2(Math.min(lanes, pcu.lanes))) - 1) : 0;
}

/** A fold across lanes, and what no lane index touches, is one word. */
function wordsOfNode(stage: StagePlan, node: number): number {
  const { shape } = stage;
  if (shape.lane === null) return 1;
  return shape.body.nodes[node]!.kind === "reduce" && foldsLanes(shape) ? 1 : shape.lanes;
}

/** The part's share of the body, with operands and imports as inputs. */
function nodesOf(stage: StagePlan, copy: Copy, part: Part, feeds: readonly Source[]): { nodes: readonly Node[]; position: Map<number, number> } {
  const { body, lane } = stage.shape;
  const nodes: Node[] = [];
  const position = new Map<number, number>();
  const place = (id: number): number => {
    const done = position.get(id);
    if (done !== undefined) return done;
    position.set(id, -1);
    const at = nodes.push(translate(id)) - 1;
    position.set(id, at);
    return at;
  };
  const translate = (id: number): Node => {
    const node = body.nodes[id]!;
    if (part.imports.includes(id))
      return { kind: "input", port: `node${id}`, dtype: joined(stage, stage.loops) > 1 && node.kind === "reduce" ? node.acc : node.dtype };
    switch (node.kind) {
      case "operand": {
        const { dtype } = feeds[node.operand]!;
        const input: Node = { kind: "input", port: `operand${node.operand}`, dtype };
        return dtype === node.dtype ? input : { kind: "cast", dtype: node.dtype, arg: nodes.push(input) - 1 };
      }
      case "const":
        return node;
      case "index":
        return { kind: "affine", dtype: "i32", value: placeOf(node.place, stage, stage.loops, copy, lane, "global") };
      case "op":
        return { ...node, args: node.args.map(place) };
      case "cast":
        return { ...node, arg: place(node.arg) };
      case "reduce": {
        if (sumsInMemory(stage)) return { kind: "cast", dtype: node.acc, arg: place(node.arg) };
        const dtype = joined(stage, stage.loops) > 1 ? node.acc : node.dtype;
        return { ...node, dtype, arg: place(node.arg), level: resultLevel(stage, stage.loops), lanes: foldsLanes(stage.shape) };
      }
      case "scan":
        return { ...node, arg: place(node.arg), level: stage.loops.length + stage.inner.length - 1, lanes: lane !== null };
    }
  };
  for (const id of [...part.nodes, ...part.exports]) place(id);
  return { nodes, position };
}
