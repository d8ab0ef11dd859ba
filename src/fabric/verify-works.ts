/** What the work of one nest says of channels, memories and tensors: sizes, dtypes, shapes, and the unit it may stand in. */

import type { Machine } from "../machine/machine.ts";
import { isInteger } from "../pattern/dtypes.ts";
import type { Access, Affine, Channel, Fabric, Nest, Node, Scratch, TensorLayout, Unit, Work } from "./fabric.ts";
import { argsOf } from "./liveness.ts";
import { slotTableOf } from "./nests.ts";

/** A nest under inspection, with all that it names. */
export interface Context {
  readonly unit: Unit;
  readonly nest: Nest;
  readonly fabric: Fabric;
  readonly machine: Machine;
  readonly channels: ReadonlyMap<string, Channel>;
  report(code: string, message: string): void;
}

const homes: { readonly [K in Work["kind"]]: readonly Unit["kind"][] } = {
  compute: ["pcu"],
  systolic: ["pcu"],
  load: ["ag"],
  store: ["ag"],
  write: ["pmu"],
  read: ["pmu", "pcu"],
  fold: ["pmu"],
  scatter: ["pmu"],
  gather: ["pmu"],
  fetch: ["ag"],
  append: ["ag"],
  hash: ["pmu"],
};

/** What the work says of its unit, channels, memories and tensors. */
export function checkWork(context: Context): void {
  const { unit, nest, report } = context;
  const { work } = nest;
  if (!homes[work.kind].includes(unit.kind)) report("wrong-unit", `${unit.kind === "ag" ? "an" : "a"} ${unit.kind.toUpperCase()} cannot ${work.kind}`);
  const check = checks[work.kind] as (context: Context, work: Work) => void;
  check(context, work);
}

const checks: { readonly [K in Work["kind"]]: (context: Context, work: Extract<Work, { readonly kind: K }>) => void } = {
  compute: checkCompute,
  systolic: checkSystolic,
  load: checkTransfer,
  store: checkTransfer,
  write: checkScratchAccess,
  read: checkScratchAccess,
  fold: checkFold,
  scatter: checkScatter,
  gather: checkGather,
  fetch: checkFetch,
  append: checkAppend,
  hash: checkHash,
};

export function checkAffine({ loops }: Affine, nest: Pick<Nest, "loops">, what: string, report: Context["report"]): void {
  if (loops.length !== nest.loops.length) report("affine-loops", `${what} has ${loops.length} coefficients, the nest has ${nest.loops.length} loops`);
}

/** A token has a word for each lane, or one for all. */
function checkWords(context: Context, port: string, words = context.nest.lanes): void {
  const channel = channelAt(context, port);
  const { report } = context;
  if (channel !== undefined && channel.words !== words && channel.words !== 1)
    report("bad-words", `port ${port} needs ${words} words or 1, ${channel.id} carries ${channel.words}`);
}

function checkDtype(context: Context, port: string, dtype: string, what: string): void {
  const channel = channelAt(context, port);
  if (channel !== undefined && channel.dtype !== dtype) context.report("dtype-disagrees", `${what} is ${dtype}, ${channel.id} carries ${channel.dtype}`);
}

function checkIntegers(context: Context, port: string, what: string): void {
  const channel = channelAt(context, port);
  if (channel !== undefined && !isInteger(channel.dtype)) context.report("dtype-disagrees", `its ${what} come as ${channel.dtype}, they must be integers`);
}

function channelAt({ nest, channels }: Context, port: string): Channel | undefined {
  return channels.get(nest.ports.find(({ name }) => name === port)?.channel ?? "");
}

function checkCompute(context: Context, { nodes, outputs }: Extract<Work, { kind: "compute" }>): void {
  const { report } = context;
  nodes.forEach((node, i) => {
    if (argsOf(node).some((arg) => !(arg >= 0 && arg < i)))
      report("bad-node", `node ${i} (${node.kind}) reads ${argsOf(node).join(", ")}; it may read the nodes before it`);
    checkNode(context, node, i);
  });
  for (const { port, node } of outputs) {
    const source = nodes[node];
    if (source === undefined) report("bad-node", `port ${port} sends node ${node}, there are ${nodes.length}`);
    else checkDtype(context, port, source.dtype, `node ${node}`);
    checkWords(context, port);
  }
}

