/** What a plan is made from: a choice of tiles and copies, and what must be known beside the group itself. */

import type { Machine } from "../machine/machine.ts";
import type { Program } from "../pattern/program.ts";

export interface Choice {
  readonly tile: readonly number[];
  readonly par: readonly number[];
  readonly split: number;
}

/** Of a section that is one metapipeline. */
export const NO_HOMES: ReadonlySet<string> = new Set();

export interface PlanContext {
  readonly program: Program;
  readonly machine: Machine;
  /** Tensors of the group that must be stored. */
  readonly leaving: ReadonlySet<string>;
  /** Tensors that stand on the chip between the parts of the section: the group leaves there what it makes of them, and finds there what it reads of the others. */
  readonly homes: ReadonlySet<string>;
  /** Source operators of each operator, merged ones included. */
  readonly sources: (operator: string) => readonly string[];
  /** Largest share of the network's links that a plan may expect to take. */
  readonly linkShare: number;
  /** No tile may lie in more than one PMU: what a search tries first. `refused`: set where one would have had to. */
  readonly whole?: { refused: boolean };
  /** Tensors that no stage may stream from memory: all take them from tile buffers, which one load fills. Absent: none. */
  readonly buffered?: ReadonlySet<string>;
  /** Off-chip tier of a tensor. */
  readonly tierOf: (tensor: string) => "hbm" | "ddr";
}
