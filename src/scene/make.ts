/** A run -> the scene of its page. */

import type { Place } from "../base/errors.ts";
import type { Channel, Endpoint, Fabric, Nest, Section, Unit } from "../fabric/fabric.ts";
import { tierBytesPerSecond, tierServiceShare } from "../machine/derived.ts";
import type { GpuMachine } from "../machine/gpu.ts";
import type { Machine } from "../machine/machine.ts";
import type { MappedSection } from "../mapper/mapping.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Program } from "../pattern/program.ts";
import type { RunCounters, UnitCounters } from "../result/counters.ts";
import type { RunResult } from "../result/result.ts";
import type { Prepared } from "../sim/prepare.ts";
import { slotsOf } from "../sim/slots.ts";
import type { ActivityTrace, SectionTrace } from "../trace/trace.ts";
import { gpuOf } from "./gpu.ts";
import { passesOf } from "./passes.ts";
import { programOf } from "./program.ts";
import type { Scene, SceneChannel, SceneEnd, SceneMachine, SceneNest, SceneSection, SceneUnit } from "./scene.ts";

export interface SceneParts {
  /** As written. */
  readonly program: Program;
  readonly machine: Machine;
  readonly prepared: Prepared;
  readonly counters: RunCounters;
  readonly trace: ActivityTrace;
  /** Where a place in code that was bundled really is. */
  readonly placeOf?: (place: Place) => Place;
  readonly report: RunResult;
  /** On which the same program is shown beside it; null: none. */
  readonly gpu: GpuMachine | null;
}

export function makeScene({ program, machine, prepared, counters, trace, report, placeOf = (place) => place, gpu }: SceneParts): Scene {
  const { mapping, controllers } = prepared;
  const slots = slotsOf(mapping, machine);
  return {
    schemaVersion: 1,
    machine: machineOf(machine),
    program: programOf(program, mapping.fabric, placeOf),
    passes: passesOf(prepared, machine),
    sections: mapping.fabric.sections.map((section, s) => ({
      name: section.name,
      expected_cycles: controllers.sections[s]!.estimate.cycles,
      loops: controllers.sections[s]!.loops.map(({ name, extent, tile, par, trips }) => ({ name, extent, tile, par, trips })),
      ...wiredOf(section, mapping.sections[s]!, slots[s]!, counters.sections[s]!.units, mapping.fabric, trace.sections[s]!),
    })),
    gpu: gpuOf({ machine, program, controllers }, report, gpu),
    actions: null,
    depths: null,
  };
}

function machineOf(machine: Machine): SceneMachine {
  const { name, grid, pcu, pmu, ag, network, tiers, sources } = machine;
  return {
    ...{ name, grid, units: { pcu: pcu.count, pmu: pmu.count, ag: ag.count }, pmu_bytes: pmu.bytes, lanes: pcu.lanes },
    tracks: { vector: network.vector_links, scalar: network.scalar_links, control: network.control_links },
    tiers: (["hbm", "ddr"] as const).flatMap((tier) => {
      const spec = tiers[tier];
      if (spec === undefined) return [];
      return [
        {
          name: tier,
          standard: spec.standard,
          channels: spec.channels,
          bytes: spec.bytes,
          bytes_per_second: tierBytesPerSecond(spec),
          service_share: tierServiceShare(spec),
        },
      ];
    }),
    figures: Object.entries(sources).map(([path, { text, assumed }]) => ({ path, value: valueAt(machine, path), source: text, assumed })),
  };
}

function valueAt(machine: Machine, path: string): string {
  const value = path
    .split(".")
    .reduce<unknown>((at, key) => (typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined), machine);
  return typeof value === "object" ? JSON.stringify(value) : String(value ?? "");
}

// --- sections ---

type Wired = Pick<SceneSection, "units" | "channels">;

function wiredOf(
  section: Section,
  mapped: MappedSection,
  slots: ReadonlyMap<string, readonly number[]>,
  counted: readonly UnitCounters[],
  fabric: Fabric,
  trace: SectionTrace,
): Wired {
  const tiers = new Map(fabric.tensors.map(({ tensor, tier }) => [tensor, tier]));
  const units = section.units.map((unit, u) => unitOf(unit, counted[u]!, tiers));
  const numbers = new Map(section.units.map(({ id }, u) => [id as string, u]));
  const routes = new Map(mapped.routes.map((route) => [route.channel, route]));
  const firings = firingsOf(section, trace);
  const end = (at: Endpoint): SceneEnd => {
    const unit = numbers.get(at.unit)!;
    const nest = section.units[unit]!.nests.findIndex(({ id }) => id === at.nest);
    return { unit, nest, firings_per_token: periodAt(section.units[unit]!.nests[nest]!, at.port) };
  };
  const channelOf = (channel: Channel): SceneChannel => {
    const { id, kind, width, words, dtype, depth, initial = 0, rate } = channel;
    const route = routes.get(id);
    const source = end(channel.source);
    return {
      ...{ id, kind, width, words, bytes: words * bytesOf(dtype), depth, slots: slots.get(id)!, initial, rate, source },
      sinks: channel.sinks.map((sink, i) => ({ ...end(sink), hops: route?.hops[i] ?? 0 })),
      links: (route?.links ?? []).flat(),
      tokens: Math.floor(firings[source.unit]![source.nest]! / source.firings_per_token),
    };
  };
  return { units, channels: section.channels.map(channelOf) };
}

function unitOf({ id, kind, operator, label, nests, scratch }: Unit, { x, y, shown }: UnitCounters, tiers: ReadonlyMap<string, string>): SceneUnit {
  return {
    ...{ id, kind, x, y, operator, label, shown },
    nests: nests.map((nest) => nestOf(nest, tiers)),
    scratch: scratch.map(({ name, dtype, shape, buffers, bytes }) => ({ name, dtype, shape, buffers, bytes })),
  };
}

function nestOf({ id, loops, lanes, ii, latency, work }: Nest, tiers: ReadonlyMap<string, string>): SceneNest {
  const tensor = "tensor" in work ? work.tensor : null;
  const tier = tensor === null ? undefined : tiers.get(tensor);
  return {
    ...{ id, work: work.kind, tensor, tier: tier === "hbm" || tier === "ddr" ? tier : null },
    ...{ loops: loops.map(({ name, trip }) => ({ name, trip })), lanes, ii, latency },
  };
}

/** Firings for each time that the port acts; of loops that data counts, by their bounds. */
function periodAt({ loops, ports }: Nest, name: string): number {
  const { level } = ports.find((port) => port.name === name)!;
  return loops.slice(level).reduce((product, { trip }) => product * trip, 1);
}

/** By unit and nest, over the whole run. */
function firingsOf({ units }: Section, { firings, bins }: SectionTrace): readonly (readonly number[])[] {
  let row = 0;
  return units.map(({ nests }) =>
    nests.map(() => {
      let sum = 0;
      for (let at = row * bins; at < (row + 1) * bins; at++) sum += firings[at]!;
      row++;
      return sum;
    }),
  );
}
