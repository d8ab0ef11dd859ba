/** Cases of `weft validate gpu` about launches, memories and power: V01, V02 and V08. */

import { leastSquares } from "../energy/fits.ts";
import { gpuEnergyOf } from "../energy/gpu.ts";
import type { GpuMachine } from "../machine/gpu.ts";
import { grouped } from "../report/format.ts";
import type { Row } from "./comparison.ts";
import { type Compared, type GpuBench, type GpuCases, gpuWith, kernelSeconds, type LaunchMode, secondsOf, sourceOf } from "./gpu-bench.ts";

// --- V01: what a launch costs ---

const REGIMES: Readonly<Record<LaunchMode, string>> = { stream: "stream", cudagraph: "graph", persistent_gridsync: "persistent" };

export const LAUNCH = "V01, us";
export const FIXED = "V01, fixed cost, ns";

export function compareLaunches({ V01 }: GpuCases, run: GpuBench): Compared {
  const source = sourceOf(V01);
  const found = Object.entries(REGIMES).map(([mode, regime]) => {
    const machine = gpuWith("a100-80", { "launch.regime": regime, "execution.start": "warm" });
    const points = V01.measured[mode as LaunchMode].map(({ bytes, us }) => {
      const weft = secondsOf(run("gpu/scale", { n: Math.round(bytes / 16), dtype: "f64" }, machine), machine);
      return { bytes, us, weft };
    });
    return { mode: mode as LaunchMode, regime, points };
  });
  const timed = found.flatMap(({ mode, regime, points }) =>
    points.map(({ bytes, us, weft }): Row => {
      const row = {
        group: "V01: launches",
        case: `${regime}, ${grouped(bytes)} bytes`,
        what: LAUNCH,
        expected: us,
        source,
        measured: weft * 1e6,
        tolerance: 0.1,
      };
      return mode === "persistent_gridsync" && bytes > HELD_BYTES ? { ...row, note: BARRIERS } : row;
    }),
  );
  const fixed = found.map(({ mode, regime, points }): Row => {
    const measured = fixedSeconds(points.filter(({ bytes }) => bytes <= HELD_BYTES)) * 1e9;
    return {
      group: "V01: fixed cost of a launch",
      case: regime,
      what: FIXED,
      expected: fittedByCase(V01.suggested_tolerance, mode),
      source,
      measured,
      tolerance: 0.15,
      note: FIT,
    };
  });
  const timings = found.flatMap(({ points }) => points.map(({ us, weft }) => ({ case: "V01", measured: us / 1e6, weft })));
  return { rows: [...timed, ...fixed], timings };
}

const BARRIERS = "measured takes 1.4 times what as many bytes take in a stream or a graph; the model has the same memory behind a barrier as behind a launch";

/** Reads and writes of a kernel that L2 holds on this GPU: more than the second largest size, less than the largest. */
const HELD_BYTES = 28e6;

const FIT = "a of T = a + bytes / b, by least squares over the sizes that L2 holds (all but the largest); the measured figure is the case's own fit";

/** a of T = a + bytes / b. */
function fixedSeconds(points: readonly { readonly bytes: number; readonly weft: number }[]): number {
  const [fixed] = leastSquares(
    points.map(({ bytes }) => [1, bytes / HELD_BYTES]),
    points.map(({ weft }) => weft),
  );
  return fixed!;
}

/** Nanoseconds, out of the case's words: "'stream': '2613.0 ns'". */
export function fittedByCase(words: string, mode: LaunchMode): number {
  return Number(new RegExp(`'${mode}': '([\\d.]+) ns'`).exec(words)?.[1]);
}

// --- V02: bandwidth over footprint ---

export const BANDWIDTH = "V02, GB/s";
export const KNEE = "V02, knee, MB";

interface Point {
  readonly footprint_kB: number;
  readonly GBps: number;
}

