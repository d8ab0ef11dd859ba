/**
 * Permute: what is made from a tensor larger than all PMUs, and only read by operators, is made in the order of that one's loops, where it shares more loops with its makers and
 * readers so: the larger one then need not be whole anywhere.
 *
 *     p[h, i, j] = ..;  c[i, h, d] = sum_j p[h, i, j] * v[h, j, d];  y[i, k] = sum_h sum_d c[i, h, d] * w[h, d, k]
 *  -> p[h, i, j] = ..;  c[h, i, d] = sum_j p[h, i, j] * v[h, j, d];  y[i, k] = sum_h sum_d c[h, i, d] * w[h, d, k]
 *
 * Before: a lowered Program. After: the same values, those of such a tensor at other places. Outputs, inputs, what loops carry, what is made in loops that a schedule names,
 * and every last dimension, along which lanes and bursts run, stay where they are.
 */

import { onChipBytes } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { type AffineForm, readsOf, tensorBytes } from "../pattern/analysis.ts";
import type { MapOperator, Operator, Program, Schedule } from "../pattern/program.ts";
import { allOperators } from "./blocks.ts";
import { isInternal } from "./reshape.ts";
import { remade } from "./rewrite.ts";

export function permute(program: Program, machine: Machine): Program {
  const large = new Set(program.tensors.flatMap((tensor) => (tensorBytes(tensor) > onChipBytes(machine) ? [tensor.name] : [])));
  const makers = allOperators(program.operators).filter((operator): operator is MapOperator => operator.kind === "map");
  return makers.reduce((current, { name }) => permuted(current, name, large), program);
}

/** Place d of the tensor's new dimensions is its old dimension order[d]. */
type Order = readonly number[];

function permuted(program: Program, name: string, large: ReadonlySet<string>): Program {
  const operators = allOperators(program.operators);
  const maker = operators.find((operator): operator is MapOperator => operator.name === name)!;
  if (maker.domain.length < 3 || isPinned(name, program.schedule ?? {}) || !isInternal(name, program, operators)) return program;
  const sharedIn = (order: Order): number => {
    const changed = inOrder(maker, order);
    const made = sharedLoops(changed, operators, null);
    return operators.reduce((sum, reader) => (reader === maker ? sum : sum + sharedLoops(reader, [changed], order)), made);
  };
  const same = maker.domain.map((_, d) => d);
  let best = { order: same as Order, shared: sharedIn(same) };
  for (const order of ordersOf(maker, (tensor) => large.has(tensor) && operators.some((other) => other.name === tensor))) {
    const shared = sharedIn(order);
    if (shared > best.shared) best = { order, shared };
  }
  const { order } = best;
  return order === same ? program : remade(program, maker, inOrder(maker, order), (at) => order.map((d) => at[d]!));
}

const isPinned = (name: string, { tile = {}, par = {}, lanes = {} }: Schedule): boolean =>
  [tile, par, lanes].some((pins) => Object.keys(pins).some((loop) => loop.startsWith(`${name}.`)));

/** Those that begin as some read of such a tensor does, with all others behind as they were; the last stays last. */
function ordersOf(maker: MapOperator, of: (tensor: string) => boolean): readonly Order[] {
  const orders: Order[] = [];
  const last = maker.domain.length - 1;
  for (const { tensor, affine } of readsOf(maker)) {
    if (!of(tensor)) continue;
    const leading: number[] = [];
    for (const place of affine) {
      const d = maker.domain.findIndex((index) => isPlain(place, index.name));
      if (d < 0 || d === last || leading.includes(d)) break;
      leading.push(d);
    }
    if (leading.some((d, k) => d !== k)) orders.push([...leading, ...maker.domain.flatMap((_, d) => (leading.includes(d) ? [] : [d]))]);
  }
  return orders;
}

const inOrder = (maker: MapOperator, order: Order): MapOperator => ({ ...maker, domain: order.map((d) => maker.domain[d]!) });

/** Leading loops that an operator shares with each of the maps whose tensors it reads; `order`: in which it will read them, null: as it does. */
function sharedLoops(reader: Operator, makers: readonly Operator[], order: Order | null): number {
  if (reader.kind === "iterate") return 0;
  let sum = 0;
  for (const maker of makers) {
    if (maker.kind !== "map") continue;
    const reads = readsOf(reader).filter(({ tensor }) => tensor === maker.name);
    if (reads.length === 0) continue;
    const depths = reads.map(({ affine }) => {
      const own = order === null ? affine : order.map((d) => affine[d]!);
      const most = Math.min(reader.domain.length, own.length);
      const first = reader.domain.slice(0, most).findIndex(({ name, extent }, d) => !isPlain(own[d]!, name) || extent !== maker.domain[d]!.extent);
      return first < 0 ? most : first;
    });
    sum += Math.min(...depths);
  }
  return sum;
}

function isPlain(form: AffineForm | null, index: string): boolean {
  return form !== null && form.constant === 0 && form.coefficients.size === 1 && form.coefficients.get(index) === 1;
}
