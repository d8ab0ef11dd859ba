/**
 * Tiles: a fold whose schedule has a tile for its folded loop is cut into folds of tiles and a fold of those.
 *
 *     c[i, j] = sum_k f(i, j, k), k < 128, in tiles of 64   ->   c.part[i, j, p] = sum_r f(i, j, p * 64 + r), r < 64;  c[i, j] = sum_p c.part[i, j, p]
 *
 * Before: a Program after the lowering passes. After: the same values but for the order in which floats are added. Its schedule names the loops that there are then: the
 * loop over tiles, p, stands behind the loops that the result keeps, one tile a turn, in as many copies as the folded loop was to have. Lanes of the
 * folded loop become those of the parts; lanes of a kept loop are those of the sum and, where the folded loop has none, of the parts too.
 */

import { type Fault, UserError } from "../base/errors.ts";
import type { Index, MapOperator, Program, Schedule, Tensor } from "../pattern/program.ts";
import { add, mul } from "../pattern/scalars.ts";
import { allOperators, mapBlocks } from "./blocks.ts";
import { freshName, indexRead, ownFold, type Reduce, readAt, substitute } from "./rewrite.ts";

type Fold = MapOperator & { readonly body: Reduce };

/** What is cut: the loop at `position` of the fold's loops, folded ones behind those kept. */
interface Cut {
  readonly fold: Fold;
  readonly position: number;
  readonly tile: number;
  /** Of the operator that folds the tiles. */
  readonly part: string;
}

export function cutTiles(program: Program): Program {
  const cuts = cutsOf(program);
  if (cuts.length === 0) return program;
  const cut = mapBlocks(program, (block) => cuts.reduce(cutBlock, block));
  return { ...cut, schedule: cuts.reduce(scheduleAfter, program.schedule!) };
}

function cutsOf({ operators, tensors, schedule }: Program): readonly Cut[] {
  const faults: Fault[] = [];
  const cuts = allOperators(operators).flatMap((operator): readonly Cut[] => {
    if (operator.kind !== "map" || operator.body.kind !== "reduce") return [];
    const fold = operator as Fold;
    const pinned = fold.body.over.flatMap((index, k) => {
      const position = fold.domain.length + k;
      const tile = schedule?.tile?.[`${fold.name}.${position}`];
      return tile === undefined ? [] : [{ index, position, tile }];
    });
    faults.push(...pinned.flatMap(({ index, position, tile }) => tileFault(`${fold.name}.${position}`, index, tile)));
    if (pinned.length > 1) faults.push(fault(`${fold.name}.${pinned[1]!.position}`, `another loop that "${fold.name}" folds has a tile; only one can have`));
    const part = tensors.some(({ name }) => name === `${fold.name}.part`) ? freshName(fold.name, "part", 2, tensors) : `${fold.name}.part`;
    return pinned.slice(0, 1).map(({ position, tile }) => ({ fold, position, tile, part }));
  });
  if (faults.length > 0) throw new UserError(faults);
  return cuts;
}

const fault = (name: string, message: string): Fault => ({ code: "illegal-schedule", place: { path: `schedule.tile ${name}` }, message });

function tileFault(name: string, { extent, count }: Index, tile: number): readonly Fault[] {
  if (count !== undefined) return [fault(name, "a folded loop over a collection cannot have a tile")];
  if (Number.isInteger(tile) && tile >= 1 && extent % tile === 0) return [];
  return [{ ...fault(name, `${tile} does not divide the ${extent} elements of the folded loop`), hint: "tiles of a folded loop are all of one size" }];
}

function cutBlock(block: Program, { fold, position, tile, part }: Cut): Program {
  const { domain, body } = fold;
  const at = block.operators.findIndex(({ name }) => name === fold.name);
  if (at < 0) return block;
  const loop = body.over[position - domain.length]!;
  const tiles: Index = { name: `${part}.p`, extent: loop.extent / tile };
  const single = isDropped(fold, tile);
  const place = single ? indexRead(tiles.name) : add(mul(indexRead(tiles.name), tile), indexRead(loop.name));
  const over = body.over.flatMap((index) => (index !== loop ? [index] : single ? [] : [{ ...index, extent: tile }]));
  const inside: Reduce = { ...body, dtype: body.acc, over, body: substitute(body.body, new Map([[loop.name, place]])) };
  const partial = ownFold(part, [...domain, tiles], inside);
  const sum: Reduce = { ...body, over: [tiles], body: readAt({ name: part, dtype: body.acc }, [...domain, tiles]) };
  const tensor: Tensor = { name: part, dtype: body.acc, shape: [...domain, tiles].map(({ extent }) => extent), tier: "auto" };
  const operators = block.operators.toSpliced(at, 1, partial, ownFold(fold.name, domain, sum));
  return { ...block, operators, tensors: [...block.tensors, tensor] };
}

/** Tiles of one element need no loop, where another loop is left to fold. */
const isDropped = ({ body }: Fold, tile: number): boolean => tile === 1 && body.over.length > 1;

function scheduleAfter(schedule: Schedule, { fold, position, tile: size, part }: Cut): Schedule {
  const kept = fold.domain.length;
  const old = `${fold.name}.${position}`;
  const [tile, par, lanes] = [{ ...schedule.tile }, { ...schedule.par }, { ...schedule.lanes }];
  const copies = par[old];
  for (const table of [tile, par]) delete table[old];
  tile[`${fold.name}.${kept}`] = 1;
  if (copies !== undefined) par[`${fold.name}.${kept}`] = copies;
  const folded = fold.body.over.flatMap((_, k) => {
    const pin = lanes[`${fold.name}.${kept + k}`];
    delete lanes[`${fold.name}.${kept + k}`];
    const gone = isDropped(fold, size) && kept + k >= position ? 1 : 0;
    if (pin !== undefined && gone > 0 && kept + k === position) throw new UserError(fault(old, "its lanes are pinned, but a tile of it is one element"));
    return pin === undefined ? [] : [[`${part}.${kept + 1 + k - gone}`, pin] as const];
  });
  const own = fold.domain.flatMap((_, k) => {
    const pin = lanes[`${fold.name}.${k}`];
    return pin === undefined ? [] : [[`${part}.${k}`, pin] as const];
  });
  for (const [name, pin] of folded.length > 0 ? folded : own) lanes[name] = pin;
  return { ...schedule, tile, par, lanes };
}
