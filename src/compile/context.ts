/** What a plan is made from: a choice of tiles and copies, and what must be known beside the group itself. */

import type { Machine } from "../machine/machine.ts";
import type { Program } from "../pattern/program.ts";
import type { StageShape } from "./stage.ts";

export interface Choice {
  readonly tile: readonly number[];
  readonly par: readonly number[];
  /** Copies of the outermost folded loop, of stages that fold. */
  readonly split: number;
  /** By stage, where a schedule pins it. */
  readonly splits?: Readonly<Record<string, number>>;
}

/** Of a stage: 1 where it folds nothing. */
export function splitOf({ name, loops, kept }: Pick<StageShape, "name" | "loops" | "kept">, { split, splits }: Choice): number {
  return loops.length > kept ? (splits?.[name] ?? split) : 1;
}

export interface PlanContext {
  readonly program: Program;
  readonly machine: Machine;
  /** Tensors of the group that must be stored. */
  readonly leaving: ReadonlySet<string>;
  /** Source operators of each operator, merged ones included. */
  readonly sources: (operator: string) => readonly string[];
  /** Largest share of the network's links that a plan may expect to take. */
  readonly linkShare: number;
  /** Off-chip tier of a tensor. */
  readonly tierOf: (tensor: string) => "hbm" | "ddr";
}
