/**
 * Rescale: folds of exp(a - m), where m is the largest a of the same row, are made block by block, each with the largest a of its block; the blocks' results are then brought to one scale.
 *
 *     m[i] = max_k a[i, k];  e[i, k] = exp(a[i, k] - m[i]);  s[i] = sum_k e[i, k];  p[i, k] = e[i, k] / s[i];  y[i, d] = sum_k p[i, k] * v[k, d],  k < 4000
 *   ->
 *     m.part[i, b] = max_r a[i, b * 500 + r];  e[i, b, r] = exp(a[i, b * 500 + r] - m.part[i, b]),  r < 500
 *     s.part[i, b] = sum_r e[i, b, r];  y.part[i, b, d] = sum_r e[i, b, r] * v[b * 500 + r, d]
 *     m[i] = max_b m.part[i, b];  m.scale[i, b] = exp(m.part[i, b] - m[i]);  s[i] = sum_b s.part[i, b] * m.scale[i, b]
 *     y.total[i, d] = sum_b y.part[i, b, d] * m.scale[i, b];  y[i, d] = y.total[i, d] / s[i]
 *
 * It rests on exp(a - m) = exp(a - n) * exp(n - m), and on sums being linear: every fold adds up terms that are linear in e, and what e is multiplied by or divided by for a whole row may as well
 * stand behind the fold. No row of e need be held whole. Before: a Program of one loop nest an operator. After: the same values but for rounding: e is rounded at another scale, parts to
 * the dtype of their fold, and quotients once, behind the fold. A block of which all a are -infinity counts as 0, as long as there is another.
 */

import { tensorsReadBy } from "../pattern/analysis.ts";
import { lowestFinite } from "../pattern/dtypes.ts";
import type { Dtype, Expr, Index, MapOperator, Operator, Program, Tensor } from "../pattern/program.ts";
import { add, cast, constant, div, exp, max, mul, sub } from "../pattern/scalars.ts";
import { mapBlocks } from "./blocks.ts";
import type { Merged } from "./inline.ts";
import { type Chain, chainOf, type LinearFold, lateTensors } from "./linear.ts";
import { reshaped } from "./reshape.ts";
import { freshName, indexRead, ownFold, ownMap, readAt, rewriteExpr, substitute } from "./rewrite.ts";

export interface Rescaled {
  readonly program: Program;
  /** Names of the loops over blocks. */
  readonly blocks: readonly string[];
  /** Operator -> those that became factors behind its fold, in program order. */
  readonly merged: Merged;
}

/** The chain that begins with the fold called `largest`, in blocks of `size` elements, a divisor of its row. */
export function rescale(program: Program, largest: string, size: number): Rescaled {
  const blocks: string[] = [];
  let merged: Merged = {};
  const cut = mapBlocks(program, (block) => {
    const chain = chainOf(block, largest);
    if (chain === null) return block;
    const next = inBlocks(block, chain, size);
    blocks.push(...next.blocks);
    merged = next.merged;
    return next.program;
  });
  const { program: result, pieces } = reshaped(cut, true);
  return { program: result, blocks: [...blocks, ...pieces], merged };
}

/** What all pieces of a chain share. Its loops stand under names that each operator replaces by its own. */
interface Cut {
  readonly chain: Chain;
  /** Along the row: over the blocks, inside of one, and the place there in the row. */
  readonly block: Index;
  readonly inside: Index;
  readonly place: Expr;
  readonly nameOf: (owner: string, label: string) => string;
}

function inBlocks(program: Program, chain: Chain, size: number): Rescaled {
  const { largest, weight, scaled, folds } = chain;
  const row = largest.body.over[0]!;
  const taken = new Set(program.tensors.map(({ name }) => name));
  const [block, inside]: readonly Index[] = [
    { name: `${row.name}.block`, extent: row.extent / size },
    { name: `${row.name}.inside`, extent: size },
  ];
  const place = add(mul(indexRead(block!.name), size), indexRead(inside!.name));
  const nameOf = (owner: string, label: string): string => (taken.has(`${owner}.${label}`) ? freshName(owner, label, 2, program.tensors) : `${owner}.${label}`);
  const cut: Cut = { chain, block: block!, inside: inside!, place, nameOf };
  const part = largestPart(cut);
  const scale = scaleOf(cut, part);
  const parts = new Map<Operator, MapOperator>([
    [largest, part],
    [weight, weightInBlocks(cut, part)],
  ]);
  const sums = new Map<Operator, readonly MapOperator[]>();
  for (const one of folds) {
    const piece = foldPart(cut, one);
    parts.set(one.fold, piece);
    sums.set(one.fold, foldOfParts(cut, one, piece, scale));
  }
  const loops = [...largest.domain, block!];
  const all = ownFold(largest.name, largest.domain, { ...largest.body, over: [block!], body: readAt({ name: part.name, dtype: part.body.dtype }, loops) });
  const made = [...parts.values(), all, scale, ...[...sums.values()].flat()];
  const gone = new Set([...made, ...scaled].map(({ name }) => name));
  return {
    program: {
      ...program,
      operators: inOrder(program.operators, chain, parts, [all, scale], sums),
      tensors: [...program.tensors.filter(({ name }) => !gone.has(name)), ...made.map(tensorOf)],
    },
    blocks: [...parts.values()].map(({ domain }) => domain[largest.domain.length]!.name),
    merged: Object.fromEntries(folds.filter(({ factors }) => factors.length > 0).map(({ fold, factors }) => [fold.name, factors.map(({ of }) => of)])),
  };
}

