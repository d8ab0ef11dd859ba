/**
 * The SIMD datapath of a compute nest. Each node has a register of one value a lane; nodes are evaluated in order, each rounded to its dtype.
 * A node is evaluated only in the firings in which something reads it: a reduce folds its argument each firing, a port reads its
 * node when it pushes. (Nodes have no effects, so this changes no result.) A reduce and a scan are evaluated in every firing, for what they keep.
 *
 * reduce: one accumulator a lane, in dtype `acc`, folded in firing order. Across lanes it is a tree of neighbours: lane 0 with 1, 2 with 3, ...; then
 * the pairs, until one is left; a last one without a neighbour moves up as it is. Each step rounds to `acc`, the result to `dtype`.
 * scan: one accumulator, folded lane after lane, or one a lane. A lane that is not valid adds nothing and gives the fold so far.
 * Hot path: registers are reused, an input's register is the engine's own array.
 */

import { identity, roundFunction, type ScalarFunction, scalarFunction } from "../pattern/dtypes.ts";
import type { NestBehaviour, Wire } from "./datapath.ts";
import type { Nest, Node, Work } from "./fabric.ts";
import { type Kernel, kernelFrom, kernelOf } from "./kernels.ts";
import { foldsFirings, neededLevels } from "./liveness.ts";
import { tripPorts } from "./nests.ts";
import { advanceSteered, findSteeredLanes, steerWalk } from "./steered-walk.ts";
import { wiresOf } from "./storage.ts";
import { advance, findLanes, makeWalk, type Walk } from "./walk.ts";

type Compute = Extract<Work, { readonly kind: "compute" }>;
type NodeOf<K extends Node["kind"]> = Extract<Node, { readonly kind: K }>;

/** Evaluates one node for all lanes of this firing. */
type Step = (inputs: readonly Float64Array[]) => void;

interface Datapath {
  readonly lanes: number;
  readonly walk: Walk;
  /** By node. */
  readonly registers: Float64Array[];
  readonly wires: readonly Wire[];
}

export function computeBehaviour(nest: Nest, work: Compute, wires: readonly Wire[], operator: string): NestBehaviour {
  const outputs = work.outputs.flatMap(({ port, node }) => wiresOf(wires, port).map((p) => ({ p, port, node, level: levelOf(nest, port) })));
  const needed = neededLevels(nest, work, new Set(outputs.map(({ port }) => port)));
  const affines = work.nodes.flatMap((node) => (node.kind === "affine" ? [node.value] : []));
  const walk = makeWalk(nest, undefined, affines);
  const path: Datapath = { lanes: nest.lanes, walk, registers: work.nodes.map(() => new Float64Array(nest.lanes)), wires };
  const steps = compileNodes(path, nest, work.nodes, needed);
  const ports = Int32Array.from(outputs, ({ p }) => p);
  const sources = Int32Array.from(outputs, ({ node }) => node);
  const levels = Int32Array.from(outputs, ({ level }) => level);
  const compute = (inputs: readonly Float64Array[], into: readonly Float64Array[]): void => {
    steps.run(inputs);
    for (let o = 0; o < ports.length; o++) if (walk.ends <= levels[o]!) copyWords(into[ports[o]!]!, path.registers[sources[o]!]!);
  };
  if (tripPorts(nest).length > 0) return steeredBehaviour(nest, walk, wires, operator, compute);
  return {
    fire(_n, inputs, into) {
      findLanes(walk);
      compute(inputs, into);
      advance(walk);
      return nest.ii;
    },
  };
}

type Evaluate = (inputs: readonly Float64Array[], into: readonly Float64Array[]) => void;

function steeredBehaviour(nest: Nest, walk: Walk, wires: readonly Wire[], operator: string, compute: Evaluate): NestBehaviour {
  const steered = steerWalk(nest, walk, wires, operator);
  return {
    steering: steered.steering,
    tally: { lanes: 0, probes: 0, entries: 0, levels: steered.tally },
    fire(_n, inputs, into) {
      findSteeredLanes(steered);
      compute(inputs, into);
      advanceSteered(steered);
      return nest.ii;
    },
  };
}

function levelOf(nest: Nest, port: string): number {
  return nest.ports.find(({ name }) => name === port)!.level;
}

function copyWords(out: Float64Array, register: Float64Array): void {
  for (let l = 0; l < out.length; l++) out[l] = register[l]!;
}

