/** Figures that follow from a machine's: peaks, capacities, clock ratios and grid positions. A dtype enters only by its size in bytes. */

import type { Bytes, Cycles } from "../base/units.ts";
import type { Machine, TierSpec } from "./machine.ts";
import { greatestCommonDivisor } from "./schema.ts";
import { partOfTier } from "./tier-part.ts";

export type Mode = Machine["pcu"]["modes"][number];

// --- compute ---

/** Numbers of a dtype that a lane takes at a time. */
export function packed({ pcu }: Machine, dtypeBytes: number): number {
  return Math.max(1, Math.min(pcu.packing, Math.floor(LANE_BYTES / dtypeBytes)));
}

const LANE_BYTES = 4;

/** Lanes that a dtype can use, those that a lane packs included: a vector token has `vector_bytes` for all of them. */
export function lanesFor(machine: Machine, dtypeBytes: number): number {
  return Math.min(machine.pcu.lanes * packed(machine, dtypeBytes), Math.floor(machine.network.vector_bytes / dtypeBytes));
}

/** Most floating-point operations a fabric cycle: every stage of every lane does a multiply and an add, as a pipeline or as an array. 0 in a mode the PCUs don't have. */
export function peakFlopsPerCycle(machine: Machine, dtypeBytes: number, mode?: Mode): number {
  const { count, stages, modes } = machine.pcu;
  return mode === undefined || modes.includes(mode) ? count * stages * lanesFor(machine, dtypeBytes) * 2 : 0;
}

export function peakFlopsPerSecond(machine: Machine, dtypeBytes: number, mode?: Mode): number {
  return peakFlopsPerCycle(machine, dtypeBytes, mode) * machine.clock_hz;
}

// --- memory ---

/** Scratchpads of all PMUs. */
export function onChipBytes({ pmu }: Machine): Bytes {
  return pmu.count * pmu.bytes;
}

/** Pin rate of all channels, refresh not taken off. */
export function tierBytesPerSecond(tier: TierSpec): number {
  return (tier.channels * tier.burst_bytes * tier.clock_hz) / tier.burst_clocks;
}

export function tierBytesPerCycle(machine: Machine, tier: TierSpec): number {
  return tierBytesPerSecond(tier) / machine.clock_hz;
}

/** Share of the time that the channels are in service, 0 .. 1: what refresh leaves. */
export function tierServiceShare({ refresh }: TierSpec): number {
  return refresh === undefined ? 1 : 1 - refresh.duration_clocks / refresh.interval_clocks;
}

/** A channel of a tier as the engine's resources want it: `service` and `refresh` in memory ticks, `latency` in fabric ticks, `clock` = memory ticks per fabric tick in lowest terms. */
export interface TierTiming {
  readonly service: number;
  readonly latency: Cycles;
  readonly clock: { readonly numerator: number; readonly denominator: number };
  readonly refresh?: { readonly interval: number; readonly duration: number };
}

export function tierTiming(machine: Machine, tier: TierSpec): TierTiming {
  const divisor = greatestCommonDivisor(tier.clock_hz, machine.clock_hz);
  const { refresh } = tier;
  return {
    service: tier.burst_clocks,
    latency: cyclesOf(machine, tier.latency_seconds),
    clock: { numerator: tier.clock_hz / divisor, denominator: machine.clock_hz / divisor },
    ...(refresh === undefined ? {} : { refresh: { interval: refresh.interval_clocks, duration: refresh.duration_clocks } }),
  };
}

export type DramFidelity = "detailed" | "stream" | "fixed";

/** Of its tiers, each once; a tier that is no DRAM but a rate is "fixed". */
export function fidelitiesOf({ tiers }: Machine): readonly DramFidelity[] {
  return [...new Set([tiers.hbm, tiers.ddr].flatMap((tier) => (tier === undefined ? [] : (tier.fidelity ?? "fixed"))))];
}

/** Refreshes of all channels in so many fabric cycles: of whole ranks or pseudochannels, and of single banks. */
export function refreshesIn(
  machine: Machine,
  { dram, channels, clock_hz }: TierSpec,
  cycles: Cycles,
): { readonly refreshes: number; readonly bank_refreshes: number } {
  if (dram === undefined || dram.controller.refresh === "none") return { refreshes: 0, bank_refreshes: 0 };
  const { refreshInterval, bankRefreshInterval, banks, allBanks, levels } = partOfTier(dram);
  const ticks = (cycles * clock_hz) / machine.clock_hz;
  const { refresh } = dram.controller;
  if (refresh === "all-bank" || refresh === "staggered")
    return { refreshes: Math.round((channels * (banks / allBanks) * ticks) / refreshInterval), bank_refreshes: 0 };
  const pairs = refresh === "paired" ? (levels.find(({ level }) => level === "pseudochannel")?.count ?? 1) : 1;
  return { refreshes: 0, bank_refreshes: Math.round((channels * pairs * ticks) / bankRefreshInterval) };
}

// --- time ---

/** Whole fabric cycles that cover a time. What binary fractions add to a decimal figure does not count: 100 ns at 1.6 GHz are 160. */
export function cyclesOf({ clock_hz }: Machine, seconds: number): Cycles {
  return Math.ceil(Number((seconds * clock_hz).toPrecision(12)));
}

/** Fabric cycles to load one section. */
export function reconfigurationCycles(machine: Machine): Cycles {
  return cyclesOf(machine, machine.reconfiguration_seconds);
}

// --- grid ---

export interface Position {
  readonly x: number;
  readonly y: number;
}

/** What it takes of a machine to know its places. */
export type Places = Pick<Machine, "grid"> & { readonly [K in "pcu" | "pmu" | "ag"]: { readonly count: number } };

/**
 * Where PCUs and PMUs stand. Along a path that runs through the rows to and fro, PCUs are spread evenly among the PMUs: as many of the one as of
 * the other make a checkerboard that starts with a PCU at (0, 0).
 */
export function unitPositions({ grid, pcu, pmu }: Places): { readonly pcu: readonly Position[]; readonly pmu: readonly Position[] } {
  const total = pcu.count + pmu.count;
  const steps = Array.from({ length: total }, (_, step) => ({ isPcu: (step * pcu.count) % total < pcu.count, ...alongRows(step, grid.columns) }));
  const positions = (isPcu: boolean): Position[] =>
    steps
      .filter((step) => step.isPcu === isPcu)
      .map(({ x, y }) => ({ x, y }))
      .sort((a, b) => a.y - b.y || a.x - b.x);
  return { pcu: positions(true), pmu: positions(false) };
}

function alongRows(step: number, columns: number): Position {
  const y = Math.floor(step / columns);
  const along = step % columns;
  return { x: y % 2 === 0 ? along : columns - 1 - along, y };
}

/** Where AGs stand: by turns left (x = -1) and right (x = columns) of the grid, spread evenly over the rows; when an edge is full, one column further out. */
export function agPositions({ grid: { columns, rows }, ag }: Places): readonly Position[] {
  const onSide = [Math.ceil(ag.count / 2), Math.floor(ag.count / 2)] as const;
  return Array.from({ length: ag.count }, (_, index) => {
    const [side, place] = [index % 2, Math.floor(index / 2)];
    const [layer, slot] = [Math.floor(place / rows), place % rows];
    const inLayer = Math.min(rows, onSide[side as 0 | 1] - layer * rows);
    return { x: side === 0 ? -1 - layer : columns + layer, y: Math.floor(((slot + 0.5) * rows) / inLayer) };
  });
}
