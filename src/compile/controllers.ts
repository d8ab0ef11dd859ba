/**
 * Controllers: a program as explicit loops, memories and transfers (as in Spatial), before it becomes units. A section is a metapipeline: its outer
 * loops run tile by tile, and in each iteration every load, stage and store handles its tile while its neighbours are at other tiles.
 */

import type { Step, Style, TensorLayout } from "../fabric/fabric.ts";
import type { Program } from "../pattern/program.ts";
import type { ChipLoop } from "./group.ts";
import type { StageShape } from "./stage.ts";

export interface Controllers {
  readonly schemaVersion: 1;
  /** After the program passes: one loop nest an operator. */
  readonly program: Program;
  readonly machine: string;
  readonly style: Style;
  readonly tensors: readonly TensorLayout[];
  readonly sections: readonly SectionPlan[];
  /** By section: sections of one number are on the chip together. */
  readonly configurations: readonly number[];
  /** In which order they run. */
  readonly steps: readonly Step[];
  /** Stage -> why it begins a section although it reads what the section before makes. Absent where the style forbids one. And of a loop whose rounds could
   * be one section, why they are not. */
  readonly cuts: Readonly<Record<string, string>>;
  /** Stage -> the operator at which the schedule pins the section that begins with the stage. */
  readonly pins: Readonly<Record<string, string>>;
}

export interface SectionPlan {
  readonly name: string;
  /** Source operators, in program order. */
  readonly operators: readonly string[];
  readonly loops: readonly OuterLoop[];
  /** Its outermost loop is this one's round. */
  readonly loop?: ChipLoop;
  /**
   * The metapipelines of a section that has several, in the order of the program: each takes what it reads of the ones before from its home on the chip, once that is whole
   * (parts.ts). The section itself has no loops then, and its stages are those of all parts. Absent: it is one metapipeline.
   */
  readonly parts?: readonly SectionPlan[];
  readonly stages: readonly StagePlan[];
  readonly units: { readonly pcu: number; readonly pmu: number; readonly ag: number };
  readonly estimate: Estimate;
}

/** The metapipelines of a section. */
export const partsOf = (plan: SectionPlan): readonly SectionPlan[] => plan.parts ?? [plan];

/** What a section of these source operators is called. */
export const sectionName = (operators: readonly string[]): string => (operators.length > 3 ? `${operators[0]}..${operators.at(-1)}` : operators.join("+"));

/** Copy c of `par` handles the tiles c, c + par, c + 2 par ... : `trips` of them, the last possibly beyond the extent. */
export interface OuterLoop {
  readonly name: string;
  readonly extent: number;
  readonly tile: number;
  readonly par: number;
  readonly trips: number;
  /** Of a stage that shares out fewer copies than the section has: how many copies' tiles each takes in turn. They turn inside all outer loops. Absent: 1. */
  readonly turns?: number;
  /** A loop over a collection: the tensor with its real extent; `extent` is the bound. */
  readonly count?: string;
}

/** What the cost model expects. Cycles of the slowest stage, of the busiest tier, of the busiest address generator. */
export interface Estimate {
  readonly cycles: number;
  readonly compute_cycles: number;
  readonly memory_cycles: number;
  readonly generator_cycles: number;
  readonly tier_bytes: number;
  /** Links that the routes will take, over the links there are: a guess before placement. */
  readonly link_share: number;
}

export interface StagePlan {
  readonly shape: StageShape;
  /**
   * The section's loops as its own copies take them: where it shares out fewer copies than the section has, each takes the tiles of several in turn; where it stands outside of the
   * loops over blocks, only those around them.
   */
  readonly loops: readonly OuterLoop[];
  /** Loops inside a tile, outermost first: those the result keeps, then those folded away. */
  readonly inner: readonly InnerLoop[];
  /** Copies of the outermost folded loop, whose partial results a tree combines. 1: none. Only where the section has no outer loops. */
  readonly split: number;
  readonly operands: readonly OperandPlan[];
  readonly stores: readonly StorePlan[];
  /** Streaming regions are numbered along the data flow: what a stage must wait for (a whole tile, a fold) starts a new one. */
  readonly epoch: number;
  /** Of each tensor that it writes, like writesOf(operator). The fields of a flatMap have none: they are appended to memory. */
  readonly results: readonly (ResultStream | null)[];
  /** gather: where its table is. pmu: a copy of it on the chip for each copy of the stage. memory: every element is fetched. */
  readonly table: "pmu" | "memory" | null;
  /** flatMap: fields that are appended to memory, as positions in writesOf(operator). */
  readonly appends: readonly number[];
}

