/**
 * The studies of `weft validate`: runs that take too long for the tests, and what each is held against. A figure is published (a paper's, with a
 * tolerance), asked (a demand on the compiler and the models, met or not) or there to be looked at. None of them is an input to any model.
 */

import type { Machine } from "../machine/machine.ts";
import { grouped } from "../report/format.ts";
import type { RunResult } from "../result/result.ts";
import type { ComparisonSuite } from "./comparison.ts";
import { COMPILER_CASES } from "./compiler-suite.ts";
import { CYCLES_CASES } from "./cycles.ts";
import { DRAM } from "./dram-suite.ts";
import { bytesOverOnce, cycles, shareOfPeak, shareOfPins, time } from "./figures.ts";
import { GPU_SUITE } from "./gpu-suite.ts";
import { NOC_SUITE } from "./noc-suite.ts";
import { POWER_SUITE } from "./power-suite.ts";
import type { UnitCounts } from "./study.ts";
import { SYSTOLIC } from "./systolic-suite.ts";

export type Suite = RunSuite | ComparisonSuite;

/** Runs of workloads, and what is read off each. */
export interface RunSuite {
  readonly kind: "runs";
  readonly name: string;
  /** What the models of this suite do not have, a sentence each. */
  readonly leavesOut: readonly string[];
  readonly cases: readonly Case[];
}

/** One run and what is read off it. */
export interface Case {
  readonly name: string;
  readonly workload: string;
  readonly machine: string;
  /** As `--set` takes them; those of the machine begin with `machine.`. */
  readonly set: readonly string[];
  readonly figures: readonly Figure[];
  /** It is run kernel by kernel too, on the same machine: figures can be ratios to that. */
  readonly beside?: "kernel-by-kernel";
  /** A plan that is expected to take more cycles is not simulated, as the host would take too long: the case counts as one that did not run. Absent: it takes the time that it takes. */
  readonly most_cycles?: number;
  /** Of a benchmark: the units of each kind that its authors' mapping used. It has a row in the table of benchmarks, with its bound beside it. */
  readonly published_units?: UnitCounts;
}

export interface Figure {
  readonly what: string;
  /** `data_bytes`: of all inputs and outputs of the program, each once. `beside`: the run of the style that stands beside; null where the case has none. */
  readonly of: (result: RunResult, machine: Machine, data_bytes: number, beside: RunResult | null) => number;
  readonly print: (value: number) => string;
  readonly expected: Expected;
}

/** `within` is a share of the value, 0 .. 1. */
export type Expected =
  | { readonly kind: "published"; readonly value: number; readonly within: number; readonly source: string }
  | { readonly kind: "at least" | "at most"; readonly value: number; readonly source: string }
  | { readonly kind: "information" };

const PLASTICINE = "Prabhakar et al., ISCA 2017 (Plasticine)";

const RNN = "Zhao et al., SysML 2019 (Serving RNNs on a spatial accelerator)";

const STREAMED_DRAM =
  "the order of single DRAM commands: channels serve a section's bursts at the mean rate and latency that their controller reaches on them (fidelity stream)";

