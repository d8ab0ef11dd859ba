/**
 * The cases of `weft validate compiler`: whole networks and their parts in plain patterns on sn40l, and how near to what the machine allows the compiler brings each,
 * unasked but for the two of the SN40L paper's example that pin where sections begin. Cases that take the host longest stand first.
 */

import { grouped } from "../report/format.ts";
import { bytesOverOnce, intensity, kernelByKernel, overBound, sections, shareOfPeak, shareOfPins } from "./figures.ts";
import type { Case, Expected, Figure } from "./suites.ts";

/** Of attention and of prefill, which keep the whole chip busy: a plan of more would take the host many minutes. */
const MOST_CYCLES = 2e6;

const NEAR: Expected = { kind: "at most", value: 1.25, source: "asked: within 1.25 x of the lower bound" };
const FUSED: Expected = { kind: "at most", value: 1, source: "asked: one section" };
const PAPER = "Prabhakar et al., MICRO 2024 (SN40L), Table I";
const COUNTED = "counted as that table does: what a section reads and writes, each once";

/** Parameters of a Llama-2-7B block. */
const LLAMA = "hidden=4096 heads=32 ffn=11008";

const positions = 4096;

export const COMPILER_CASES: readonly Case[] = [
  attention(128),
  inBothStyles(2048, 8, 128),
  inBothStyles(1024, 8, 64),
  onSn40l("GEMM 4096 x 4096 x 4096, bf16", "gemm", "m=4096 n=4096 k=4096 dtype=bf16", [
    shareOfPeak(2, { kind: "at least", value: 0.8, source: "asked: 80 % of the peak" }),
    overBound(NEAR),
  ]),
  {
    ...onSn40l("Llama-2-7B decoder block, prefill of 4,096 positions, bf16", "decoder", `${LLAMA} seq=4096 cache=0`, [overBound(NEAR), sections(FUSED)]),
    most_cycles: MOST_CYCLES,
  },
  onSn40l("decoder block of a quarter of that width, prefill of 256 positions, bf16", "decoder", "hidden=1024 heads=8 ffn=2752 seq=256 cache=0", [
    overBound({ kind: "information" }),
    sections(FUSED),
  ]),
  onSn40l("bottleneck of ResNet, 32 images of 56 x 56, 256 to 64 channels, bf16", "bottleneck", "images=32 h=56 w=56 c=256 k=64", [overBound(NEAR)]),
  onSn40l("MLP, 256 rows, 2,048 to 5,504, bf16", "mlp", "rows=256 hidden=2048 ffn=5504 dtype=bf16", [overBound(NEAR)]),
  onSn40l("GEMM, bias and GELU, 1,024 rows, 4,096 to 4,096, bf16", "gemm-gelu", "rows=1024 hidden=4096 ffn=4096", [overBound(NEAR)]),
  onSn40l("softmax, 8,192 rows of 4,096, bf16", "softmax", "rows=8192 cols=4096 dtype=bf16", [overBound(NEAR)]),
  onSn40l("layer norm, 8,192 rows of 4,096, bf16", "layernorm", "rows=8192 cols=4096 dtype=bf16", [overBound(NEAR)]),
  onSn40l("Monarch, 8,192 rows of 64 x 64, bf16", "monarch", "rows=8192 blocks=64 size=64", [overBound(NEAR)]),
  onSn40l("Llama-2-7B decoder block, decode behind 4,095 positions, bf16", "decoder", `${LLAMA} seq=1 cache=4095`, [
    shareOfPins("hbm", { kind: "at least", value: 0.85, source: "asked: 85 % of the peak HBM bandwidth" }),
    overBound({ kind: "at most", value: 1 / 0.85, source: "asked: 85 % of the peak HBM bandwidth, of bytes that are needed" }),
    sections(FUSED),
  ]),
  onSn40l("SN40L's example, no fusion (pinned)", "gemm-chain-unfused", "", [intensity(about(39.5, PAPER)), sections({ kind: "information" })]),
  onSn40l("SN40L's example, the first three fused (pinned)", "gemm-chain-partial", "", [intensity(about(102.6, PAPER)), sections({ kind: "information" })]),
  onSn40l("SN40L's example, unasked", "gemm-chain", "", [
    intensity({ kind: "at least", value: 410.4, source: `${PAPER}, for full fusion; reading and writing what stands outside once gives 513` }),
    sections(FUSED),
    overBound({ kind: "information" }),
  ]),
  onSn40l("the same with a product of 512 x 512, the first three fused (pinned)", "gemm-chain-partial", "m=512 n=512", [
    intensity(about(85.5, COUNTED)),
    sections({ kind: "information" }),
    overBound({ kind: "information" }),
  ]),
  onSn40l("the same with a product of 512 x 512, unasked", "gemm-chain", "m=512 n=512", [
    intensity(about(256.5, COUNTED)),
    sections(FUSED),
    overBound({ kind: "information" }),
  ]),
];

function onSn40l(name: string, workload: string, set: string, figures: readonly Figure[]): Case {
  return { name, workload, machine: "sn40l", set: set.split(" ").filter((setting) => setting !== ""), figures };
}

function attention(dim: number): Case {
  return {
    ...onSn40l(`attention, 4,096 positions, 32 heads of ${dim}, bf16`, "attention", `seq=${positions} heads=32 dim=${dim} dtype=bf16`, [
      shareOfPeak(2, { kind: "at least", value: 0.6, source: "asked: 60 % of the compute bound" }),
      bytesOverOnce("reading Q, K and V and writing the output once", 4 * 32 * positions * dim * 2, {
        ...{ kind: "at most", value: 1.05, source: "asked: within 5 % of the least traffic" },
      }),
      sections(FUSED),
    ]),
    most_cycles: MOST_CYCLES,
  };
}

/** Attention of few heads, fused and kernel by kernel: with each score in memory four times, 32 heads would take the host an hour. */
function inBothStyles(seq: number, heads: number, dim: number): Case {
  const name = `attention, ${grouped(seq)} positions, ${heads} heads of ${dim}, bf16, and kernel by kernel`;
  return {
    ...onSn40l(name, "attention", `seq=${seq} heads=${heads} dim=${dim} dtype=bf16`, [kernelByKernel("time"), kernelByKernel("bytes off chip")]),
    beside: "kernel-by-kernel",
  };
}

function about(value: number, source: string): Expected {
  return { kind: "published", value, within: 0.02, source };
}
