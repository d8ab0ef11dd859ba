/** Cases of `weft validate gpu` about single kernels, and attention as many and as one: V03, V04 and V05. */

import { grouped } from "../report/format.ts";
import type { Row } from "./comparison.ts";
import { type AttentionMethod, type Compared, type GpuBench, type GpuCases, type GpuParameters, gpuWith, secondsOf, sourceOf } from "./gpu-bench.ts";

// --- V03: products of matrices ---

export const PRODUCT = "V03, ms";

export function compareProducts({ V03 }: GpuCases, run: GpuBench): Compared {
  const machine = gpuWith("a100-80", { "launch.regime": "eager", "execution.start": "warm" });
  const found = V03.measured.map(({ M, N, K, ms }) => ({
    M,
    N,
    K,
    ms,
    seconds: secondsOf(run("gemm", { m: M, n: N, k: K, dtype: "bf16" }, machine), machine),
  }));
  const rows = found.map(
    ({ M, N, K, ms, seconds }): Row => ({
      ...{ group: "V03: products of matrices", case: `${grouped(M)} x ${grouped(N)} x ${grouped(K)}`, what: PRODUCT },
      ...{ expected: ms, source: sourceOf(V03), measured: seconds * 1e3, tolerance: 0.08 },
    }),
  );
  return { rows, timings: found.map(({ ms, seconds }) => ({ case: "V03", measured: ms / 1e3, weft: seconds })) };
}

// --- V04: softmax ---

export const SOFTMAX = "V04, us";

export function compareSoftmax({ V04 }: GpuCases, run: GpuBench): Compared {
  const host = `${V04.inputs.host_overhead_us} us`;
  const machine = gpuWith("a100-80", { "launch.regime": "eager", "launch.eager.rows_seconds": host, "execution.start": "warm" });
  const found = V04.measured.map(({ rows, cols, us }, place) => {
    const again = V04.measured.findIndex((other) => other.cols === cols) === place ? "" : ", again";
    return {
      name: `${grouped(rows)} rows of ${grouped(cols)}${again}`,
      us,
      seconds: secondsOf(run("softmax", { rows, cols, dtype: "f16" }, machine), machine),
    };
  });
  const rows = found.map(
    ({ name, us, seconds }): Row => ({
      ...{ group: "V04: softmax", case: name, what: SOFTMAX, expected: us, source: sourceOf(V04), measured: seconds * 1e6, tolerance: 0.25 },
      note: `host time is the case's own, ${host} an operator`,
    }),
  );
  return { rows, timings: found.map(({ us, seconds }) => ({ case: "V04", measured: us / 1e6, weft: seconds })) };
}

// --- V05: attention and its gradient ---

export const METHODS = ["PyTorch", "FlashAttention-1", "FlashAttention-2"] as const;

/** Column of a method. */
export const attentionOf = (method: AttentionMethod): string => `V05, TFLOP/s, ${method}`;

export const FUSED_RATIO = "V05, FlashAttention-2 / PyTorch";

/** How each runs: settings of the machine, and of the program. */
const RUNS: Readonly<Record<AttentionMethod, { readonly machine: GpuParameters; readonly statistic: "scores" | "results" }>> = {
  PyTorch: { machine: { "execution.fusion": "library" }, statistic: "scores" },
  "FlashAttention-1": { machine: { "execution.fusion": "fused", "execution.attention": "flash-1" }, statistic: "results" },
  "FlashAttention-2": { machine: { "execution.fusion": "fused", "execution.attention": "flash-2" }, statistic: "results" },
};

export function compareAttention({ V05 }: GpuCases, run: GpuBench): Compared {
  const found = V05.measured.map(({ causal, B, S, H, d, method, TFLOPs }) => {
    const { machine: settings, statistic } = RUNS[method];
    const machine = gpuWith("a100-80", settings);
    const parameters = { batch: B, seq: S, heads: H, dim: d, causal, statistic, dtype: "f16" };
    const seconds = secondsOf(run("gpu/attention-packed", parameters, machine), machine);
    const teraflops = attentionFlops({ causal, B, S, H, d }) / 1e12;
    const shape = `${causal === 1 ? "causal" : "full"}, heads of ${d}, ${grouped(S)} positions`;
    return { shape, method, TFLOPs, weft: teraflops / seconds, timing: { case: "V05", measured: teraflops / TFLOPs, weft: seconds } };
  });
  const shapes = [...new Set(found.map(({ shape }) => shape))];
  const rows = shapes.flatMap((shape): readonly Row[] => {
    const common = { group: GROUP, case: shape, source: sourceOf(V05) };
    const of = (method: AttentionMethod) => found.find((one) => one.shape === shape && one.method === method);
    const absolute = METHODS.flatMap((method) => {
      const one = of(method);
      return one === undefined ? [] : [{ ...common, what: attentionOf(method), expected: one.TFLOPs, measured: one.weft, tolerance: 0.25, note: STATISTICS }];
    });
    const [apart, fused] = [of("PyTorch"), of("FlashAttention-2")];
    if (apart === undefined || fused === undefined) return absolute;
    return [...absolute, { ...common, what: FUSED_RATIO, expected: fused.TFLOPs / apart.TFLOPs, measured: fused.weft / apart.weft, tolerance: 0.2 }];
  });
  return { rows, timings: found.map(({ timing }) => timing) };
}

const GROUP = "V05: attention and its gradient";

const STATISTICS =
  "the methods' programs differ in one operator: the gradient of softmax takes from each row one number, which PyTorch's kernel adds up over the row's scores and FlashAttention over the row's results (the same number, from a tensor that is shorter and in memory anyway)";

/** As the case counts: 4 B S^2 H d forward, half of it where causal, and 3.5 times that with the gradient. */
function attentionFlops({ causal, B, S, H, d }: Pick<GpuCases["V05"]["measured"][number], "causal" | "B" | "S" | "H" | "d">): number {
  return ((4 * B * S ** 2 * H * d) / (causal === 1 ? 2 : 1)) * 3.5;
}
