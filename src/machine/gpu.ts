/**
 * What a GPU is: streaming multiprocessors under one L2 and one HBM, kernels launched one after the other. The schema that reads configs/*.yaml of `kind: gpu` into this is
 * gpu-schema.ts; what follows from the figures is at the end of this file.
 */

import type { Source } from "./machine.ts";

export interface GpuMachine {
  readonly schemaVersion: 1;
  readonly name: string;
  readonly kind: "gpu";
  /** Clock of the SMs under load; all cycles of a run are its ticks. */
  readonly clock_hz: number;
  readonly sm: SmSpec;
  readonly l2: L2Spec;
  readonly hbm: HbmSpec;
  readonly launch: LaunchSpec;
  readonly link: LinkSpec;
  readonly power: PowerSpec;
  readonly execution: ExecutionSpec;
  /** Key path -> source. Every figure of the config has one. */
  readonly sources: Readonly<Record<string, Source>>;
}

/** A streaming multiprocessor. */
export interface SmSpec {
  readonly count: number;
  /** Multiply-accumulates of its tensor cores a cycle, by the dtype of the factors; absent: that dtype has none. f32 stands for TF32. */
  readonly tensor_macs: Readonly<Partial<Record<TensorDtype, number>>>;
  /** Of that, what a pipelined main loop of a matrix product sustains. */
  readonly tensor_share: number;
  /** Of that, what instructions of one warp sustain (mma.sync): all that fused attention before FlashAttention-3 uses. */
  readonly warp_tensor_share: number;
  /** Neighbouring blocks that share what they load of a factor of a product (clusters with multicast); 1: none do. */
  readonly cluster: number;
  /** Instructions of one thread that its vector lanes take a cycle. Numbers of 16 bits and fewer are computed as f32. */
  readonly lanes: { readonly f64: number; readonly f32: number; readonly i32: number };
  /** Of those, transcendental approximations (MUFU). */
  readonly special_lanes: number;
  /** Instructions of a thread that each takes, beyond those that move data: exp, log, sqrt, tanh, sigmoid, div, and a conversion to or from a narrow dtype. */
  readonly instructions: { readonly [K in "exp" | "log" | "sqrt" | "tanh" | "sigmoid" | "div" | "convert"]: number };
  readonly threads: number;
  readonly blocks: number;
  readonly register_bytes: number;
  /** Shared memory that blocks can have. */
  readonly shared_bytes: number;
  readonly shared_bytes_per_cycle: number;
  /** Of the shorter of memory time and compute time of resident blocks, the share that the longer hides. */
  readonly overlap: number;
  /** The same of a block's dependent phases (products and softmax of a fused attention). */
  readonly phase_overlap: number;
}

/** Names of dtypes, as programs have them. */
export type DtypeName = TensorDtype | "i32" | "i16" | "i4" | "bool";

export type TensorDtype = "f64" | "f32" | "bf16" | "f16" | "fp8e4m3" | "fp8e5m2" | "i8";

export interface L2Spec {
  readonly bytes: number;
  /** Of them, what one kernel's data can fill before it is thrown out again. */
  readonly usable_share: number;
  readonly read_bytes_per_cycle: number;
  readonly write_bytes_per_cycle: number;
  readonly latency_cycles: number;
}

export interface HbmSpec {
  readonly bytes: number;
  /** Of the pins. */
  readonly bytes_per_second: number;
  /** Of that, what streams of reads and writes sustain. */
  readonly achievable_share: number;
  /** From a load to its data. */
  readonly latency_cycles: number;
}

export type Regime = "eager" | "stream" | "graph" | "persistent";

