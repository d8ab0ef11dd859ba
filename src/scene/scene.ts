/**
 * What the page shows beside the report and the trace: the machine, the program, what the compiler made of it and where everything stands. Plain data, made once per run (make.ts). Lists of
 * sections, units and nests stand in the order of the report and the trace.
 */

import type { KernelRun } from "../gpu/run.ts";
import type { GpuMachine, Regime } from "../machine/gpu.ts";
import type { Comparison } from "../report/compare.ts";
import type { RunResult } from "../result/result.ts";
import type { ActivityTrace } from "../trace/trace.ts";

/** All that a page needs of a run. */
export interface RunBundle {
  readonly report: RunResult;
  readonly scene: Scene;
  readonly trace: ActivityTrace;
}

export interface Scene {
  readonly schemaVersion: 1;
  readonly machine: SceneMachine;
  readonly program: SceneProgram;
  readonly passes: readonly ScenePass[];
  readonly sections: readonly SceneSection[];
  readonly gpu: SceneGpu;
  /** Changes that were run, the one that gains most first. Null: none was tried. */
  readonly actions: readonly SceneAction[] | null;
  /** Depths of channels that were searched. Null: none was. */
  readonly depths: readonly SceneDepth[] | null;
}

/** How deep channels (copies of each other, together) have to be for nobody to wait for their slots, as runs tell. */
export interface SceneDepth {
  readonly section: number;
  readonly channels: readonly string[];
  /** Theirs in this run. */
  readonly depth: number;
  /** Most that was run: far more than now; of a tile buffer as many as its PMU has room for, at least those it has. */
  readonly deepest: number;
  /** With it the run is as fast as with the deepest. Null: that is not faster than this run. */
  readonly least: number | null;
  /** Not enough. One less than `least`, unless there were too few runs to tell what is between. */
  readonly short: number;
  readonly before_cycles: number;
  /** With `least`, or else with the deepest. */
  readonly after_cycles: number;
  readonly runs: number;
}

/** A change to the program's schedule or to the machine, and what came of it when it was run. */
export interface SceneAction {
  readonly what: string;
  /** What to type: "--set rows=64", or the schedule as JSON. */
  readonly how: string;
  readonly before_cycles: number;
  readonly after_cycles: number;
}

export interface SceneMachine {
  readonly name: string;
  readonly grid: { readonly columns: number; readonly rows: number };
  /** Of the whole machine. */
  readonly units: { readonly pcu: number; readonly pmu: number; readonly ag: number };
  readonly pmu_bytes: number;
  readonly lanes: number;
  readonly tracks: { readonly vector: number; readonly scalar: number; readonly control: number };
  readonly tiers: readonly {
    readonly name: "hbm" | "ddr";
    readonly standard: string;
    readonly channels: number;
    readonly bytes: number;
    readonly bytes_per_second: number;
    /** Of the time, what refresh leaves of it, 0 .. 1. */
    readonly service_share: number;
  }[];
  /** What `weft list` says of it: figures with their sources. */
  readonly figures: readonly { readonly path: string; readonly value: string; readonly source: string; readonly assumed: boolean }[];
}

export interface SceneProgram {
  readonly name: string;
  /** As written, in program order; those of iterates stand behind them, with their loop's name in `inside`. */
  readonly operators: readonly SceneOperator[];
  readonly tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly bytes: number;
    readonly role: "input" | "output" | "intermediate";
    readonly tier: "sram" | "hbm" | "ddr" | null;
  }[];
}

export interface SceneOperator {
  readonly name: string;
  readonly kind: string;
  readonly inside: string | null;
  /** Of an iterate: `to` starts as `init`, and after each round takes the value of `from`. Empty for all others. */
  readonly carries: readonly { readonly to: string; readonly init: string; readonly from: string }[];
  /** Tensors it reads and writes. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** As the pattern printer writes it. */
  readonly text: string;
  /** Where it is written; null where the program came from no code. */
  readonly place: { readonly file: string; readonly line: number } | null;
}

/** A step of the compiler, in order: program passes first, then controllers, fabric and mapping. */
export interface ScenePass {
  readonly name: string;
  readonly what: string;
  /** Lines that it took away and made; for the later steps `after` is the whole text. Both empty: it had nothing to do. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

export interface SceneSection {
  readonly name: string;
  /** Cycles that the compiler's cost model expected of one run. */
  readonly expected_cycles: number;
  /** Of the metapipeline, outermost first. */
  readonly loops: readonly { readonly name: string; readonly extent: number; readonly tile: number; readonly par: number; readonly trips: number }[];
  readonly units: readonly SceneUnit[];
  readonly channels: readonly SceneChannel[];
}

export interface SceneUnit {
  readonly id: string;
  readonly kind: "pcu" | "pmu" | "ag";
  readonly x: number;
  readonly y: number;
  /** Source operator. */
  readonly operator: string;
  /** What it does: "max.reduce[3]". */
  readonly label: string;
  /** The nest that the report and the trace show. */
  readonly shown: number;
  readonly nests: readonly SceneNest[];
  readonly scratch: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly buffers: number;
    readonly bytes: number;
  }[];
}

export interface SceneNest {
  readonly id: string;
  /** compute, systolic, load, store, write, read, fold, scatter, gather, fetch, append, hash. */
  readonly work: string;
  /** Of a load, store, fetch or append: off the chip. */
  readonly tensor: string | null;
  readonly tier: "hbm" | "ddr" | null;
  readonly loops: readonly { readonly name: string; readonly trip: number }[];
  readonly lanes: number;
  readonly ii: number;
  readonly latency: number;
}

export interface SceneChannel {
  readonly id: string;
  readonly kind: "stream" | "buffer";
  readonly width: "vector" | "scalar" | "control";
  readonly words: number;
  /** Bytes of a token. */
  readonly bytes: number;
  /** Slots of each sink's FIFO, or the number of buffers. */
  readonly depth: number;
  /** Before each sink: those, and what holds tokens on the way (the source's pipeline and its requests for memory, the hops). */
  readonly slots: readonly number[];
  /** Hand-overs that stand in it at the start. */
  readonly initial: number;
  /** Tokens a cycle that the compiler expects at most. */
  readonly rate: number;
  readonly source: SceneEnd;
  readonly sinks: readonly (SceneEnd & { readonly hops: number })[];
  /** Links of its tree, four numbers each: x, y, x2, y2. Empty for a buffer. */
  readonly links: readonly number[];
  /** All tokens that its source pushed in all runs. */
  readonly tokens: number;
}

/** Positions of unit and nest in the section, and firings of the nest for each token. */
export interface SceneEnd {
  readonly unit: number;
  readonly nest: number;
  readonly firings_per_token: number;
}

/** This run beside the same program on a GPU. */
export interface SceneGpu {
  /** Of the GPU; null: none was asked for. */
  readonly name: string | null;
  /** Why there are no sides, in words; null: there are. */
  readonly why: string | null;
  /** The GPU as its config has it; and where that does not fuse, as a compiler fuses its kernels, launched in a graph. */
  readonly sides: readonly SceneGpuSide[];
  /** Those sides in their order, and this run as the last: roofline, waterfalls from each of them to this run where that is spatial and went to its end, speeds. */
  readonly comparison: Comparison;
}

export interface SceneGpuSide {
  /** As the comparison names it. */
  readonly name: string;
  /** "library, eager". */
  readonly regime: string;
  readonly fusion: GpuMachine["execution"]["fusion"];
  readonly launch: Regime;
  readonly result: RunResult;
  /** In the order of their first launches. */
  readonly kernels: readonly KernelRun[];
}