/** The nodes that are read at all, each run at the ends of the level at which it is read. */
function compileNodes(path: Datapath, nest: Nest, nodes: readonly Node[], needed: readonly (number | undefined)[]): { run: Step } {
  const steps: Step[] = [];
  const when: number[] = [];
  let affines = 0;
  nodes.forEach((node, i) => {
    const extra = node.kind === "affine" ? affines++ : 0;
    const level = needed[i];
    if (level === undefined) return;
    steps.push(stepOf(path, node, i, level, extra));
    when.push(foldsFirings(node) ? nest.loops.length : level);
  });
  const { walk } = path;
  const levels = Int32Array.from(when);
  return {
    run(inputs) {
      for (let s = 0; s < steps.length; s++) if (walk.ends <= levels[s]!) steps[s]!(inputs);
    },
  };
}

function stepOf(path: Datapath, node: Node, i: number, level: number, extra: number): Step {
  switch (node.kind) {
    case "input":
      return inputStep(path, node, i);
    case "const":
      path.registers[i]!.fill(node.value);
      return () => {};
    case "affine":
      return affineStep(path, i, path.walk.element + 1 + extra);
    case "op":
      return opStep(path, i, node.args, kernelOf(node.op, node.dtype));
    case "cast":
      return opStep(path, i, [node.arg], kernelFrom(roundFunction(node.dtype)));
    case "reduce":
      return reduceStep(path, node, i, level);
    case "scan":
      return scanStep(path, node, i);
  }
}

function inputStep({ registers, wires, lanes }: Datapath, { port }: NodeOf<"input">, i: number): Step {
  const p = wiresOf(wires, port)[0]!;
  if (wires[p]!.words === lanes)
    return (inputs) => {
      registers[i] = inputs[p]!;
    };
  const register = registers[i]!;
  return (inputs) => {
    const word = inputs[p]![0]!;
    for (let l = 0; l < register.length; l++) register[l] = word;
  };
}

function affineStep({ registers, walk }: Datapath, i: number, value: number): Step {
  const register = registers[i]!;
  return () => {
    let word = walk.values[value]!;
    for (let l = 0; l < register.length; l++, word += walk.lane[value]!) register[l] = word | 0;
  };
}

/** An operand that the operation lacks is the first again. */
function opStep({ registers, lanes }: Datapath, i: number, args: readonly number[], kernel: Kernel): Step {
  const out = registers[i]!;
  const a = args[0]!;
  const b = args[1] ?? a;
  const c = args[2] ?? a;
  return () => kernel(out, registers[a]!, registers[b]!, registers[c]!, 0, lanes);
}

function reduceStep({ registers, walk, lanes }: Datapath, node: NodeOf<"reduce">, i: number, read: number): Step {
  const start = identity(node.fn, node.acc);
  const fold = scalarFunction(node.fn, node.acc);
  const foldLanes = kernelOf(node.fn, node.acc);
  const toDtype = node.dtype === node.acc ? null : roundFunction(node.dtype);
  const accumulators = new Float64Array(lanes);
  const register = registers[i]!;
  const { arg, level } = node;
  return () => {
    if (walk.begins <= level) accumulators.fill(start);
    const words = registers[arg]!;
    foldLanes(accumulators, accumulators, words, words, walk.lo, walk.hi);
    if (walk.ends > read) return;
    register.set(accumulators);
    if (node.lanes) foldTree(register, fold);
    if (toDtype !== null) for (let l = 0; l < lanes; l++) register[l] = toDtype(register[l]!);
  };
}

function scanStep({ registers, walk, lanes }: Datapath, node: NodeOf<"scan">, i: number): Step {
  const start = identity(node.fn, node.acc);
  const fold = scalarFunction(node.fn, node.acc);
  const toDtype = roundFunction(node.dtype);
  const accumulators = new Float64Array(node.lanes ? 1 : lanes);
  const laneStep = node.lanes ? 0 : 1;
  const register = registers[i]!;
  const { arg, level, exclusive } = node;
  return () => {
    if (walk.begins <= level) accumulators.fill(start);
    const words = registers[arg]!;
    for (let l = 0; l < lanes; l++) {
      const before = accumulators[l * laneStep]!;
      const after = l >= walk.lo && l < walk.hi ? fold(before, words[l]!, 0) : before;
      accumulators[l * laneStep] = after;
      register[l] = toDtype(exclusive ? before : after);
    }
  };
}

/** Leaves the fold of all lanes in all lanes. */
function foldTree(register: Float64Array, fold: ScalarFunction): void {
  for (let width = register.length; width > 1; width = (width + 1) >> 1) {
    for (let l = 0; l < width >> 1; l++) register[l] = fold(register[2 * l]!, register[2 * l + 1]!, 0);
    if (width & 1) register[width >> 1] = register[width - 1]!;
  }
  register.fill(register[0]!);
}
