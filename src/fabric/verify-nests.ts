/** One nest at a time: its loops, affine expressions, ports and hand-overs. What its work says is verify-works.ts's. */

import type { Fault } from "../base/errors.ts";
import type { Machine } from "../machine/machine.ts";
import type { Channel, Fabric, Loop, Nest, Scratch, Unit } from "./fabric.ts";
import { faultAt, repeated } from "./faults.ts";
import { dataPorts, firingsOf, isRing, scratchesOf, takesScratch } from "./nests.ts";
import { type Context, checkAccess, checkAffine, checkWork } from "./verify-works.ts";

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
  return [...faults, ...unit.scratch.flatMap((scratch) => presetFaults(unit, scratch, section, fabric))];
}

/** What a memory starts with is of a tensor that exists, of its dtype, and the walks fit both. */
function presetFaults(unit: Unit, { name, dtype, shape, preset }: Scratch, section: string, { tensors }: Fabric): Fault[] {
  if (preset === undefined) return [];
  const faults: Fault[] = [];
  const report = (code: string, message: string): void => void faults.push(faultAt(`${section}.${unit.id}.${name}`, code, `${unit.id}.${name}: ${message}`));
  const layout = tensors.find(({ tensor }) => tensor === preset.tensor);
  if (layout === undefined) report("no-such-tensor", `starts with ${preset.tensor}, which the fabric does not place`);
  else {
    if (layout.dtype !== dtype) report("dtype-disagrees", `is ${dtype}, but starts with ${preset.tensor} of ${layout.dtype}`);
    checkAccess({ nest: preset, report }, preset.from, layout.shape);
  }
  checkAccess({ nest: preset, report }, preset.to, shape);
  for (const { value } of preset.guards) checkAffine(value, preset, "a guard", report);
  return faults;
}

function checkLoops(context: Context): void {
  const { nest, report } = context;
  nest.loops.forEach((loop, level) => {
    checkTripPort(context, loop, level);
  });
  for (const { name, trip, size } of nest.loops) {
    if (!(Number.isSafeInteger(trip) && trip >= 1)) report("bad-trip", `loop ${name} has the trip count ${trip}, it needs at least 1`);
    if (size === undefined) continue;
    checkSize(context, size.tensor, `loop ${name}`);
    if (!(Number.isSafeInteger(size.per) && size.per >= 1)) report("bad-trip", `loop ${name} takes ${size.per} of ${size.tensor} a turn, it needs at least 1`);
  }
  if (!Number.isSafeInteger(firingsOf(nest))) report("bad-trip", `its loops make ${firingsOf(nest)} firings, more than 2^53`);
  if (!(Number.isInteger(nest.ii) && nest.ii >= 1)) report("bad-ii", `fires every ${nest.ii} ticks, it needs at least 1`);
  if (!(Number.isInteger(nest.latency) && nest.latency >= 0)) report("bad-latency", `has a latency of ${nest.latency} ticks, it needs at least 0`);
  if (!(Number.isInteger(nest.lanes) && nest.lanes >= 1)) report("bad-lanes", `has ${nest.lanes} lanes, it needs at least 1`);
  for (const { value, size } of nest.guards) {
    checkAffine(value, nest, "a guard", report);
    if (size !== undefined) checkSize(context, size, "a guard");
  }
}

/** A trip count must be there when the loop begins, and only datapaths walk by counts that they read. */
function checkTripPort({ nest, channels, report }: Context, { name, size, port: from }: Loop, level: number): void {
  if (from === undefined) return;
  checkDataPort(nest, from, "in", report);
  const port = nest.ports.find((candidate) => candidate.name === from);
  const channel = channels.get(port?.channel ?? "");
  if (port !== undefined && port.level > level)
    report("bad-level", `loop ${name} is counted by ${from} of level ${port.level}; it must act at level ${level} or outside`);
  if (channel !== undefined && (channel.words !== 1 || channel.dtype !== "i32"))
    report("bad-size", `loop ${name} is counted by ${from}, whose tokens are ${channel.words} x ${channel.dtype}; they must be one i32`);
  if (size !== undefined) report("bad-trip", `loop ${name} is counted both by ${from} and by ${size.tensor}`);
  if (nest.work.kind !== "compute") report("bad-trip", `loop ${name} is counted by ${from}; a ${nest.work.kind} nest has no such loops`);
}

/** A length that is known when the section starts stands off chip. */
function checkSize({ fabric, report }: Context, name: string, what: string): void {
  const layout = fabric.tensors.find(({ tensor }) => tensor === name);
  if (layout === undefined) report("no-such-tensor", `${what} goes by ${name}, which the fabric does not place`);
  else if (layout.dtype !== "i32" || layout.shape.length !== 0)
    report("bad-size", `${what} goes by ${name}, which is ${layout.dtype}[${layout.shape.join(", ")}]; it must be an i32 scalar`);
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

/**
 * Who works on a scratch memory must take or give its buffers, all at one level; a ring to itself, and what a reader waits for once, at level 0, may come beside it. What a hash works
 * on is its own, and what stands in a memory from the start nobody hands over. Walks of one address generator hand over their turn, once.
 */
function checkHandover({ unit, nest, report }: Context): void {
  const names = scratchesOf(nest);
  const ports = nest.ports.filter((port) => port.kind === "buffer" && !isRing(nest, port));
  const levels = new Set(ports.filter(({ direction, level }) => direction === "out" || level > 0).map(({ level }) => level));
  if (levels.size > 1) report("handover-level", `hands over at the levels ${[...levels].join(", ")}; all buffer ports of a nest act at one`);
  if (unit.kind === "ag") {
    for (const { name, level } of ports) if (level > 0) report("handover-level", `${name} hands over a turn at level ${level}; a walk begins once, at level 0`);
    return;
  }
  if (names.length === 0 && ports.length > 0) report("buffer-memory", "hands over buffers, but has no scratch memory to hand over");
  const wanted = takesScratch(nest) ? "in" : "out";
  for (const name of names) {
    const scratch = unit.scratch.find((candidate) => candidate.name === name);
    if (scratch === undefined) report("no-such-scratch", `works on ${name}, which ${unit.id} does not have`);
    if (ports.length === 0 && (scratch?.preset === undefined || !takesScratch(nest))) report("no-handover", `works on ${name}, but has no buffer port for it`);
    if (ports.some((port) => port.direction !== wanted)) report("handover-direction", `${nest.work.kind}s ${name}: its buffer ports must be buffer-${wanted}`);
  }
}