/** Counter t of the loop stands for elements t * step ... of the tile's `extent` elements. */
export interface InnerLoop {
  readonly index: string;
  readonly trip: number;
  readonly step: number;
  readonly extent: number;
  /** A loop over a whole collection: the tensor with its real extent. */
  readonly count?: string;
}

/** How an operand reaches its stage. */
export interface OperandPlan {
  readonly via: Via;
  /** The stage pops once for each iteration of this many loops (outer and inner). */
  readonly level: number;
  /** Words of a token: lanes, the rows of an array, or 1 for what is the same in all lanes. */
  readonly words: number;
  /** A part before it in the section left the tensor, of this shape, at its home on the chip (homes.ts): what would have been an address generator walks it there. Absent: memory. */
  readonly home?: { readonly shape: readonly number[] };
}

export type Via =
  /** An address generator walks memory in the stage's own order. `alone`: must not be shared with another reader of the same data. */
  | { readonly kind: "tier-stream"; readonly alone: boolean }
  /** A load fills tile buffers; a reader nest replays them. */
  | TierBuffer
  /** Straight from the stage that makes it. */
  | { readonly kind: "stage-stream"; readonly from: string }
  /** From two buffers that change with the rounds: the copies of the stage that makes `from` fill one, for the round after. `init`: the tensor that the first round finds; null: zeros. */
  | { readonly kind: "carried"; readonly from: string; readonly init: string | null; readonly shape: readonly number[] }
  | StageBuffer;

/** Through tile buffers that the making stage fills. */
export interface StageBuffer {
  readonly kind: "stage-buffer";
  readonly from: string;
  /** What the reader takes of one copy of the writer for one turn of its own loops: a tile, or the tiles of all blocks. */
  readonly shape: readonly number[];
  readonly buffers: number;
  /** For each copy of the reader: PMUs with the tiles of as many copies of the writer each; or, where a tile is larger than a PMU, so many for each tile. */
  readonly pmus: number;
  readonly cuts: number;
}

export interface TierBuffer {
  readonly kind: "tier-buffer";
  /** Outer loops outside the hand-over: a tile is loaded once for each iteration of this many loops. */
  readonly hold: number;
  /** Outer loops inside the hand-over that the operand depends on: leading dimensions of the buffer. */
  readonly held: readonly number[];
  /** Size of the box of elements that one tile touches, per dimension of the tensor. */
  readonly box: readonly number[];
  readonly buffers: number;
  /** PMUs that it takes, each with as many places along the first dimension of the buffer. */
  readonly pmus: number;
  /** It stands in its PMUs when the section starts, as the home of its tensor is there: nobody loads it. */
  readonly preset: boolean;
  /** Address generators per outer loop; each serves par / generators copies in turn. */
  readonly generators: readonly number[];
}

/** A tensor that leaves its metapipeline other than by appending: `to` memory, to its home on the chip, or both. `into`: its name there, and only the last round's value goes. `collect`: copies of the last outer loops whose tiles one PMU gathers for one address generator, per outer loop. */
export interface StorePlan {
  readonly tensor: string;
  readonly into?: string;
  /** Position in writesOf(operator). */
  readonly field: number;
  readonly to: readonly ("memory" | "home")[];
  readonly collect: readonly number[];
  readonly buffers: number;
}

/** The order in which a stage makes its result inside a tile. */
export interface ResultStream {
  readonly loops: readonly { readonly dim: number; readonly trip: number; readonly step: number; readonly count?: string }[];
  /** Dimension that runs across the words of a token; null: one word. */
  readonly lane: number | null;
  readonly words: number;
  /** Tile of the result, per dimension. */
  readonly shape: readonly number[];
}
