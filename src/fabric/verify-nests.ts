/** One nest at a time: its loops, affine expressions, ports, and what its work says of channels, memories and tensors. */

import type { Fault } from "../base/errors.ts";
import type { Machine } from "../machine/machine.ts";
import { isInteger } from "../pattern/dtypes.ts";
import type { Access, Affine, Channel, Fabric, Nest, Node, Scratch, Unit, Work } from "./fabric.ts";
import { faultAt, repeated } from "./faults.ts";
import { argsOf } from "./liveness.ts";
import { dataPorts, firingsOf, scratchOf } from "./nests.ts";

interface Context {
  readonly unit: Unit;
  readonly nest: Nest;
  readonly fabric: Fabric;
  readonly machine: Machine;
  readonly channels: ReadonlyMap<string, Channel>;
  report(code: string, message: string): void;
}

export function nestFaults(unit: Unit, section: string, channels: ReadonlyMap<string, Channel>, fabric: Fabric, machine: Machine): Fault[] {
  const faults: Fault[] = repeated(unit.nests.map(({ id }) => id)).map((id) =>
    faultAt(`${section}.${unit.id}`, "repeated-id", `two nests of ${unit.id} are called ${id}`),
  );
  for (const nest of unit.nests) {
    const path = `${section}.${unit.id}.${nest.id}`;
    const report = (code: string, message: string): void => void faults.push(faultAt(path, code, `${unit.id}.${nest.id}: ${message}`));
    const context: Context = { unit, nest, fabric, machine, channels, report };
    checkLoops(context);
    checkPorts(context);
    checkHandover(context);
    checkWork(context);
  }
  return faults;
}

function checkLoops({ nest, report }: Context): void {
  for (const { name, trip } of nest.loops)
    if (!(Number.isSafeInteger(trip) && trip >= 1)) report("bad-trip", `loop ${name} has the trip count ${trip}, it needs at least 1`);
  if (!Number.isSafeInteger(firingsOf(nest))) report("bad-trip", `its loops make ${firingsOf(nest)} firings, more than 2^53`);
  if (!(Number.isInteger(nest.ii) && nest.ii >= 1)) report("bad-ii", `fires every ${nest.ii} ticks, it needs at least 1`);
  if (!(Number.isInteger(nest.latency) && nest.latency >= 0)) report("bad-latency", `has a latency of ${nest.latency} ticks, it needs at least 0`);
  if (!(Number.isInteger(nest.lanes) && nest.lanes >= 1)) report("bad-lanes", `has ${nest.lanes} lanes, it needs at least 1`);
  for (const { value } of nest.guards) checkAffine(value, nest, "a guard", report);
}

function checkAffine({ loops }: Affine, nest: Nest, what: string, report: Context["report"]): void {
  if (loops.length !== nest.loops.length) report("affine-loops", `${what} has ${loops.length} coefficients, the nest has ${nest.loops.length} loops`);
}

function checkPorts({ nest, channels, report }: Context): void {
  for (const name of repeated(nest.ports.map((port) => port.name))) report("repeated-id", `two ports are called ${name}`);
  for (const { name, channel, level } of nest.ports) {
    if (!channels.has(channel)) report("no-such-channel", `port ${name} names the channel ${channel}, which does not exist`);
    if (!(Number.isInteger(level) && level >= 0 && level <= nest.loops.length))
      report("bad-level", `port ${name} acts at level ${level}, the nest has ${nest.loops.length} loops`);
  }
  const { inputs, outputs } = dataPorts(nest);
  for (const name of inputs) checkDataPort(nest, name, "in", report);
  for (const name of outputs) checkDataPort(nest, name, "out", report);
  const made = new Set(outputs);
  for (const { name, channel, direction, kind } of nest.ports) {
    const words = channels.get(channel)?.words ?? 0;
    if (direction === "out" && kind === "stream" && words > 0 && !made.has(name))
      report("nothing-to-send", `port ${name} sends ${words} words, but the work makes none for it`);
  }
}

function checkDataPort(nest: Nest, name: string, direction: "in" | "out", report: Context["report"]): void {
  const port = nest.ports.find((candidate) => candidate.name === name);
  if (port?.kind === "stream" && port.direction === direction) return;
  report(
    "no-such-port",
    `the work uses ${name} as a stream-${direction}, ${port === undefined ? "which does not exist" : `but it is a ${port.kind}-${port.direction}`}`,
  );
}

/** Who works on a scratch memory must take or give its buffers, all at one level. */
function checkHandover({ unit, nest, report }: Context): void {
  const name = scratchOf(nest);
  const ports = nest.ports.filter(({ kind }) => kind === "buffer");
  const levels = new Set(ports.map(({ level }) => level));
  if (levels.size > 1) report("handover-level", `hands over at the levels ${[...levels].join(", ")}; all buffer ports of a nest act at one`);
  if (name === undefined) {
    if (ports.length > 0) report("buffer-memory", `hands over buffers, but works on no scratch memory`);
    return;
  }
  if (!unit.scratch.some((scratch) => scratch.name === name)) report("no-such-scratch", `works on ${name}, which ${unit.id} does not have`);
  if (ports.length === 0) report("no-handover", `works on ${name}, but has no buffer port for it`);
  const wanted = nest.work.kind === "read" ? "in" : "out";
  if (ports.some((port) => port.direction !== wanted)) report("handover-direction", `${nest.work.kind}s ${name}: its buffer ports must be buffer-${wanted}`);
}