/** How kernels follow each other. Of `eager`, the host issues one operator after the other, asynchronously; a kernel starts when it is issued and the one before it has ended. */
export interface LaunchSpec {
  readonly regime: Regime;
  /** From the end of a kernel to the first instruction of the next: in a stream, in a CUDA graph, behind a grid-wide barrier of one persistent kernel. */
  readonly stream_seconds: number;
  readonly graph_seconds: number;
  readonly persistent_seconds: number;
  /** Host time of an operator in eager mode: a matrix product, one with statistics of rows, the same with parameters for each column (a norm), any other. */
  readonly eager: { readonly contraction_seconds: number; readonly rows_seconds: number; readonly norm_seconds: number; readonly elementwise_seconds: number };
}

/** Tensor parallelism over several GPUs of the kind, whose all-reduces are rings. */
export interface LinkSpec {
  readonly gpus: number;
  /** Of one GPU to the others, one way. */
  readonly bytes_per_second: number;
  /** Of a pass of the ring; an all-reduce is two. */
  readonly latency_seconds: number;
}

/** Board power = static + what each event takes. */
export interface PowerSpec {
  /** Feature size of the chip. */
  readonly process_nm: number;
  readonly limit_W: number;
  readonly static_W: number;
  readonly hbm_pJ_per_byte: number;
  readonly l2_pJ_per_byte: number;
  /** Of an instruction of one thread on vector lanes (a fused multiply-add is one). */
  readonly lane_pJ: { readonly f64: number; readonly f32: number; readonly i32: number };
  /** Of a multiply-accumulate in tensor cores with 16-bit factors; others by their bytes. */
  readonly tensor_pJ_per_mac: number;
  readonly link_pJ_per_byte: number;
}

/** How a library or a compiler for GPUs would run a program: choices of software, not of the chip. */
export interface ExecutionSpec {
  /**
   * operator: a kernel for each operator of the program. library: as a framework's library of kernels does; a bias joins its product, and operators that share statistics of rows (softmax, norms) are one
   * kernel. fused: elementwise operators join the kernel before them, and attention is one kernel.
   */
  readonly fusion: "operator" | "library" | "fused";
  /** Where fusion is `fused`, what a product of matrices takes along: as much of what follows as is element by element, or what a library's interface has (a factor, a bias). */
  readonly epilogue: "any" | "bias";
  /** Tiles of attention where it is one kernel. unfused: it never is. */
  readonly attention: "unfused" | "flash-1" | "flash-2" | "flash-3";
  /** Products of f32 on tensor cores, as TF32. */
  readonly tf32: boolean;
  /** Longest row that a kernel keeps in registers between its passes over it; longer ones are read again in each pass. */
  readonly resident_elements: number;
  /** What L2 holds at the start. cold: nothing. warm: what the same program, run just before, left there, as in a benchmark's loop. */
  readonly start: "cold" | "warm";
}

// --- what follows ---

/** Bytes a cycle that HBM gives and takes in streams. */
export function hbmBytesPerCycle({ hbm, clock_hz }: GpuMachine): number {
  return (hbm.bytes_per_second * hbm.achievable_share) / clock_hz;
}

/** Multiply-accumulates a cycle of one SM's tensor cores at their peak; 0 where the dtype is none of theirs, or f32 is kept from them. */
export function tensorMacs({ sm, execution }: GpuMachine, dtype: DtypeName): number {
  if (dtype === "f32" && !execution.tf32) return 0;
  return sm.tensor_macs[dtype as TensorDtype] ?? 0;
}

export type LaneKind = keyof SmSpec["lanes"];

/** Which lanes compute a dtype. */
export function laneKindOf(dtype: DtypeName): LaneKind {
  if (dtype === "f64") return "f64";
  return dtype === "f32" || dtype === "bf16" || dtype === "f16" || dtype === "fp8e4m3" || dtype === "fp8e5m2" ? "f32" : "i32";
}

/** Most operations a second on products of a dtype: by tensor cores, else by lanes with a fused multiply-add each. */
export function gpuPeakFlops(machine: GpuMachine, dtype: DtypeName): number {
  const macs = Math.max(tensorMacs(machine, dtype), machine.sm.lanes[laneKindOf(dtype)]);
  return macs * 2 * machine.sm.count * machine.clock_hz;
}
