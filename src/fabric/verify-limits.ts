/** What a unit takes against what the machine gives: stages, registers, counters, lanes, ports, scratchpad bytes, banks. */

import type { Fault } from "../base/errors.ts";
import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { bankMapOf, laneStride, paceOf, packedStrides, wordsIn } from "./banks.ts";
import type { Channel, Nest, Scratch, Unit } from "./fabric.ts";
import { faultAt } from "./faults.ts";

interface Demand {
  readonly what: string;
  readonly need: number;
  readonly bound: number;
}

type Channels = ReadonlyMap<string, Channel>;

export function unitLimitFaults(unit: Unit, section: string, channels: Channels, machine: Machine): Fault[] {
  const demands = [...stageDemands(unit, machine), ...portDemands(unit, channels, machine), ...byteDemands(unit, machine)];
  return [
    ...demands.flatMap((demand) => exceeded(`${section}.${unit.id}`, unit, demand)),
    ...unit.nests.flatMap((nest) => nestDemands(unit, nest, machine).flatMap((demand) => exceeded(`${section}.${unit.id}.${nest.id}`, unit, demand))),
    ...unit.scratch.flatMap((scratch) => scratchFaults(unit, scratch, section, machine)),
    ...unit.scratch.flatMap((scratch) => layoutFaults(unit, scratch, section, machine)),
    ...unit.nests.flatMap((nest) => bankFaults(unit, nest, section, machine)),
  ];
}

function exceeded(path: string, unit: Unit, { what, need, bound }: Demand): Fault[] {
  return need <= bound ? [] : [faultAt(path, "limit-exceeded", `${unit.id} (${unit.label}) needs ${need} ${what}, a ${unit.kind.toUpperCase()} has ${bound}`)];
}

function stageDemands(unit: Unit, { pcu }: Machine): readonly Demand[] {
  if (unit.kind !== "pcu") return [];
  return [
    { what: "stages", need: unit.stages, bound: pcu.stages },
    { what: "registers", need: unit.registers, bound: pcu.registers },
  ];
}

/** Buffer and control channels take no port; a broadcast takes one output port. */
function portDemands(unit: Unit, channels: Channels, machine: Machine): readonly Demand[] {
  if (unit.kind === "ag") return [];
  const spec = machine[unit.kind];
  const count = (direction: "in" | "out", width: Channel["width"]): number =>
    unit.nests
      .flatMap(({ ports }) => ports)
      .filter((port) => port.kind === "stream" && port.direction === direction && channels.get(port.channel)?.width === width).length;
  return [
    { what: "vector inputs", need: count("in", "vector"), bound: spec.vector_in },
    { what: "vector outputs", need: count("out", "vector"), bound: spec.vector_out },
    { what: "scalar inputs", need: count("in", "scalar"), bound: spec.scalar_in },
    { what: "scalar outputs", need: count("out", "scalar"), bound: spec.scalar_out },
  ];
}

function nestDemands(unit: Unit, nest: Nest, machine: Machine): readonly Demand[] {
  const { work } = nest;
  return [
    { what: "lanes", need: nest.lanes, bound: machine.pcu.lanes * machine.pcu.packing },
    ...(unit.kind === "ag" ? [] : [{ what: "counters", need: nest.loops.length, bound: machine[unit.kind].counters }]),
    ...(work.kind === "systolic" ? [{ what: "stages", need: work.stages, bound: machine.pcu.stages }] : []),
  ];
}

function byteDemands(unit: Unit, { pmu }: Machine): readonly Demand[] {
  if (unit.kind !== "pmu") return [];
  return [{ what: "bytes of scratchpad", need: unit.scratch.reduce((sum, { bytes }) => sum + bytes, 0), bound: pmu.bytes }];
}

/** What a scratch memory says it takes must hold what it stores. */
function scratchFaults(
  unit: Unit,
  { name, dtype, shape, strides = packedStrides(shape), buffers, bytes }: Scratch,
  section: string,
  machine: Machine,
): Fault[] {
  const need = buffers * wordsIn(shape, strides) * (unit.kind === "pmu" ? Math.max(machine.pmu.word_bytes, bytesOf(dtype)) : bytesOf(dtype));
  if (need <= bytes) return [];
  return [faultAt(`${section}.${unit.id}.${name}`, "scratch-too-small", `${name} of ${unit.id} is given ${bytes} bytes, its ${buffers} buffers hold ${need}`)];
}

/** Its layout over the banks is one that the machine has; in a diagonal one each row takes whole turns of the banks, else two words would lie at one place. */
function layoutFaults(unit: Unit, scratch: Scratch, section: string, { pmu }: Machine): Fault[] {
  if (unit.kind !== "pmu") return [];
  const { scheme, pitch, shape } = bankMapOf(scratch, pmu.banks);
  const path = `${section}.${unit.id}.${scratch.name}`;
  const offered = scratch.banking === undefined || pmu.banking.includes(scheme);
  return [
    ...(offered ? [] : [faultAt(path, "no-such-banking", `${scratch.name} of ${unit.id} lies ${scheme} over the banks, a PMU has ${pmu.banking.join(", ")}`)]),
    ...(scheme === "diagonal" && shape.length > 1 && pitch % pmu.banks !== 0
      ? [
          faultAt(
            path,
            "bad-banking",
            `rows of ${scratch.name} of ${unit.id} are ${pitch} words long, a diagonal layout needs a multiple of ${pmu.banks} banks`,
          ),
        ]
      : []),
  ];
}

/** A vector whose lanes meet in a bank takes as many ticks as the fullest bank has lanes. Where they differ from firing to firing, they are counted as it runs. */
function bankFaults(unit: Unit, nest: Nest, section: string, { pmu }: Machine): Fault[] {
  const { work } = nest;
  const scratch = "scratch" in work ? unit.scratch.find(({ name }) => name === work.scratch) : undefined;
  if (unit.kind !== "pmu" || scratch === undefined || !("access" in work) || work.access.dims.length !== scratch.shape.length) return [];
  const { turns, isSteady } = paceOf(nest, work.access, bankMapOf(scratch, pmu.banks));
  if (!isSteady || nest.ii >= turns) return [];
  const stride = laneStride(work.access, scratch.strides);
  const message = `${unit.id} (${unit.label}) fires every ${nest.ii} ticks, but its ${nest.lanes} lanes lie ${stride} words apart: ${pmu.banks} banks need ${turns}`;
  return [faultAt(`${section}.${unit.id}.${nest.id}`, "bank-conflict", message, "pad the rows by one word")];
}