export function compareFootprints({ V02 }: GpuCases, run: GpuBench): Compared {
  const machine = gpuWith("a100-80", { "execution.start": "warm" });
  const source = sourceOf(V02);
  const weft = V02.measured.map(({ footprint_kB }) => ({ footprint_kB, GBps: readBandwidth(footprint_kB, run, machine) }));
  const rows = V02.measured.map(({ footprint_kB, GBps }, p): Row => {
    const isPlateau = inL2(footprint_kB) || inHbm(footprint_kB);
    const row = { group: "V02: bandwidth of reads", case: `${grouped(footprint_kB)} kB`, what: BANDWIDTH, expected: GBps, source };
    return { ...row, measured: weft[p]!.GBps, tolerance: isPlateau ? 0.1 : null };
  });
  const knee = { group: "V02: knee", what: KNEE, source, measured: kneeOf(weft), note: HALFWAY };
  const knees = [
    { ...knee, case: "asked: 28 to 48", expected: 38, tolerance: 10 / 38 },
    { ...knee, case: "the measured curve's", expected: kneeOf(V02.measured), tolerance: null },
  ];
  return { rows: [...rows, ...knees], timings: [] };
}

const HALFWAY =
  "footprint at which bandwidth, straight between the rows, is halfway between the means of its plateaus; of 28 to 48 MB the middle stands there, with what is accepted to both sides";

/** The plateaus, as the case says them: 4 to 20 MB, and 76 MB and more. */
const inL2 = (footprint_kB: number): boolean => footprint_kB >= 4000 && footprint_kB <= 20_000;
const inHbm = (footprint_kB: number): boolean => footprint_kB >= 76_000;

/** GB/s of kernels that pass over the footprint again and again, at least 2 GB in all. */
function readBandwidth(footprint_kB: number, run: GpuBench, machine: GpuMachine): number {
  const bytes = footprint_kB * 1024;
  const copies = Math.max(4, Math.ceil(2e9 / bytes));
  return (copies * bytes) / kernelSeconds(run("gpu/reread", { copies, n: bytes / 8, dtype: "f64" }, machine), machine) / 1e9;
}

/** MB at which bandwidth falls through the middle between the means of its plateaus. */
export function kneeOf(points: readonly Point[]): number {
  const mean = (some: readonly Point[]): number => some.reduce((sum, { GBps }) => sum + GBps, 0) / some.length;
  const middle = (mean(points.filter(({ footprint_kB }) => inL2(footprint_kB))) + mean(points.filter(({ footprint_kB }) => inHbm(footprint_kB)))) / 2;
  const at = points.findIndex(({ footprint_kB, GBps }) => footprint_kB > 20_000 && GBps <= middle);
  const [before, behind] = [points[at - 1]!, points[at]!];
  const share = (before.GBps - middle) / (before.GBps - behind.GBps);
  return (before.footprint_kB + share * (behind.footprint_kB - before.footprint_kB)) / 1000;
}

// --- V08: power ---

export const POWER = "V08, W";
export const STREAMED = "V08, GB/s";

export function comparePower({ V08 }: GpuCases, run: GpuBench): Compared {
  const machine = gpuWith("a100-40", { "execution.start": "warm" });
  const n = 2 ** 26;
  const rows = V08.measured.flatMap(({ flop_per_byte, GBps, W }): readonly Row[] => {
    const ran = run("gpu/fma", { n, steps: Math.round((flop_per_byte * ELEMENT_BYTES) / 2), dtype: "f32" }, machine);
    const seconds = secondsOf(ran, machine);
    const common = { group: "V08: board power", case: `${flop_per_byte} flop a byte`, source: sourceOf(V08) };
    return [
      { ...common, what: POWER, expected: W, measured: gpuEnergyOf(ran.kernels, machine).energy_pJ.total / 1e12 / seconds, tolerance: 0.08 },
      { ...common, what: STREAMED, expected: GBps, measured: (n * ELEMENT_BYTES) / seconds / 1e9, tolerance: null },
    ];
  });
  return { rows, timings: [] };
}

/** Read and written. */
const ELEMENT_BYTES = 8;