/** What is made in blocks, then, behind the last of it, what needs all blocks; the others where they were. */
function inOrder(
  operators: readonly Operator[],
  chain: Chain,
  parts: ReadonlyMap<Operator, Operator>,
  scales: readonly Operator[],
  sums: ReadonlyMap<Operator, readonly Operator[]>,
): readonly Operator[] {
  const end = operators.indexOf(chain.folds.at(-1)!.fold) + 1;
  const late = lateTensors(chain, operators);
  const needsAll = (operator: Operator): boolean => !parts.has(operator) && [...tensorsReadBy(operator)].some((tensor) => late.has(tensor));
  const here = operators.slice(0, end).filter((operator) => !chain.scaled.includes(operator as MapOperator));
  const early = here.flatMap((operator) => (needsAll(operator) ? [] : [parts.get(operator) ?? operator]));
  const after = here.flatMap((operator) => sums.get(operator) ?? (needsAll(operator) ? [operator] : []));
  return [...early, ...scales, ...after, ...operators.slice(end)];
}

/** m.part[i, b] = max_r a[i, b * size + r]. */
function largestPart({ chain, block, inside, place, nameOf }: Cut): MapOperator {
  const { name, domain, body } = chain.largest;
  const inBlock = substitute(body.body, new Map([[body.over[0]!.name, place]]));
  return ownFold(nameOf(name, "part"), [...domain, block], { ...body, over: [inside], body: inBlock });
}

/** What exp is taken relative to: the largest of a block, but nothing infinite, as there may be nothing else in the block. */
const finite = (value: Expr): Expr => max(value, constant(value.dtype, lowestFinite(value.dtype as FloatDtype)));

type FloatDtype = Parameters<typeof lowestFinite>[0];

/** e[i, b, r] = exp(a[i, b * size + r] - m.part[i, b]). */
function weightInBlocks({ chain, block, inside, place }: Cut, part: MapOperator): MapOperator {
  const { name, domain, body } = chain.weight;
  const rows = domain.slice(0, -1);
  const own = readAt({ name: part.name, dtype: part.body.dtype }, [...rows, block]);
  const relative = rewriteExpr(body, (node) => (node.kind === "read" && node.tensor === chain.largest.name ? finite(own) : node));
  return ownMap(name, [...rows, block, inside], substitute(relative, new Map([[domain.at(-1)!.name, place]])));
}

/** m.scale[i, b] = exp(m.part[i, b] - m[i]), in the dtype in which the folds add up. */
function scaleOf({ chain, block, nameOf }: Cut, part: MapOperator): MapOperator {
  const { name, domain, body } = chain.largest;
  const wide = (value: Expr): Expr => cast(chain.folds[0]!.fold.body.acc, finite(value));
  const loops = [...domain, block];
  return ownMap(
    nameOf(name, "scale"),
    loops,
    exp(sub(wide(readAt({ name: part.name, dtype: body.dtype }, loops)), wide(readAt({ name, dtype: body.dtype }, domain)))),
  );
}

/** s.part[i, b, d] = the fold of a block. */
function foldPart({ chain, block, inside, place, nameOf }: Cut, { fold, source }: LinearFold): MapOperator {
  const { name, domain, body } = fold;
  const at = chain.largest.domain.length;
  const { name: weight, body: made } = chain.weight;
  const by = new Map([[body.over[0]!.name, place]]);
  const inBlock = rewriteExpr(body.body, (node) => {
    if (node.kind === "index") return by.get(node.index) ?? node;
    if (node.kind !== "read" || node.tensor !== source) return node;
    return cast(node.dtype, { ...node, tensor: weight, dtype: made.dtype, at: [...node.at.slice(0, -1), indexRead(block.name), indexRead(inside.name)] });
  });
  return ownFold(nameOf(name, "part"), domain.toSpliced(at, 0, block), { ...body, over: [inside], body: inBlock });
}

/** s[i, d] = sum_b s.part[i, b, d] * m.scale[i, b], then what stands behind the fold. */
function foldOfParts({ chain, block, nameOf }: Cut, { fold, factors }: LinearFold, part: MapOperator, scale: MapOperator): readonly MapOperator[] {
  const { name, domain, body } = fold;
  const rows = domain.slice(0, chain.largest.domain.length);
  const own = readAt({ name: part.name, dtype: part.body.dtype }, domain.toSpliced(rows.length, 0, block));
  const term = mul(cast(body.acc, own), readAt({ name: scale.name, dtype: scale.body.dtype }, [...rows, block]));
  const sum = { ...body, over: [block], body: term };
  if (factors.length === 0) return [ownFold(name, domain, sum)];
  const total = ownFold(nameOf(name, "total"), domain, { ...sum, dtype: body.acc });
  const all = factors.reduce<Expr>(
    (value, { op, value: factor, domain: row }) => {
      const here = substitute(factor, new Map(row.map((index, d) => [index.name, indexRead(rows[d]!.name)])));
      return (op === "mul" ? mul : div)(value, cast(body.acc, here));
    },
    readAt({ name: total.name, dtype: body.acc }, domain),
  );
  return [total, ownMap(name, domain, cast(body.dtype, all))];
}

const tensorOf = ({ name, domain, body }: MapOperator): Tensor => ({
  name,
  dtype: body.dtype as Dtype,
  shape: domain.map(({ extent }) => extent),
  tier: "auto",
});