const homes: { readonly [K in Work["kind"]]: readonly Unit["kind"][] } = {
  compute: ["pcu"],
  systolic: ["pcu"],
  load: ["ag"],
  store: ["ag"],
  write: ["pmu"],
  read: ["pmu", "pcu"],
  scatter: ["pmu"],
};

function checkWork(context: Context): void {
  const { unit, nest, report } = context;
  const { work } = nest;
  if (!homes[work.kind].includes(unit.kind)) report("wrong-unit", `a ${unit.kind.toUpperCase()} cannot ${work.kind}`);
  if (work.kind === "compute") checkCompute(context, work.nodes, work.outputs);
  else if (work.kind === "systolic") checkSystolic(context, work);
  else if (work.kind === "load" || work.kind === "store") checkTransfer(context, work);
  else if (work.kind === "scatter") checkScatter(context, work);
  else checkScratchAccess(context, work);
}

/** A token has a word for each lane, or one for all. */
function checkWords({ nest, channels, report }: Context, port: string, words = nest.lanes): void {
  const channel = channels.get(nest.ports.find(({ name }) => name === port)?.channel ?? "");
  if (channel !== undefined && channel.words !== words && channel.words !== 1)
    report("bad-words", `port ${port} needs ${words} words or 1, ${channel.id} carries ${channel.words}`);
}

function checkDtype({ nest, channels, report }: Context, port: string, dtype: string, what: string): void {
  const channel = channels.get(nest.ports.find(({ name }) => name === port)?.channel ?? "");
  if (channel !== undefined && channel.dtype !== dtype) report("dtype-disagrees", `${what} is ${dtype}, ${channel.id} carries ${channel.dtype}`);
}

function checkCompute(context: Context, nodes: readonly Node[], outputs: readonly { readonly port: string; readonly node: number }[]): void {
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
  if (node.kind === "reduce" && !(node.level >= 0 && node.level <= nest.loops.length)) {
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
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (size !== work.stages * nest.lanes)
    report("array-shape", `${work.stages} x ${nest.lanes} accumulators drain into ${work.scratch} of shape [${shape.join(", ")}]`);
  const level = nest.ports.find(({ kind }) => kind === "buffer")?.level;
  if (level !== undefined && level !== work.level) report("bad-level", `accumulates inside level ${work.level}, but hands over at level ${level}`);
}

function checkTransfer(context: Context, work: Extract<Work, { kind: "load" | "store" }>): void {
  const { nest, fabric, report } = context;
  const layout = fabric.tensors.find(({ tensor }) => tensor === work.tensor);
  if (layout === undefined) {
    report("no-such-tensor", `${work.kind}s ${work.tensor}, which the fabric does not place`);
    return;
  }
  checkAccess(context, work.access, layout.shape);
  checkWords(context, work.port);
  if (work.kind === "load") checkDtype(context, work.port, layout.dtype, work.tensor);
  const lane = work.access.dims.map((dim) => dim.lane);
  const contiguous = nest.lanes === 1 || (lane.at(-1) === 1 && lane.slice(0, -1).every((step) => step === 0));
  if (!contiguous)
    report("not-contiguous", `its ${nest.lanes} lanes step by [${lane.join(", ")}] along ${work.tensor}; they must step by 1 along the last dimension only`);
}

function checkAccess({ nest, report }: Context, { dims, shape }: Access, actual: readonly number[]): void {
  const count = (extents: readonly number[]): number => extents.reduce((product, extent) => product * extent, 1);
  if (dims.length !== shape.length) report("access-rank", `gives ${dims.length} coordinates for the shape [${shape.join(", ")}]`);
  if (count(shape) !== count(actual)) report("access-shape", `sees [${shape.join(", ")}], but the memory has [${actual.join(", ")}]`);
  for (const dim of dims) checkAffine(dim, nest, "a coordinate", report);
}

function checkScratchAccess(context: Context, work: Extract<Work, { kind: "write" | "read" }>): void {
  const scratch = findScratch(context, work.scratch);
  checkWords(context, work.port);
  if (scratch === undefined) return;
  checkAccess(context, work.access, scratch.shape);
  if (work.kind === "read") checkDtype(context, work.port, scratch.dtype, work.scratch);
}

function checkScatter(context: Context, work: Extract<Work, { kind: "scatter" }>): void {
  const { nest, channels, report } = context;
  checkWords(context, work.keyPort);
  checkWords(context, work.valuePort);
  const keys = channels.get(nest.ports.find(({ name }) => name === work.keyPort)?.channel ?? "");
  if (keys !== undefined && !isInteger(keys.dtype)) report("dtype-disagrees", `its keys come as ${keys.dtype}, they must be integers`);
  const dtype = findScratch(context, work.scratch)?.dtype;
  if (dtype !== undefined && dtype !== work.acc) report("dtype-disagrees", `combines in ${work.acc}, but ${work.scratch} holds ${dtype}`);
}

function findScratch({ unit }: Context, name: string): Scratch | undefined {
  return unit.scratch.find((scratch) => scratch.name === name);
}
