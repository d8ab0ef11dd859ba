/** A side of a comparison: one way to run a program on a machine, and what came of it. */

import type { MovedBytes, RunResult } from "../result/result.ts";

export interface Side {
  readonly machine: string;
  /** "rda", "gpu". */
  readonly kind: string;
  /** "spatial", "kernel-by-kernel". */
  readonly style: string;
  /** How kernels are launched, where the machine has more than one way. */
  readonly regime: string | null;
  readonly roofs: Roofs;
  /** Stopped part way where `expected` is there. */
  readonly result: RunResult;
  /** Of a run that was stopped: what its plan says. Null: the run went to its end. */
  readonly expected: ExpectedRun | null;
}

/** What a machine can do at most: multiplies and adds of its datapaths (units that do nothing but special functions are left out), and bytes over its pins. */
export interface Roofs {
  readonly name: string;
  /** Of the narrowest dtype of the program. */
  readonly peak_flops_per_second: number;
  /** Off the chip; the fastest first. */
  readonly tiers: readonly { readonly name: string; readonly bytes_per_second: number }[];
}

export interface ExpectedRun {
  readonly cycles: number;
  readonly launches: number;
  readonly launch_seconds: number;
}

/** "sn40l spatial", "h100 kernel-by-kernel, graph". */
export function nameOf({ machine, style, regime }: Pick<Side, "machine" | "style" | "regime">): string {
  return `${machine} ${style}${regime === null ? "" : `, ${regime}`}`;
}

/** Simulated, or where the run was stopped expected. */
export function cyclesOf({ result, expected }: Side): number {
  return expected === null ? result.cycles : expected.cycles;
}

export function secondsOf(side: Side): number {
  return cyclesOf(side) / side.result.clock_hz;
}

/** Whole picoseconds: what waterfalls add up. */
export function picosecondsOf(side: Side): number {
  return Math.round(secondsOf(side) * 1e12);
}

/** Read and written, of all tiers off the chip. */
export function offChipBytes(tiers: RunResult["sections"][number]["tiers"]): number {
  return movedBytes(tiers.hbm) + movedBytes(tiers.ddr);
}

/** Read and written; of a tier that there is not, 0. */
export function movedBytes(tier: MovedBytes | undefined): number {
  return tier === undefined ? 0 : tier.read_bytes + tier.write_bytes;
}

/** On floats and integers; a special function (a division, an exp) is one. */
export function countedOperations({ flops, int_ops, special_ops }: RunResult["ops"]): number {
  return flops + int_ops + special_ops;
}
