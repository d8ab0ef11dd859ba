/** A machine in a few lines for people, with what follows from its figures. */

import {
  lanesFor,
  onChipBytes,
  peakFlopsPerSecond,
  reconfigurationCycles,
  tierBytesPerCycle,
  tierBytesPerSecond,
  tierServiceShare,
  tierTiming,
} from "./derived.ts";
import { type GpuMachine, gpuPeakFlops } from "./gpu.ts";
import type { Machine, TierSpec } from "./machine.ts";

/** Lines for `weft list` and `weft check`; the first stands for itself. */
export function describeMachine(machine: Machine): readonly string[] {
  const { name, pcu, pmu, ag, grid, network, tiers, sources } = machine;
  const assumed = Object.values(sources).filter((source) => source.assumed).length;
  return [
    `${name}: ${pcu.count} PCUs and ${pmu.count} PMUs on ${grid.columns} x ${grid.rows}, ${ag.count} AGs, ${scaled(machine.clock_hz, "Hz")}`,
    `  compute: ${pcu.lanes} lanes x ${pcu.stages} stages, ${pcu.modes.join(" or ")}${pcu.tail ? ", tail unit" : ""}; ${peaks(machine)}`,
    `  on chip: ${binary(onChipBytes(machine))}, ${binary(pmu.bytes)} in ${pmu.banks} banks each`,
    ...Object.entries(tiers).map(([tier, spec]) => describeTier(machine, tier, spec)),
    `  network: ${network.kind}, ${network.vector_links} vector tracks of ${network.vector_bytes} bytes, ${network.hop_cycles} ${network.hop_cycles === 1 ? "cycle" : "cycles"} a hop`,
    `  section: ${reconfigurationCycles(machine)} cycles to load (${scaled(machine.reconfiguration_seconds, "s")})`,
    `  sources: ${assumed} of ${Object.keys(sources).length} figures are assumed`,
  ];
}

/** The same of a GPU. */
export function describeGpu(machine: GpuMachine): readonly string[] {
  const { name, sm, l2, hbm, launch, execution, sources, clock_hz } = machine;
  const figures = Object.values(sources);
  const reads = scaled(l2.read_bytes_per_cycle * clock_hz, "B/s");
  return [
    `${name}: ${sm.count} SMs, ${scaled(clock_hz, "Hz")}`,
    `  compute: peak ${(["f16", "f32"] as const).map((dtype) => `${scaled(gpuPeakFlops(machine, dtype), "FLOPS")} at ${dtype}`).join(", ")}; ${rounded(100 * sm.tensor_share)} % of it in long products`,
    `  L2: ${binary(l2.bytes)}, ${reads} of reads`,
    `  hbm: ${binary(hbm.bytes)}, ${scaled(hbm.bytes_per_second, "B/s")}, ${rounded(100 * hbm.achievable_share)} % of it in streams`,
    `  kernels: fusion ${execution.fusion}, attention ${execution.attention}, launched ${launch.regime}`,
    `  sources: ${figures.filter(({ assumed }) => assumed).length} of ${figures.length} figures are assumed, ${figures.filter(({ text }) => text.startsWith("fitted")).length} fitted`,
  ];
}

function peaks(machine: Machine): string {
  const peak = (bits: number): string => `${scaled(peakFlopsPerSecond(machine, bits / 8), "FLOPS")} at ${bits} bits (${lanesFor(machine, bits / 8)} lanes)`;
  return `peak ${peak(16)}, ${peak(32)}`;
}

function describeTier(machine: Machine, tier: string, spec: TierSpec): string {
  const { latency, clock } = tierTiming(machine, spec);
  const rate = `${scaled(tierBytesPerSecond(spec), "B/s")} (${rounded(tierBytesPerCycle(machine, spec))} bytes a cycle)`;
  const refreshed = spec.refresh === undefined ? "no refresh" : `${rounded(100 * tierServiceShare(spec))} % of it outside refresh`;
  const ticks = `${clock.numerator}/${clock.denominator} ticks a cycle`;
  return `  ${tier}: ${spec.standard}, ${binary(spec.bytes)} in ${spec.channels} channels, ${rate}, ${refreshed}, ${latency} cycles of latency, ${ticks}`;
}

const prefixes = [
  { power: 12, prefix: "T" },
  { power: 9, prefix: "G" },
  { power: 6, prefix: "M" },
  { power: 3, prefix: "k" },
  { power: 0, prefix: "" },
  { power: -3, prefix: "m" },
  { power: -6, prefix: "u" },
  { power: -9, prefix: "n" },
] as const;

/** 51200000000 B/s -> "51.2 GB/s". */
function scaled(value: number, unit: string): string {
  const { power, prefix } = prefixes.find((entry) => value >= 10 ** entry.power) ?? { power: 0, prefix: "" };
  return `${rounded(value / 10 ** power)} ${prefix}${unit}`;
}

function binary(bytes: number): string {
  const steps = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = Math.min(steps.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${rounded(bytes / 2 ** (10 * step))} ${steps[step]}`;
}

/** Four digits. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}
