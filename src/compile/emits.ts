/**
 * Emits: a flatMap of many emits becomes one of one emit with a loop over them, since the generator that appends takes two streams for each.
 *
 *     for i: where c0: v = a0; where c1: v = a1; where c2: v = a2   ->   for i, e < 3: where select(e == 0, c0, ...): v = select(e == 0, a0, ...)
 *
 * Before: a lowered Program. After: the same records in the same order.
 */

import type { Expr, FlatMapOperator, Index, Operator, Program } from "../pattern/program.ts";
import { eq, select } from "../pattern/scalars.ts";
import { mapBlocks } from "./blocks.ts";
import { indexRead } from "./rewrite.ts";

/** Emits that one generator appends at once. Assumed: four streams into one site are routed on all three machines; with six or eight some are not. */
const AT_ONCE = 2;

export const serialiseEmits = (program: Program): Program =>
  mapBlocks(program, (block) => {
    const operators = block.operators.map(serialise);
    return operators.every((operator, position) => operator === block.operators[position]) ? block : { ...block, operators };
  });

function serialise(operator: Operator): Operator {
  if (operator.kind !== "flatMap" || operator.emits.length <= AT_ONCE) return operator;
  const { emits, domain, name } = operator;
  const turn: Index = { name: `${name}.emit`, extent: emits.length };
  const fields = Object.keys(emits[0]!.fields).map(
    (field) =>
      [
        field,
        chosen(
          turn,
          emits.map((emit) => emit.fields[field]!),
        ),
      ] as const,
  );
  const when = chosen(
    turn,
    emits.map((emit) => emit.when),
  );
  return { ...operator, domain: [...domain, turn], emits: [{ when, fields: Object.fromEntries(fields) }] } satisfies FlatMapOperator;
}

/** The expression of the emit whose turn it is. */
function chosen({ name }: Index, values: readonly Expr[]): Expr {
  const last = values.length - 1;
  return values.slice(0, last).reduceRight((rest: Expr, value, turn) => select(eq(indexRead(name), turn), value, rest), values[last]!);
}
