/**
 * Tiles: a fold whose schedule has a tile for its folded loop is cut into folds of tiles and a fold of those.
 *
 *     c[i, j] = sum_k f(i, j, k), k < 128, in tiles of 64   ->   c.part[p, i, j] = sum_r f(i, j, p * 64 + r), r < 64;  c[i, j] = sum_p c.part[p, i, j]
 *
 * Before: a Program after the lowering passes. After: the same values but for the order in which floats are added. Its schedule names the loops that there are then: the
 * loop over tiles, p, stands behind the kept loops that have tiles or copies, one tile a turn, in as many copies as the folded loop was to have. Lanes of the
 * folded loop become those of the parts; lanes of a kept loop are those of the sum and, where the parts have none (`c.part.1`), of the parts too.
 */

import { type Fault, UserError } from "../base/errors.ts";
import type { Index, Program, Schedule, Tensor } from "../pattern/program.ts";
import { add, cast, mul } from "../pattern/scalars.ts";
import { allOperators, mapBlocks } from "./blocks.ts";
import { type Fold, freshName, indexRead, isFold, ownFold, ownMap, type Reduce, readAt, substitute } from "./rewrite.ts";

/** Of the leading loops that a fold keeps, as many as have a tile or copies: the loop over tiles of the folded loop stands inside of them and outside of all others. */
export function tiledLoops(name: string, kept: number, schedule: Schedule | undefined): number {
  const pins = { ...schedule?.tile, ...schedule?.par };
  return 1 + Array.from({ length: kept }, (_, k) => k).findLastIndex((k) => pins[`${name}.${k}`] !== undefined);
}

/** What is cut: the loop at `position` of the fold's loops, folded ones behind those kept. */
interface Cut {
  readonly fold: Fold;
  readonly position: number;
  readonly tile: number;
  /** Of the operator that folds the tiles. */
  readonly part: string;
  /** Position of the loop over tiles. */
  readonly outer: number;
}

export function cutTiles(program: Program): Program {
  const cuts = cutsOf(program);
  if (cuts.length === 0) return program;
  const cut = mapBlocks(program, (block) => cuts.reduce(cutBlock, block));
  return { ...cut, schedule: cuts.reduce(scheduleAfter, program.schedule!) };
}

function cutsOf({ operators, tensors, schedule }: Program): readonly Cut[] {
  const faults: Fault[] = [];
  const cuts = allOperators(operators)
    .filter(isFold)
    .flatMap((fold): readonly Cut[] => {
      const pinned = fold.body.over.flatMap((index, k) => {
        const position = fold.domain.length + k;
        const tile = schedule?.tile?.[`${fold.name}.${position}`];
        return tile === undefined ? [] : [{ index, position, tile }];
      });
      faults.push(...pinned.flatMap(({ index, position, tile }) => tileFault(`${fold.name}.${position}`, index, tile)));
      if (pinned.length > 1) faults.push(fault(`${fold.name}.${pinned[1]!.position}`, `another loop that "${fold.name}" folds has a tile; only one can have`));
      const part = tensors.some(({ name }) => name === `${fold.name}.part`) ? freshName(fold.name, "part", 2, tensors) : `${fold.name}.part`;
      const outer = tiledLoops(fold.name, fold.domain.length, schedule);
      return pinned.slice(0, 1).map(({ position, tile }) => ({ fold, position, tile, part, outer }));
    });
  if (faults.length > 0) throw new UserError(faults);
  return cuts;
}

const noLanes = (name: string, part: string): Fault => ({
  code: "illegal-schedule",
  place: { path: `schedule.lanes ${name}` },
  message: "its tile is one element, which leaves no loop to run across lanes",
  hint: `lanes of the parts stand under "${part}"`,
});

const fault = (name: string, message: string): Fault => ({ code: "illegal-schedule", place: { path: `schedule.tile ${name}` }, message });

function tileFault(name: string, { extent, count }: Index, tile: number): readonly Fault[] {
  if (count !== undefined) return [fault(name, "a folded loop over a collection cannot have a tile")];
  if (Number.isInteger(tile) && tile >= 1 && extent % tile === 0) return [];
  return [{ ...fault(name, `${tile} does not divide the ${extent} elements of the folded loop`), hint: "tiles of a folded loop are all of one size" }];
}

function cutBlock(block: Program, { fold, position, tile, part, outer }: Cut): Program {
  const { domain, body } = fold;
  const at = block.operators.findIndex(({ name }) => name === fold.name);
  if (at < 0) return block;
  const loop = body.over[position - domain.length]!;
  const tiles: Index = { name: `${part}.p`, extent: loop.extent / tile };
  const place = tile === 1 ? indexRead(tiles.name) : add(mul(indexRead(tiles.name), tile), indexRead(loop.name));
  const over = body.over.flatMap((index) => (index !== loop ? [index] : tile === 1 ? [] : [{ ...index, extent: tile }]));
  const inside: Reduce = { ...body, dtype: body.acc, over, body: substitute(body.body, new Map([[loop.name, place]])) };
  const loops = domain.toSpliced(outer, 0, tiles);
  const partial = over.length > 0 ? ownFold(part, loops, inside) : ownMap(part, loops, cast(body.acc, inside.body));
  const sum: Reduce = { ...body, over: [tiles], body: readAt({ name: part, dtype: body.acc }, loops) };
  const tensor: Tensor = { name: part, dtype: body.acc, shape: loops.map(({ extent }) => extent), tier: "auto" };
  const operators = block.operators.toSpliced(at, 1, partial, ownFold(fold.name, domain, sum));
  return { ...block, operators, tensors: [...block.tensors, tensor] };
}

function scheduleAfter(schedule: Schedule, { fold, position, tile: size, part, outer }: Cut): Schedule {
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
    if (pin !== undefined && size === 1 && kept + k === position) throw new UserError(noLanes(old, part));
    const gone = size === 1 && kept + k > position ? 1 : 0;
    return pin === undefined ? [] : [[`${part}.${kept + 1 + k - gone}`, pin] as const];
  });
  const own = fold.domain.flatMap((_, k) => {
    const pin = lanes[`${fold.name}.${k}`];
    return pin === undefined ? [] : [[`${part}.${k < outer ? k : k + 1}`, pin] as const];
  });
  const given = Object.keys(lanes).some((name) => name.startsWith(`${part}.`));
  for (const [name, pin] of folded.length > 0 ? folded : given ? [] : own) lanes[name] = pin;
  return { ...schedule, tile, par, lanes };
}
