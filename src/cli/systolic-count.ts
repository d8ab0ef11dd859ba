/** What `weft systolic` counts of layers on an array, and its tables. */

import { UserError } from "../base/errors.ts";
import { grouped, percent } from "../report/format.ts";
import { type ArraySize, countSystolic, type Dataflow, passesOf } from "../units/systolic.ts";
import type { RowProgress } from "./comparison.ts";
import { version } from "./files.ts";
import type { Layer } from "./layers.ts";
import { printTable } from "./markdown.ts";

export interface SystolicJob {
  readonly kind: "systolic";
  readonly array: ArraySize;
  readonly dataflows: readonly Dataflow[];
  readonly layers: readonly Layer[];
}

/** What `--json` writes. */
export interface SystolicReport {
  readonly schemaVersion: 1;
  readonly weft: { readonly version: string };
  readonly array: ArraySize;
  readonly layers: readonly LayerCount[];
  /** Of all layers, each as often as it runs. */
  readonly totals: readonly Total[];
}

export interface LayerCount extends Layer, Omit<Total, "macs"> {
  /** Parts of the product that are on the array one after the other. */
  readonly passes: number;
  /** Of each cell in a pass. */
  readonly steps: number;
  /** Multiply-accumulates. */
  readonly macs: number;
  /** Mean share of the cells that have work in a pass, 0 .. 1. */
  readonly mapped_share: number;
  /** Multiply-accumulates over cells and cycles, 0 .. 1. */
  readonly busy_share: number;
}

export interface Total {
  readonly dataflow: Dataflow;
  /** The number of the last cycle, the first being 0, without the shifting out of outputs that stand in the array. */
  readonly scale_sim_cycles: number;
  /** Until the last output has left the array. */
  readonly cycles: number;
  readonly macs: number;
}

/** Counts are those of one run of a layer. */
export function countLayers({ array, dataflows, layers }: SystolicJob, progress: RowProgress): SystolicReport {
  for (const layer of layers) for (const dataflow of dataflows) assertCountable(layer, array, dataflow);
  const counts = layers.flatMap((layer, done) =>
    dataflows.map((dataflow) => {
      progress(done, layers.length, layer.name);
      return countLayer(layer, array, dataflow);
    }),
  );
  return { schemaVersion: 1, weft: { version }, array, layers: counts, totals: dataflows.map((dataflow) => totalOf(counts, dataflow)) };
}

/** Cycles are exact to 2^53. */
function assertCountable(layer: Layer, array: ArraySize, dataflow: Dataflow): void {
  const { count, steps } = passesOf(layer, array, dataflow);
  if (layer.times * count * (steps + 2 * array.rows + array.columns) <= Number.MAX_SAFE_INTEGER) return;
  throw new UserError({ code: "too-long", message: `layer ${JSON.stringify(layer.name)} would take more cycles than can be counted exactly, 2^53` });
}

function countLayer(layer: Layer, array: ArraySize, dataflow: Dataflow): LayerCount {
  const { passes, scale_sim_cycles, cycles } = countSystolic(layer, array, dataflow);
  const macs = layer.m * layer.n * layer.k;
  return {
    ...{ ...layer, dataflow, scale_sim_cycles, cycles, passes: passes.count, steps: passes.steps, macs },
    ...{ mapped_share: passes.mapped_share, busy_share: macs / (array.rows * array.columns * cycles) },
  };
}

function totalOf(counts: readonly LayerCount[], dataflow: Dataflow): Total {
  const own = counts.filter((count) => count.dataflow === dataflow);
  const sum = (of: (count: LayerCount) => number): number => own.reduce((total, count) => total + count.times * of(count), 0);
  return { dataflow, scale_sim_cycles: sum((one) => one.scale_sim_cycles), cycles: sum((one) => one.cycles), macs: sum((one) => one.macs) };
}

/** Ends in a line break. */
export function printSystolic({ array, layers, totals }: SystolicReport): string {
  const head = ["layer", "times", "M x N x K", "dataflow", "passes", "cycles, as SCALE-Sim counts", "cycles with the drain", "cells mapped", "cells busy"];
  const rows = layers.map((one) => [
    ...[one.name, grouped(one.times), `${one.m} x ${one.n} x ${one.k}`, one.dataflow, grouped(one.passes)],
    ...[grouped(one.scale_sim_cycles), grouped(one.cycles), percent(one.mapped_share), percent(one.busy_share)],
  ]);
  const busy = (total: Total): string => percent(total.macs / (array.rows * array.columns * total.cycles));
  const sums = totals.map((total) => ["all", "", "", total.dataflow, "", grouped(total.scale_sim_cycles), grouped(total.cycles), "", busy(total)]);
  const all = layers.length > totals.length || layers.some(({ times }) => times > 1) ? sums : [];
  return `systolic array of ${array.rows} x ${array.columns}\n\n${printTable({ head, rows: [...rows, ...all] })}`;
}
