/** Cases of `weft validate gpu` about whole networks: V06, a language model that reads and writes, and V07, an encoder. */

import type { GpuMachine } from "../machine/gpu.ts";
import type { Row } from "./comparison.ts";
import { type Compared, type GpuBench, type GpuCases, type GpuParameters, type GpuWorkload, gpuWith, secondsOf, sourceOf } from "./gpu-bench.ts";

// --- V06: prefill and decoding ---

export const GENERATION = "V06, ms";

export function compareGeneration(cases: GpuCases, run: GpuBench): Compared {
  const model = languageModel(cases, run);
  const found = cases.V06.measured.map(({ batch, in: read, out, ms }) => ({
    name: `batch ${batch}, ${read} in, ${out} out`,
    ms,
    seconds: model.generate(batch, read, out),
  }));
  const rows = found.map(
    ({ name, ms, seconds }): Row => ({
      ...{ group: "V06: GPT-20B", case: name, what: GENERATION, expected: ms, source: sourceOf(cases.V06), measured: seconds * 1e3 },
      ...{ tolerance: 0.08, note: STEPS },
    }),
  );
  return { rows, timings: found.map(({ ms, seconds }) => ({ case: "V06", measured: ms / 1e3, weft: seconds })) };
}

const STEPS =
  "a step of decoding takes the mean of the first and the last; over all steps one by one the sum of batch 8, 60 in, 20 out differs by less than 0.1 % (test/cli/gpu-suite.test.ts)";

/** Seconds of the parts of the case's model, as FasterTransformer runs it: kernels of its own around cuBLAS's products, which take a bias along, and attention not in one kernel. */
export interface LanguageModel {
  /** Of a pass over `positions` of each sequence behind `cache` others, to the logits of the last. */
  readonly pass: (batch: number, positions: number, cache: number) => number;
  /** Of reading and writing so many positions of each sequence; steps between the first and the last take their mean. */
  readonly generate: (batch: number, read: number, written: number) => number;
}

export function languageModel({ V06 }: GpuCases, run: GpuBench): LanguageModel {
  const { layers, hidden, heads, ffn, vocab } = V06.inputs;
  const machine = gpuWith("a100-80", { "execution.fusion": "fused", "execution.attention": "unfused", "execution.epilogue": "bias" });
  const seconds = remembered(run, machine);
  const pass = (batch: number, seq: number, cache: number): number =>
    layers * seconds("gpu/gpt", { batch, hidden, heads, ffn, dtype: "f16", seq, cache }) + seconds("gpu/head", { batch, hidden, vocab, dtype: "f16" });
  const generate = (batch: number, read: number, written: number): number =>
    pass(batch, read, 0) + ((written - 1) * (pass(batch, 1, read) + pass(batch, 1, read + written - 1))) / 2;
  return { pass, generate };
}

/** Seconds of a workload; the same parameters are run once. */
function remembered(run: GpuBench, machine: GpuMachine): (workload: GpuWorkload, parameters: GpuParameters) => number {
  const known = new Map<string, number>();
  return (workload, parameters) => {
    const key = JSON.stringify([workload, parameters]);
    const found = known.get(key) ?? secondsOf(run(workload, parameters, machine), machine);
    known.set(key, found);
    return found;
  };
}

// --- V07: an encoder, eager and fused ---

export const EAGER = "V07, ms, PyTorch";
export const ENGINE = "V07, ms, AITemplate";

/** The largest batch at which the host is what PyTorch waits for. */
const HOST_BOUND_BATCH = 8;

export function compareEncoders({ V07 }: GpuCases, run: GpuBench): Compared {
  const { layers, ...shape } = V07.inputs;
  const eager = gpuWith("a100-40", { "launch.regime": "eager" });
  const fused = gpuWith("a100-40", { "launch.regime": "stream", "execution.fusion": "fused" });
  const found = V07.measured.map(({ batch, pytorch_eager_ms, aitemplate_ms }) => {
    const secondsOn = (machine: GpuMachine): number =>
      layers * secondsOf(run("gpu/encoder", { batch, seq: 128, hidden: shape.hidden, heads: shape.heads, ffn: shape.ffn, dtype: "f16" }, machine), machine);
    return { batch, pytorch_eager_ms, aitemplate_ms, eager: secondsOn(eager), fused: secondsOn(fused) };
  });
  const rows = found.flatMap((one): readonly Row[] => {
    const common = { group: "V07: encoder of BERT", case: `batch ${one.batch}`, source: sourceOf(V07) };
    const tolerance = one.batch <= HOST_BOUND_BATCH ? 0.15 : null;
    return [
      { ...common, what: EAGER, expected: one.pytorch_eager_ms, measured: one.eager * 1e3, tolerance },
      { ...common, what: ENGINE, expected: one.aitemplate_ms, measured: one.fused * 1e3, tolerance: 0.2 },
    ];
  });
  const timings = found.flatMap((one) => [
    { case: "V07", measured: one.pytorch_eager_ms / 1e3, weft: one.eager },
    { case: "V07", measured: one.aitemplate_ms / 1e3, weft: one.fused },
  ]);
  return { rows, timings };
}
