/**
 * From a program on a GPU, kernel by kernel, to the same spatially on a dataflow accelerator: a run of the GPU's model for each thing that it is spared, one after the other, then the lower bounds of both
 * machines, then what the accelerator takes beyond its own.
 */

import { NOTHING_SPARED, runGpu, type Spared } from "../gpu/run.ts";
import type { GpuMachine } from "../machine/gpu.ts";
import { tensorBytes, tensorNamed } from "../pattern/analysis.ts";
import type { Program } from "../pattern/program.ts";
import { duration, grouped, scaled } from "./format.ts";
import { movedBytes, nameOf, picosecondsOf, type Side } from "./sides.ts";
import { type Step, type Waterfall, waterfallOfSteps } from "./waterfall.ts";

/** Both simulated to their ends. */
export function gpuWaterfall(program: Program, machine: GpuMachine, from: Side, to: Side): Waterfall {
  const ps = (cycles: number, clock_hz: number): number => Math.round((cycles * 1e12) / clock_hz);
  const [gpu, rda] = [from.result, to.result];
  let spared: Spared = NOTHING_SPARED;
  const ablations = ABLATIONS.map(({ name, spares, why }): Step => {
    spared = { ...spared, [spares]: true };
    return { name, time_ps: ps(runGpu(program, machine, spared).cycles, machine.clock_hz), why: why(from) };
  });
  const bytes = compulsoryBytes(program);
  const bound = Math.max(ps(gpu.bounds_cycles.compute, gpu.clock_hz), Math.round((bytes * 1e12) / machine.hbm.bytes_per_second));
  const [resource, cycles] = Object.entries(rda.bounds_cycles).reduce((most, one) => (one[1] > most[1] ? one : most));
  const ownBound = ps(cycles, rda.clock_hz);
  const configuring = Math.round(rda.launch_seconds * 1e12);
  const ends = { from: nameOf(from), to: nameOf(to), from_ps: picosecondsOf(from), to_ps: picosecondsOf(to) };
  return waterfallOfSteps(ends, [
    ...ablations,
    {
      name: "rates below peak",
      time_ps: bound,
      why: `down to the bound of ${machine.name} (${time(bound)}: products at the peak, or inputs and outputs, ${scaled(bytes, "B")}, at the rate of the pins): sustained rates, instructions beside products, and kernels that do not overlap`,
    },
    {
      name: "another chip",
      time_ps: ownBound,
      why: `from the bound of ${machine.name} to that of ${to.machine} (${time(ownBound)}, ${resource}): what the hardware gives or takes, whatever the style`,
    },
    {
      name: "spatial beyond its bound",
      time_ps: ends.to_ps - configuring,
      why: `fill and drain, memory below its pins and waits between stages of ${grouped(rda.sections.length)} section${rda.sections.length === 1 ? "" : "s"}`,
    },
    { name: "reconfiguration", time_ps: ends.to_ps, why: `${grouped(rda.launches)} configuration${rda.launches === 1 ? "" : "s"} loaded` },
  ]);
}

const time = (ps: number): string => duration(ps / 1e12);

interface Ablation {
  readonly name: string;
  readonly spares: keyof Spared;
  readonly why: (from: Side) => string;
}

/** In this order, each beside those before it. */
const ABLATIONS: readonly Ablation[] = [
  {
    name: "launches",
    spares: "launches",
    why: ({ result }) => `${duration(result.launch_seconds)} between ${grouped(result.launches)} kernel${result.launches === 1 ? "" : "s"}`,
  },
  {
    name: "HBM round trips",
    spares: "roundTrips",
    why: ({ result }) =>
      `each input read and each output written once, instead of the ${scaled(movedBytes(result.tiers.hbm), "B")} that crossed the pins (without outputs that L2 still held at the end: where those are more than what is saved, this takes time)`,
  },
  { name: "fill and drain", spares: "latency", why: () => "memory that answers at once, and blocks that start at once" },
  { name: "under-filled SMs", spares: "underfill", why: () => "grids of fewer blocks than there are places, spread evenly over all SMs" },
  { name: "quantisation", spares: "quantisation", why: () => "no last wave that is not full, in any grid" },
];

/** Inputs that are read and outputs, once each. */
function compulsoryBytes(program: Program): number {
  const names = new Set([...program.inputs, ...Object.values(program.outputs)]);
  return [...names].reduce((sum, name) => sum + tensorBytes(tensorNamed(program, name)), 0);
}