export const SUITES: readonly Suite[] = [
  {
    kind: "runs",
    name: "cycles",
    leavesOut: [
      STREAMED_DRAM,
      "the network: PIR's is ideal, point to point, and so is this machine's, with one cycle a channel however long its route and 64 tracks a link",
      "the load of the configuration, which PIR does not count and the figures here leave out",
      "how PIR copies loops inside a tile: here they are copies of smaller tiles, with the same iterations each",
      "the wire to the host: the result of a fold over everything leaves as a register, through an address generator and without a burst",
      "PIR's two loops over tiles of rows and over the rows of a tile in GDA and Kmeans: here they are one, so that rows are loaded one by one",
      "PIR's centroids on the chip: here they go through memory from round to round",
      "what the log does not say: Kmeans folds its minima, and divides, on as many lanes as its other inner loops",
    ],
    cases: CYCLES_CASES,
  },
  {
    kind: "runs",
    name: "plasticine",
    leavesOut: [
      STREAMED_DRAM,
      "the host: a run begins with the data in the accelerator's memory, as published ones do, and with the load of the configuration (10 us), which they may leave out",
      `a published time of any of the thirteen benchmarks: ${PLASTICINE} has none, only ratios to an FPGA; their sizes are from its table 4, their units from its table 7`,
      "what a better plan would move: a tier's bound counts the bytes that this plan moves, so that data read twice weighs twice; beside it stand these bytes over those of all inputs and outputs once",
    ],
    cases: [
      {
        name: "TPC-H Q6, 6,400,000 records",
        workload: "tpch-q6",
        machine: "plasticine",
        set: ["n=6400000", "machine.tiers.ddr.channels=1"],
        figures: [time({ kind: "published", value: 8.6e-3, within: 0.05, source: "Koeplinger et al., PLDI 2018 (Spatial), Table 4" })],
      },
      {
        name: "GEMM 2048 x 2048 x 2048, f32",
        workload: "gemm",
        machine: "plasticine",
        set: ["m=2048", "n=2048", "k=2048", "dtype=f32"],
        figures: [time({ kind: "at most", value: 10.5e-3, source: "asked: 80 % of 16 multiply-accumulates a PCU and cycle" })],
      },
      benchmark("GDA", "gda", [89.1, 87.5, 44.1]),
      benchmark("outer product", "outer", [15.6, 46.9, 88.2]),
      benchmark(
        "inner product",
        "dot",
        [17.2, 25.0, 47.1],
        [shareOfPins("ddr", { kind: "at least", value: 0.9, source: "asked: 90 % of the bandwidth of the pins of four channels" })],
      ),
      benchmark("TPC-H Q6", "tpch-q6", [28.1, 25.0, 47.1]),
      benchmark("SGD", "sgd", [6.3, 9.4, 8.8]),
      benchmark("Black-Scholes", "blackscholes", [65.6, 21.9, 41.2]),
      benchmark("k-means", "kmeans", [10.9, 17.2, 8.8]),
      benchmark("GEMM", "gemm", [34.4, 68.8, 97.1]),
      benchmark("PageRank", "pagerank", [28.1, 20.3, 20.6]),
      benchmark("BFS", "bfs", [18.8, 15.6, 11.8]),
      benchmark("CNN", "conv2d", [48.9, 98.4, 100.0]),
      benchmark("SMDV", "spmv", [43.8, 15.6, 29.4]),
      benchmark("logistic regression", "logreg", [51.6, 68.8, 8.8]),
    ],
  },
  {
    kind: "runs",
    name: "sn40l",
    leavesOut: [
      STREAMED_DRAM,
      "contention in the packet network: routes are circuits, links are budgeted by rate",
      "the launch of a section by software, and the second die: the socket is one grid",
    ],
    cases: [
      {
        name: "GEMM 4096 x 4096 x 4096, bf16",
        workload: "gemm",
        machine: "sn40l",
        set: ["m=4096", "n=4096", "k=4096", "dtype=bf16"],
        figures: [shareOfPeak(2, { kind: "at least", value: 0.5, source: "asked: half of the peak, in systolic mode" })],
      },
      {
        name: "attention, 1024 positions, 32 heads of 128, bf16",
        workload: "attention",
        machine: "sn40l",
        set: ["seq=1024", "heads=32", "dim=128", "dtype=bf16"],
        figures: [cycles(), shareOfPeak(2, { kind: "information" }), bytesOverOnce("reading Q, K and V and writing the output once", 4 * 32 * 1024 * 128 * 2)],
      },
    ],
  },
  {
    kind: "runs",
    name: "compiler",
    leavesOut: [
      STREAMED_DRAM,
      "contention in the packet network, the launch of a section by software, and the second die, as in the suite sn40l",
      "attention of 32 heads kernel by kernel, which would take the host too long: its ratios to itself are of 8 heads, and of 2 at 4,096 positions",
      "runs of plans so slow that the host would not end them in a minute or two: they count as not run, with the cycles that the compiler expects",
    ],
    cases: COMPILER_CASES,
  },
  {
    kind: "runs",
    name: "rnn",
    leavesOut: [
      "the load of the configuration, and of the weights with it: the published times are those of a cell that is served, with its weights on the chip",
      "tables for sigmoid and tanh: here they take the stages of a PCU",
    ],
    cases: [lstm(1024, 25, 0.0292e-3), lstm(1536, 50, 0.1224e-3)],
  },
  SYSTOLIC,
  NOC_SUITE,
  POWER_SUITE,
  DRAM,
  GPU_SUITE,
];

/** A published LSTM with 4 cells side by side, for each of whose gates 8 PCUs reduce 64 numbers a cycle each. */
function lstm(hidden: number, steps: number, seconds: number): Case {
  const products = (hidden / 4) * Math.ceil((2 * hidden) / (8 * 64));
  return {
    name: `LSTM, ${grouped(hidden)} cells, ${steps} steps`,
    workload: `plasticine-rnn-lstm-${hidden}`,
    machine: "plasticine-rnn",
    set: [],
    figures: [
      {
        ...time({ kind: "published", value: seconds, within: 0.02, source: RNN }),
        what: "time, configured",
        of: (result) => servedCycles(result) / result.clock_hz,
      },
      {
        what: `cycles a step beyond the ${grouped(products)} of its products`,
        of: (result) => servedCycles(result) / steps - products,
        print: (value) => value.toFixed(1),
        expected: { kind: "information" },
      },
    ],
  };
}

/** Without those that load a configuration. */
const servedCycles = ({ cycles, sections }: RunResult): number => cycles - sections.reduce((sum, { configuring_cycles }) => sum + configuring_cycles, 0);

/**
 * A benchmark of Plasticine at the size of its paper's table 4. Its table 7 says the share of the units in use, in percent of 64 PCUs, 64 PMUs and 34 AGs; here are the
 * nearest whole numbers. Those that take the host longest stand first.
 */
function benchmark(name: string, instance: string, [pcu, pmu, ag]: readonly [number, number, number], figures: readonly Figure[] = []): Case {
  const of = (percents: number, count: number): number => Math.round((percents / 100) * count);
  const published_units = { pcu: of(pcu, 64), pmu: of(pmu, 64), ag: of(ag, 34) };
  return { name, workload: `plasticine-${instance}`, machine: "plasticine", set: [], figures, published_units };
}
