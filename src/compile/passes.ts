/**
 * The program passes, in order: any program of the language becomes one of few shapes, which the stages take. After them
 * - the body of a map is free of reductions or one reduction of a body free of them; all other bodies are free of them;
 * - every read is affine in loops and rounds (or padded); what is read at a place that is data is the table of a gather;
 * - all this inside iterates too.
 */

import type { Style } from "../fabric/fabric.ts";
import type { Program } from "../pattern/program.ts";
import { allOperators, originFinder } from "./blocks.ts";
import { type Stretches, stretchesOf } from "./cuts.ts";
import { serialiseEmits } from "./emits.ts";
import { fuseFilters } from "./filters.ts";
import { liftGathers } from "./gathers.ts";
import { inlineElementwise, type Merged } from "./inline.ts";
import { normalise } from "./normalise.ts";
import { prune } from "./prune.ts";
import { unroll } from "./unroll.ts";

export interface Lowered {
  readonly program: Program;
  /** Names of all source operators, in program order. */
  readonly operators: readonly string[];
  /** The source operators that an operator stands for, in program order; itself where a pass made it from nothing known. */
  readonly sources: (operator: string) => readonly string[];
  /** Operator -> what was merged into it. */
  readonly merged: Merged;
  /** What the schedule's cuts part. */
  readonly stretches: Stretches;
  /** What each pass did, those that changed nothing included. */
  readonly passes: readonly PassRecord[];
}

export interface PassRecord {
  readonly pass: PassName;
  /** What the pass is for, in one sentence. */
  readonly what: string;
  readonly before: Program;
  /** The same object as `before` where nothing changed. */
  readonly after: Program;
}

/** `permute`, `folds` and `rescale` ask what fits a machine: index.ts runs them last. */
export type PassName = LoweringName | "permute" | "folds" | "rescale";
type LoweringName = "prune" | "normalise" | "unroll" | "gathers" | "emits" | "filters" | "inline";

interface Pass {
  readonly what: string;
  run(program: Program, stretches: Stretches): { readonly program: Program; readonly merged?: Merged };
}

const passes: { readonly [P in LoweringName]: Pass } = {
  prune: {
    what: "What no output needs is dropped.",
    run: (program) => ({ program: prune(program) }),
  },
  normalise: {
    what: "A reduction inside a larger body becomes an operator of its own, so that each operator is one loop nest.",
    run: (program) => ({ program: normalise(program) }),
  },
  unroll: {
    what: "A fold inside a loop, of whose own loop a schedule wants copies, becomes that many folds side by side.",
    run: (program) => ({ program: unroll(program) }),
  },
  gathers: {
    what: "A read at an index that is data becomes a gather in front of its reader, so that every other read has its address from counters.",
    run: (program) => ({ program: liftGathers(program) }),
  },
  emits: {
    what: "A flatMap of many emits takes them one after the other, as one generator appends them.",
    run: (program) => ({ program: serialiseEmits(program) }),
  },
  filters: {
    what: "A filter that is only read in order becomes a condition of its readers, so that no compacted collection is made.",
    run: (program, stretches) => ({ program: fuseFilters(program, stretches) }),
  },
  inline: {
    what: "An elementwise operator whose one reader takes each element once becomes part of it, so that its tensor is never stored.",
    run: inlineElementwise,
  },
};

/** Inlining can turn a map over a filter's records and its reader into one reader in order: so filters come twice. */
const orders: { readonly [S in Style]: readonly LoweringName[] } = {
  spatial: ["prune", "normalise", "unroll", "gathers", "emits", "filters", "prune", "inline", "filters", "prune"],
  "kernel-by-kernel": ["prune", "normalise", "unroll", "gathers", "emits", "filters", "prune"],
};

export function lowerProgram(source: Program, style: Style): Lowered {
  const records: PassRecord[] = [];
  const merged: Record<string, readonly string[]> = {};
  const stretches = stretchesOf(source);
  const program = orders[style].reduce((before, pass) => {
    const { what, run } = passes[pass];
    const result = run(before, stretches);
    records.push({ pass, what, before, after: result.program });
    Object.assign(merged, result.merged);
    return result.program;
  }, source);
  const operators = allOperators(source.operators).map(({ name }) => name);
  return { program, operators, sources: sourcesOf(source, merged), merged, stretches, passes: records };
}

export function sourcesOf(source: Program, merged: Merged): Lowered["sources"] {
  const names = allOperators(source.operators).map(({ name }) => name);
  const originOf = originFinder(source);
  return (operator) => {
    const found = new Set([...(merged[operator] ?? []), operator].map(originOf));
    return [...names.filter((name) => found.has(name)), ...[...found].filter((name) => !names.includes(name))];
  };
}
