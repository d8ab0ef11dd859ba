/** Hand-made fabrics that work a PMU's banks and ports hard: memory off chip moves little, so that they decide. */

import type { Scratch, Unit } from "../../src/fabric/fabric.ts";
import type { Machine, PmuSpec } from "../../src/machine/machine.ts";
import type { Example } from "./examples.ts";
import {
  acquires,
  affine,
  below,
  type ChannelShapes,
  fabricOf,
  handsOver,
  input,
  load,
  nest,
  pcu,
  reads,
  scratch,
  sends,
  store,
  sum,
  tensor,
  tinyMachine,
  unit,
} from "./fabrics.ts";

const lanes = 16;

export interface TilesShape {
  readonly tiles: number;
  readonly rows: number;
  readonly cols: number;
  /** Of one tile, each with vectors along its rows or across them. */
  readonly readers: readonly ("rows" | "columns")[];
  readonly reps?: number;
  readonly buffers?: number;
  /** Strides and banking of the tile. */
  readonly lie?: Pick<Scratch, "strides" | "banking">;
  /** Of the readers. */
  readonly ii?: number;
}

/** s_r[tile] = reps * sum of the tile, by each reader r of one tile in a PMU. */
export function tilesRead({ tiles, rows, cols, readers, reps = 4, buffers = 2, lie = {}, ii = 1 }: TilesShape): Example {
  const x = tensor("x", "f32", [tiles * rows, cols], 0);
  const sums = readers.map((_, r) => tensor(`s${r}`, "f32", [tiles], (r + 1) << 20));
  const fill = [tiles, rows, Math.ceil(cols / lanes)];
  const shape = [rows, cols];
  const write = nest("write", fill, [reads("x", 3), ...readers.map((_, r) => handsOver(`full${r}`, 1))], {
    ...{ kind: "write", scratch: "t", port: "x" },
    access: { dims: [affine([0, 1, 0]), affine([0, 0, lanes], 1)], shape },
  });
  const readNests = readers.map((along, r) => {
    const [outer, inner] = along === "rows" ? [rows, cols] : [cols, rows];
    const [line, word] = [affine([0, 0, 1, 0]), affine([0, 0, 0, lanes], 1)];
    const dims = along === "rows" ? [line, word] : [word, line];
    const ports = [acquires(`full${r}`, 1), sends(`v${r}`, 4)];
    return nest(
      `read${r}`,
      [tiles, reps, outer, Math.ceil(inner / lanes)],
      ports,
      { kind: "read", scratch: "t", access: { dims, shape }, port: `v${r}` },
      { ii },
    );
  });
  const adders = readers.map((along, r): Unit => {
    const [outer, inner] = along === "rows" ? [rows, cols] : [cols, rows];
    const guards = inner % lanes === 0 ? [] : [below(affine([0, 0, 0, lanes], 1), inner)];
    const body = [input(`v${r}`), sum(0, 1, true)];
    return pcu(`sum${r}`, [tiles, reps, outer, Math.ceil(inner / lanes)], [reads(`v${r}`, 4), sends(`s${r}`, 1)], body, { [`s${r}`]: 1 }, { guards });
  });
  const memory = { ...scratch("t", "f32", shape, buffers, lie.strides), ...lie };
  const units = [
    load("x", x, fill, [affine([rows, 1, 0]), affine([0, 0, lanes], 1)]),
    unit("pmu", "tile", [write, ...readNests], [memory]),
    ...adders,
    ...readers.map((_, r) => store(`s${r}`, sums[r]!, [tiles], [affine([1])], { lanes: 1 })),
  ];
  const inputs = { x: Float32Array.from({ length: tiles * rows * cols }, (_, i) => ((i * 7) % 17) - 8) };
  const sumOf = (tile: number): number => inputs.x.subarray(tile * rows * cols, (tile + 1) * rows * cols).reduce((total, v) => total + reps * v, 0);
  const answers = Object.fromEntries(sums.map((s) => [s.tensor, Array.from({ length: tiles }, (_, tile) => sumOf(tile))]));
  const shapes: ChannelShapes = Object.fromEntries(readers.flatMap((_, r) => [[`full${r}`, { depth: buffers }] as const, [`s${r}`, { words: 1 }] as const]));
  return { fabric: fabricOf([x, ...sums], units, shapes), inputs, answers };
}

/** total[key] += value over rounds of records in a table of two buffers, of which one is read while the other is filled. */
export function tablesTurned(rounds: number, records: number, keys: number): Example {
  const trips = [rounds, Math.ceil(records / lanes)];
  const walk = [affine([records, lanes], 1)];
  const drained = [rounds, Math.ceil(keys / lanes)];
  const guards = [below(affine([0, lanes], 1), records)];
  const [k, v] = [tensor("k", "i32", [rounds * records], 0), tensor("v", "i32", [rounds * records], 1 << 20)];
  const total = tensor("total", "i32", [rounds, keys], 1 << 21);
  const table = unit(
    "pmu",
    "table",
    [
      nest(
        "scatter",
        trips,
        [reads("k", 2), reads("v", 2), handsOver("full", 1)],
        { kind: "scatter", scratch: "table", keyPort: "k", valuePort: "v", fn: "add", acc: "i32" },
        { guards },
      ),
      nest("read", drained, [acquires("full", 1), sends("out", 2)], {
        ...{ kind: "read", scratch: "table", port: "out" },
        access: { dims: [affine([0, lanes], 1)], shape: [keys] },
      }),
    ],
    [scratch("table", "i32", [keys], 2)],
  );
  const units = [
    load("k", k, trips, walk, { guards }),
    load("v", v, trips, walk, { guards }),
    table,
    store("out", total, drained, [affine([1, 0]), affine([0, lanes], 1)]),
  ];
  const inputs = {
    k: Int32Array.from({ length: rounds * records }, (_, i) => ((i * 5) ^ (i >> 3)) % keys),
    v: Int32Array.from({ length: rounds * records }, (_, i) => ((i * 7) % 23) - 5),
  };
  const answer = new Array<number>(rounds * keys).fill(0);
  inputs.k.forEach((key, i) => {
    answer[Math.floor(i / records) * keys + key]! += inputs.v[i]!;
  });
  const ints = Object.fromEntries(["k", "v", "out"].map((id) => [id, { dtype: "i32" as const }]));
  return { fabric: fabricOf([k, v, total], units, { ...ints, full: { depth: 2, dtype: "i32" } }), inputs, answers: { total: answer } };
}

/** The tiny machine with other scratchpads. */
export const withPmu = (changes: Partial<PmuSpec>): Machine => ({
  ...tinyMachine,
  pmu: { ...tinyMachine.pmu, banking: ["block", "cyclic", "hashed", "diagonal"], ...changes },
});