function checkNode(context: Context, node: Node, i: number): void {
  const { nest, report } = context;
  if (node.kind === "affine") checkAffine(node.value, nest, `node ${i}`, report);
  if ((node.kind === "reduce" || node.kind === "scan") && !(node.level >= 0 && node.level <= nest.loops.length)) {
    report("bad-level", `node ${i} folds inside level ${node.level}, the nest has ${nest.loops.length} loops`);
  }
  if (node.kind !== "input") return;
  checkWords(context, node.port);
  checkDtype(context, node.port, node.dtype, `node ${i}`);
}

function checkSystolic(context: Context, work: Extract<Work, { kind: "systolic" }>): void {
  const { unit, nest, machine, report } = context;
  if (!machine.pcu.modes.includes("systolic")) report("no-systolic", `is a systolic array, the machine's PCUs only do ${machine.pcu.modes.join(", ")}`);
  checkWords(context, work.lanePort);
  checkWords(context, work.stagePort, work.stages);
  const shape = unit.scratch.find(({ name }) => name === work.scratch)?.shape ?? [];
  if (elementsOf(shape) !== work.stages * nest.lanes)
    report("array-shape", `${work.stages} x ${nest.lanes} accumulators drain into ${work.scratch} of shape [${shape.join(", ")}]`);
  const level = nest.ports.find(({ kind }) => kind === "buffer")?.level;
  if (level !== undefined && level !== work.level) report("bad-level", `accumulates inside level ${work.level}, but hands over at level ${level}`);
}

function checkTransfer(context: Context, work: Extract<Work, { kind: "load" | "store" }>): void {
  const { nest, report } = context;
  const layout = findLayout(context, work);
  if (layout === undefined) return;
  checkAccess(context, work.access, layout.shape);
  checkWords(context, work.port);
  if (work.kind === "load") checkDtype(context, work.port, layout.dtype, work.tensor);
  const lane = work.access.dims.map((dim) => dim.lane);
  const contiguous = nest.lanes === 1 || (lane.at(-1) === 1 && lane.slice(0, -1).every((step) => step === 0));
  if (!contiguous)
    report("not-contiguous", `its ${nest.lanes} lanes step by [${lane.join(", ")}] along ${work.tensor}; they must step by 1 along the last dimension only`);
}

function findLayout({ fabric, report }: Context, work: Extract<Work, { tensor: string }>): TensorLayout | undefined {
  const layout = fabric.tensors.find(({ tensor }) => tensor === work.tensor);
  const verb = { load: "loads", store: "stores", fetch: "fetches from", append: "appends to" }[work.kind];
  if (layout === undefined) report("no-such-tensor", `${verb} ${work.tensor}, which the fabric does not place`);
  return layout;
}

export function checkAccess(
  { nest, report }: { readonly nest: Pick<Nest, "loops">; readonly report: Context["report"] },
  { dims, shape }: Access,
  actual: readonly number[],
): void {
  if (dims.length !== shape.length) report("access-rank", `gives ${dims.length} coordinates for the shape [${shape.join(", ")}]`);
  if (elementsOf(shape) !== elementsOf(actual)) report("access-shape", `sees [${shape.join(", ")}], but the memory has [${actual.join(", ")}]`);
  for (const dim of dims) checkAffine(dim, nest, "a coordinate", report);
}

function checkScratchAccess(context: Context, work: Extract<Work, { kind: "write" | "read" }>): void {
  const scratch = findScratch(context, work.scratch);
  checkWords(context, work.port);
  if (scratch === undefined) return;
  checkAccess(context, work.access, scratch.shape);
  if (work.kind !== "read") return;
  checkDtype(context, work.port, scratch.dtype, work.scratch);
  if (work.rest === undefined) return;
  checkWords(context, work.rest);
  checkDtype(context, work.rest, scratch.dtype, `what ${work.scratch} lacks`);
  const levels = [work.port, work.rest].map((name) => context.nest.ports.find((port) => port.name === name)?.level);
  if (levels.some((level) => level !== context.nest.loops.length)) context.report("bad-level", `takes ${work.rest} where ${work.scratch} ends: in each firing`);
}

