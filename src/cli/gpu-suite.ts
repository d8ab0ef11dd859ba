/** `weft validate gpu`: the model of GPUs (src/gpu/) against what was measured on them, launches and memories, kernels, networks, power, and the order of all of them in time. */

import type { ComparisonSuite, Row, RowProgress } from "./comparison.ts";
import { type Compared, type GpuBench, type GpuCases, gpuBench, readGpuCases } from "./gpu-bench.ts";
import { printFitted } from "./gpu-fitted.ts";
import { compareGemms } from "./gpu-gemms.ts";
import { attentionOf, compareAttention, compareProducts, compareSoftmax, FUSED_RATIO, METHODS, PRODUCT, SOFTMAX } from "./gpu-kernels.ts";
import { BANDWIDTH, compareFootprints, compareLaunches, comparePower, FIXED, KNEE, LAUNCH, POWER } from "./gpu-memory.ts";
import { compareEncoders, compareGeneration, EAGER, ENGINE, GENERATION } from "./gpu-networks.ts";
import { ORDER, orderRows } from "./gpu-order.ts";

const all = (what: string) => ({ kind: "share within", least: 1, what }) as const;

export const GPU_SUITE: ComparisonSuite = {
  kind: "comparison",
  name: "gpu",
  title: [
    "The model of GPUs (src/gpu/: kernels of a program, their grids block by block, L2, HBM, launches) against measurements of A100 and V100, the cases V01 to V08 of",
    "test/validation/data/gpu-cases.json. Tolerances are those that the cases suggest: where a case asks for a mean error, that is what is demanded, and a row says whether it is within",
    "as much by itself. A row without a tolerance is for information. All of a machine's rows come from one config; what differs between cases is how kernels are launched and fused, what",
    "L2 holds at the start (cases that time a kernel again and again begin warm), and the host time that V04 tells. The constants that were fitted to a case stand below the tables. The",
    "form of the model was chosen with these cases in view, too, such as that what L2 has and what HBM sends come one after the other; the products on V100 had no part in any of it.",
  ].join("\n"),
  leavesOut: [
    "warps and their scheduler: a block takes its share of each pipe of its SM, and of memory, at a constant pace from one event to the next",
    "bank conflicts of shared memory, spilled registers, and an L1 other than that a block reads its own data from L2 once",
    "DRAM commands: HBM has one rate that streams sustain, and one latency, whatever the order of accesses",
    "lines and partitions of L2: it holds shares of tensors, which leave at random; what is dirty in it at the end of a run is not written",
    "the order in which a scheduler starts blocks: those of one class of a grid are alike, and classes start one after the other (the largest of a causal mask first)",
    "kernels side by side: they run one after the other, and one does not begin while the last blocks of another end",
    "clocks that change: they are fixed, and a board at the limit of its power is not slowed down",
    "a library's choice among its kernels: of the tilings of products that CUTLASS has by default, with the folded dimension cut or not, the one is taken that is fastest by the model",
    "transposed factors, and the copies that a library makes of operands that are not aligned",
    "data: sizes that depend on it count as their bounds, and operations take the same time and energy whatever the values",
    "the host, but for a time an operator in eager mode, one of three by the kind of operator; it never waits for the GPU in between",
    "sources for the constants of kernels that are no machine's, such as the start of a block, a barrier and a fold over a warp: they are the same for all GPUs, and src/gpu/ says what each is",
    "V05's dropout and V07's embedding and pooling, which the measured programs may have; V06's embedding, and the sort and the sampling of tokens behind its logits",
    "power of anything but static, HBM, L2 and instructions; products on tensor cores are assumed, not measured, and no case has them",
    "several GPUs and their links, and all of Hopper: no case here has them",
    "the products on V100 where ../shared/cases/gpu is absent, as their file is not copied",
  ],
  demands: [
    { kind: "mean error", most: 0.1, what: LAUNCH },
    all(FIXED),
    all(BANDWIDTH),
    all(KNEE),
    { kind: "mean error", most: 0.08, what: PRODUCT },
    { kind: "mean error", most: 0.25, what: SOFTMAX },
    ...METHODS.map((method) => all(attentionOf(method))),
    all(FUSED_RATIO),
    { kind: "mean error", most: 0.08, what: GENERATION },
    all(EAGER),
    { kind: "mean error", most: 0.2, what: ENGINE },
    all(POWER),
    all(ORDER),
  ],
  given: printFitted,
  rows: async (progress) => compareGpu(readGpuCases(), await gpuBench(), progress),
};

const CASES: readonly (readonly [id: keyof GpuCases, compare: (cases: GpuCases, run: GpuBench) => Compared])[] = [
  ["V01", compareLaunches],
  ["V02", compareFootprints],
  ["V03", compareProducts],
  ["V04", compareSoftmax],
  ["V05", compareAttention],
  ["V06", compareGeneration],
  ["V07", compareEncoders],
  ["V08", comparePower],
];

export function compareGpu(cases: GpuCases, run: GpuBench, progress: RowProgress): readonly Row[] {
  const found = CASES.map(([id, compare], done) => {
    progress(done, CASES.length + 1, cases[id].title);
    return compare(cases, run);
  });
  progress(CASES.length, CASES.length + 1, "products on V100");
  const products = compareGemms(run);
  return [...found.flatMap(({ rows }) => rows), ...orderRows(found.flatMap(({ timings }) => timings)), ...products];
}
