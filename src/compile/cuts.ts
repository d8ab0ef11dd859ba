/**
 * Cuts: the operators at which a schedule wants a new section to begin. They part the program, in its order, into stretches; operators of two stretches never share a
 * section, nor does one become part of the other.
 *
 *     gemm0, scaled, transposed, gemm1; cut: [gemm1]   ->   gemm0, scaled and transposed are of stretch 0, gemm1 of stretch 1
 */

import type { Program } from "../pattern/program.ts";
import { allOperators, originFinder } from "./blocks.ts";

export interface Stretches {
  /** 0 ..: of a source operator, or of one that a pass made from it. */
  of(operator: string): number;
  /** What begins stretch 1, 2 and so on. */
  readonly cuts: readonly string[];
}

export const UNCUT: Stretches = { of: () => 0, cuts: [] };

/** Names in the schedule that no operator has are none's: checkSchedule in pins.ts refuses them. */
export function stretchesOf(source: Program): Stretches {
  const { cut = [] } = source.schedule ?? {};
  if (cut.length === 0) return UNCUT;
  const names = allOperators(source.operators).map(({ name }) => name);
  const cuts = names.filter((name) => cut.includes(name));
  const begun = new Map<string, number>();
  let stretch = 0;
  for (const name of names) {
    if (cut.includes(name)) stretch++;
    begun.set(name, stretch);
  }
  const originOf = originFinder(source);
  return { of: (operator) => begun.get(originOf(operator)) ?? 0, cuts };
}

/** The first cut that parts the operators; null: none does. */
export function cutAmong(operators: readonly { readonly name: string }[], { of, cuts }: Stretches): string | null {
  const found = operators.map(({ name }) => of(name));
  const first = Math.min(...found);
  return found.some((stretch) => stretch !== first) ? cuts[first]! : null;
}
