/**
 * The cases of `weft validate cycles`: programs whose cycles Plasticine's own simulator, PIR, has in its public logs, with the loop nests of its regression tests. PIR
 * counts from the start to the last write, with the configuration loaded.
 */

import type { Machine } from "../machine/machine.ts";
import { grouped } from "../report/format.ts";
import type { RunResult } from "../result/result.ts";
import type { Case, Figure } from "./suites.ts";

/** Name in the log, workload, what differs from its parameters, cycles in the log over the point-to-point network. */
type Row = readonly [name: string, workload: string, set: string, cycles: number];

/** Rows of fewer cycles, or bound by DRAM, of which none is longer, may be further off: a few cycles of filling a pipeline weigh more. */
const LONG = 8000;

const ROWS: readonly Row[] = [
  ["SumSquare_0", "sum-square", "ip=16", 82],
  ["SumSquare_1", "sum-square", "ip=1", 1042],
  ["SumSquare_2", "sum-square", "ip=3", 370],
  ["SimpleDotProduct_0", "simple-dot-product", "ip=1", 1088],
  ["DotProduct_1", "dot-product", "ip=1", 1110],
  ["DotProduct_2", "dot-product", "ip=1 op=2", 598],
  ["DotProduct_6", "dot-product", "ip=5", 295],
  ["TPCHQ6_1", "tpch-q6", "ip=1", 1191],
  ["TPCHQ6_3", "tpch-q6", "ip=1 op=2", 641],
  ["OuterProduct_0", "outer-product", "ip=16", 4481],
  ["OuterProduct_1", "outer-product", "ip=1", 65_797],
  ["OuterProduct_3", "outer-product", "ip=1 op1=2", 33_036],
  ["GEMM_0", "gemm", "ip=16", 132_071],
  ["GEMM_1", "gemm", "dim=64 ts=32 its=32 ip=1", 265_296],
  ["GEMM_2", "gemm", "loop_j=2", 66_481],
  ["GEMM_3", "gemm", "loop_kk=2", 67_685],
  ["GEMM_7", "gemm", "dim=32 ts=16 its=16 loop_j=2 ip=1", 17_248],
  ["GEMM_9", "gemm", "dim=64 ts=32 its=32 loop_j=2", 8578],
  ["GEMM_13", "gemm", "dim=32 ts=16 its=16 loop_ii=2 loop_jj=2 ip=1", 9042],
  ["GEMM_19", "gemm", "loop_i=3", 46_383],
  ["GEMM_23", "gemm", "loop_j=3 ip=5", 149_027],
  ["MemReduceTest_0", "mem-reduce", "op=1", 102_599],
  ["MemReduceTest_2", "mem-reduce", "op=3", 34_994],
  ["GDA_0", "gda", "c=128 r=256", 270_070],
  ["GDA_2", "gda", "c=32 r=64 mp1=2", 2848],
  ["Kmeans_0", "kmeans", "mp1=1", 141_290],
  ["Kmeans_2", "kmeans", "mp1=2", 72_195],
];

export const CYCLES_CASES: readonly Case[] = ROWS.map(([name, workload, set, published]) => ({
  name: `${name} (${set.replaceAll(" ", ", ")})`,
  workload: `cycles/${workload}`,
  machine: "plasticine-20x20-ddr4",
  set: set.split(" "),
  figures: [runCycles(published)],
}));

function runCycles(published: number): Figure {
  const of = ({ cycles, launch_seconds }: RunResult, { clock_hz }: Machine): number => Math.round(cycles - launch_seconds * clock_hz);
  const within = published < LONG ? 0.1 : 0.03;
  const source = "log of PIR, stanford-ppl/pir";
  return { what: "cycles without configuration", of, print: grouped, expected: { kind: "published", value: published, within, source } };
}