function checkFold(context: Context, work: Extract<Work, { kind: "fold" }>): void {
  const scratch = findScratch(context, work.scratch);
  checkWords(context, work.port);
  if (scratch === undefined) return;
  checkAccess(context, work.access, scratch.shape);
  if (scratch.dtype !== work.acc) context.report("dtype-disagrees", `folds in ${work.acc}, but ${work.scratch} holds ${scratch.dtype}`);
}

function checkScatter(context: Context, work: Extract<Work, { kind: "scatter" }>): void {
  const { report } = context;
  checkWords(context, work.keyPort);
  checkWords(context, work.valuePort);
  checkIntegers(context, work.keyPort, "keys");
  const scratch = findScratch(context, work.scratch);
  if (scratch === undefined) return;
  if (scratch.dtype !== work.acc) report("dtype-disagrees", `combines in ${work.acc}, but ${work.scratch} holds ${scratch.dtype}`);
  const { first, keys } = work.shard ?? { first: 0, keys: elementsOf(scratch.shape) };
  const end = first + elementsOf(scratch.shape);
  if (!(Number.isInteger(first) && Number.isSafeInteger(keys) && first >= 0 && end <= keys))
    report("bad-shard", `has the keys from ${first} up to ${end} of a table of ${keys}`);
}

function checkGather(context: Context, work: Extract<Work, { kind: "gather" }>): void {
  checkWords(context, work.indexPort);
  checkWords(context, work.port);
  checkIntegers(context, work.indexPort, "indices");
  const dtype = findScratch(context, work.scratch)?.dtype;
  if (dtype !== undefined) checkDtype(context, work.port, dtype, work.scratch);
}

function checkFetch(context: Context, work: Extract<Work, { kind: "fetch" }>): void {
  checkWords(context, work.indexPort);
  checkWords(context, work.port);
  checkIntegers(context, work.indexPort, "indices");
  const layout = findLayout(context, work);
  if (layout !== undefined) checkDtype(context, work.port, layout.dtype, work.tensor);
}

function checkAppend(context: Context, work: Extract<Work, { kind: "append" }>): void {
  const { nest, report } = context;
  findLayout(context, work);
  if (work.emits.length === 0) report("no-emits", `appends to ${work.tensor}, but emits nothing`);
  for (const { whenPort, valuePort } of work.emits) {
    checkWords(context, whenPort);
    checkWords(context, valuePort);
  }
  if (work.sizePort === undefined) return;
  checkWords(context, work.sizePort, 1);
  checkDtype(context, work.sizePort, "i32", "the number of records");
  const level = nest.ports.find(({ name }) => name === work.sizePort)?.level ?? 0;
  if (level !== 0) report("bad-level", `tells the number of records at level ${level}, it is known at level 0`);
}

function checkHash(context: Context, work: Extract<Work, { kind: "hash" }>): void {
  const { report } = context;
  for (const port of [work.keyPort, work.whenPort, work.port]) checkWords(context, port);
  checkIntegers(context, work.keyPort, "keys");
  checkDtype(context, work.port, "i32", "a key's number");
  const bound = elementsOf(findScratch(context, work.keys)?.shape ?? []);
  if (!(Number.isInteger(Math.log2(work.slots)) && work.slots >= bound))
    report("bad-slots", `has ${work.slots} slots for up to ${bound} keys, it needs a power of two of at least ${bound}`);
  checkTable(context, work.keys, bound);
  checkTable(context, slotTableOf(work), work.slots);
  if (context.unit.nests.length > 1)
    report("hash-alone", `shares ${context.unit.id} with ${context.unit.nests.length - 1} more nests; its probes take all ports`);
}

/** A scratch memory of so many i32, in one buffer or more. */
function checkTable(context: Context, name: string, elements: number): void {
  const { unit, report } = context;
  const scratch = findScratch(context, name);
  if (scratch === undefined) report("no-such-scratch", `works on ${name}, which ${unit.id} does not have`);
  else if (scratch.dtype !== "i32" || elementsOf(scratch.shape) !== elements)
    report("table-shape", `needs ${name} as i32 of ${elements} elements, it is ${scratch.dtype}[${scratch.shape.join(", ")}]`);
}

function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

function findScratch({ unit }: Context, name: string): Scratch | undefined {
  return unit.scratch.find((scratch) => scratch.name === name);
}
