/**
 * Unroll: in a loop, a fold whose own outermost loop a schedule wants copies of becomes that many folds side by side and the fold of their results.
 *
 *     y[i] = sum_k f(i, k), k < 1000, par { "y.1": 4 }   ->   y.part0[i] = sum_r f(i, r), r < 250; ... y.part3[i] = sum_r f(i, 750 + r);  y[i] = part0[i] + ... + part3[i]
 *
 * Before: a Program with maps whose body is one reduction. After: the same values but for the order in which floats are added; parts are kept in the accumulator's dtype and
 * rounded once, at the end. The schedule no longer names what is done; lanes of folded loops become those of the parts, lanes of kept loops those of the sum and, where the
 * parts have none, of the parts too. A fold that has a tile in the schedule is left to tiles.ts, as is every fold outside of loops.
 */

import type { Expr, MapOperator, Operator, Program, Tensor } from "../pattern/program.ts";
import { add, cast } from "../pattern/scalars.ts";
import { mapBlocks } from "./blocks.ts";
import { type Fold, freshName, indexRead, isFold, ownFold, readAt, substitute } from "./rewrite.ts";

export function unroll(program: Program): Program {
  const { schedule } = program;
  const par = schedule?.par ?? {};
  const lanes = { ...schedule?.lanes };
  const done = new Set<string>();
  const result = mapBlocks(program, (block, rounds) => {
    if (rounds.length === 0) return block;
    const tensors: Tensor[] = [...block.tensors];
    const operators = block.operators.flatMap((operator): readonly Operator[] => {
      if (!isFold(operator) || !isFixed(operator) || schedule?.tile?.[loopOf(operator)] !== undefined) return [operator];
      const copies = par[loopOf(operator)];
      if (copies === undefined) return [operator];
      done.add(loopOf(operator));
      if (copies === 1) return [operator];
      const unrolled = partsOf(operator, copies, tensors);
      tensors.push(...unrolled.slice(0, -1).map(tensorOf));
      moveLanes(
        lanes,
        operator,
        unrolled.slice(0, -1).map(({ name }) => name),
      );
      return unrolled;
    });
    return tensors.length === block.tensors.length ? block : { ...block, operators, tensors };
  });
  if (done.size === 0) return program;
  const left = Object.fromEntries(Object.entries(par).filter(([name]) => !done.has(name)));
  return { ...result, schedule: { ...schedule, par: left, ...(schedule?.lanes !== undefined && { lanes }) } };
}

function moveLanes(lanes: Record<string, number>, { name, domain, body }: Fold, parts: readonly string[]): void {
  const pins = [...domain, ...body.over].flatMap((_, k) => (lanes[`${name}.${k}`] === undefined ? [] : [{ k, pin: lanes[`${name}.${k}`]! }]));
  const folded = pins.filter(({ k }) => k >= domain.length);
  for (const { k } of folded) delete lanes[`${name}.${k}`];
  for (const part of parts) for (const { k, pin } of folded.length > 0 ? folded : pins) lanes[`${part}.${k}`] = pin;
}

/** A loop over a collection cannot be unrolled. */
const isFixed = ({ body }: Fold): boolean => body.over.length > 0 && body.over[0]!.count === undefined;

/** As a schedule names the fold's outermost loop. */
const loopOf = ({ name, domain }: Fold): string => `${name}.${domain.length}`;

/** The parts, then what folds them, under the fold's name. */
function partsOf({ name, domain, body }: Fold, copies: number, tensors: readonly Tensor[]): readonly MapOperator[] {
  const [cut, ...inside] = body.over;
  const size = Math.ceil(cut!.extent / copies);
  const names = Array.from({ length: Math.ceil(cut!.extent / size) }, (_, part) => freshName(name, "part", part, tensors));
  const parts = names.map((part, p) => {
    const over = [{ name: cut!.name, extent: Math.min(size, cut!.extent - p * size) }, ...inside];
    const place = new Map([[cut!.name, add(p * size, indexRead(cut!.name))]]);
    return ownFold(part, domain, { ...body, dtype: body.acc, over, body: p === 0 ? body.body : substitute(body.body, place) });
  });
  const results = names.map((part) => readAt({ name: part, dtype: body.acc }, domain));
  const all = results.reduce((sum: Expr, result): Expr => ({ kind: "op", dtype: body.acc, op: body.fn, args: [sum, result] }));
  return [...parts, { kind: "map", name, domain, body: cast(body.dtype, all) }];
}

const tensorOf = ({ name, domain, body }: MapOperator): Tensor => ({ name, dtype: body.dtype, shape: domain.map(({ extent }) => extent), tier: "auto" });
