/** Hand-made fabrics that between them use every kind of nest. Each comes with inputs and the plain answer. */

import type { Fabric, Node } from "../../src/fabric/fabric.ts";
import { NO_KEY } from "../../src/fabric/nests.ts";
import type { TensorValues } from "../../src/pattern/program.ts";
import {
  acquires,
  affine,
  below,
  type ChannelShapes,
  constant,
  fabricOf,
  handsOver,
  input,
  load,
  nest,
  op,
  pcu,
  reads,
  scratch,
  sends,
  store,
  sum,
  tensor,
  unit,
} from "./fabrics.ts";

export interface Example {
  readonly fabric: Fabric;
  readonly inputs: TensorValues;
  readonly answers: Readonly<Record<string, readonly number[]>>;
}

const lanes = 16;

/** Small whole numbers, exact in f32 and under addition. */
function numbers(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 7 + seed * 13) % 17) - 8);
}

/** y[i] = 2 x[i] + 1, ragged at the end. */
export function elementwise(n: number): Example {
  const trips = [Math.ceil(n / lanes)];
  const [x, y] = [tensor("x", "f32", [n], 0), tensor("y", "f32", [n], 1 << 20)];
  const walk = [affine([lanes], 1)];
  const body: Node[] = [input("a"), constant(2), op("mul", [0, 1]), constant(1), op("add", [2, 3])];
  const units = [load("a", x, trips, walk), pcu("axpy", trips, [reads("a", 1), sends("b", 1)], body, { b: 4 }), store("b", y, trips, walk)];
  const inputs = { x: numbers(n, 1) };
  return { fabric: fabricOf([x, y], units), inputs, answers: { y: Array.from(inputs.x, (v) => 2 * v + 1) } };
}

/** s = sum x[i] y[i]. */
export function dot(n: number): Example {
  const trips = [Math.ceil(n / lanes)];
  const [x, y, s] = [tensor("x", "f32", [n], 0), tensor("y", "f32", [n], 1 << 20), tensor("s", "f32", [], 1 << 21)];
  const walk = [affine([lanes], 1)];
  const body = [input("a"), input("b"), op("mul", [0, 1]), sum(2, 0, true)];
  const units = [
    load("a", x, trips, walk),
    load("b", y, trips, walk),
    pcu("dot", trips, [reads("a", 1), reads("b", 1), sends("c", 0)], body, { c: 3 }, { guards: [below(affine([lanes], 1), n)] }),
    store("c", s, [], [], { lanes: 1 }),
  ];
  const inputs = { x: numbers(n, 1), y: numbers(n, 2) };
  const answer = inputs.x.reduce((total, v, i) => total + v * inputs.y[i]!, 0);
  return { fabric: fabricOf([x, y, s], units, { c: { words: 1 } }), inputs, answers: { s: [answer] } };
}

/** y[i, j] = x[i, j] - sum over j of x[i, j]: a row waits in a PMU's N buffers until its sum is known. */
export function centreRows(rows: number, cols: number, buffers = 2): Example {
  const vectors = Math.ceil(cols / lanes);
  const trips = [rows, vectors];
  const [x, y] = [tensor("x", "f32", [rows, cols], 0), tensor("y", "f32", [rows, cols], 1 << 20)];
  const walk = [affine([1, 0]), affine([0, lanes], 1)];
  const inRow = [below(affine([0, lanes], 1), cols)];
  const row = { dims: [affine([0, lanes], 1)], shape: [cols] };
  const pmu = unit(
    "pmu",
    "rows",
    [
      nest("write", trips, [reads("a", 2), handsOver("full", 1)], { kind: "write", scratch: "row", access: row, port: "a" }),
      nest("read", trips, [acquires("full", 1), sends("b", 2)], { kind: "read", scratch: "row", access: row, port: "b" }),
    ],
    [scratch("row", "f32", [cols], buffers)],
  );
  const units = [
    load("a", x, trips, walk),
    pmu,
    pcu("sum", trips, [reads("a", 2), sends("s", 1)], [input("a"), sum(0, 1, true)], { s: 1 }, { guards: inRow }),
    pcu("centre", trips, [reads("b", 2), reads("s", 1), sends("c", 2)], [input("b"), input("s"), op("sub", [0, 1])], { c: 2 }),
    store("c", y, trips, walk),
  ];
  const inputs = { x: numbers(rows * cols, 3) };
  const sums = Array.from({ length: rows }, (_, i) => inputs.x.subarray(i * cols, (i + 1) * cols).reduce((total, v) => total + v, 0));
  const shapes: ChannelShapes = { s: { words: 1 }, full: { depth: buffers }, a: { depth: 16 } };
  return { fabric: fabricOf([x, y], units, shapes), inputs, answers: { y: Array.from(inputs.x, (v, at) => v - sums[Math.floor(at / cols)]!) } };
}

/** c[i, j] = sum over k of a[i, k] b[k, j] in an output-stationary array; columns of `a` are read from a PMU across its rows. */
export function systolicGemm(m: number, n: number, k: number): Example {
  const stages = 4;
  const tiles = [Math.ceil(m / stages), Math.ceil(n / lanes)];
  const [mt, nt] = tiles as [number, number];
  const [a, b, c] = [tensor("a", "f32", [m, k], 0), tensor("b", "f32", [k, n], 1 << 20), tensor("c", "f32", [m, n], 1 << 21)];
  const fill = [stages, Math.ceil(k / lanes)];
  const strides = [k + 1, 1];
  const pmu = unit(
    "pmu",
    "a.tile",
    [
      nest("write", [mt, ...fill], [reads("x", 3), handsOver("tile", 1)], {
        ...{ kind: "write", scratch: "t", port: "x" },
        access: { dims: [affine([0, 1, 0]), affine([0, 0, lanes], 1)], shape: [stages, k] },
      }),
      nest(
        "read",
        [mt, nt, k],
        [acquires("tile", 1), sends("col", 3)],
        { kind: "read", scratch: "t", port: "col", access: { dims: [affine([0, 0, 0], 1), affine([0, 0, 1])], shape: [stages, k] } },
        { lanes: stages },
      ),
    ],
    [scratch("t", "f32", [stages, k], 2, strides)],
  );
  const array = unit(
    "pcu",
    "array",
    [
      nest("mac", [mt, nt, k], [reads("col", 3), reads("row", 3), handsOver("done", 2)], {
        ...{ kind: "systolic", lanePort: "row", stagePort: "col", stages, product: "f32", acc: "f32", level: 2, scratch: "acc" },
      }),
      nest("drain", [mt, nt, stages], [acquires("done", 2), sends("out", 3)], {
        ...{ kind: "read", scratch: "acc", port: "out" },
        access: { dims: [affine([0, 0, 1]), affine([0, 0, 0], 1)], shape: [stages, lanes] },
      }),
    ],
    [scratch("acc", "f32", [stages, lanes], 2)],
  );
  const units = [
    load("x", a, [mt, ...fill], [affine([stages, 1, 0]), affine([0, 0, lanes], 1)]),
    load("row", b, [mt, nt, k], [affine([0, 0, 1]), affine([0, lanes, 0], 1)]),
    pmu,
    array,
    store("out", c, [mt, nt, stages], [affine([stages, 0, 1]), affine([0, lanes, 0], 1)]),
  ];
  const inputs = { a: numbers(m * k, 4), b: numbers(k * n, 5) };
  const answer = Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return Array.from({ length: k }, (_, q) => inputs.a[i * k + q]! * inputs.b[q * n + j]!).reduce((x, y) => x + y, 0);
  });
  return { fabric: fabricOf([a, b, c], units, { col: { words: stages }, tile: { depth: 2 }, done: { depth: 2 } }), inputs, answers: { c: answer } };
}

/** count[key] += 1 and total[key] += value for the records with value >= 0, in two scatter PMUs fed by one broadcast of the keys. */
export function groupBy(n: number, keys: number): Example {
  const trips = [Math.ceil(n / lanes)];
  const walk = [affine([lanes], 1)];
  const drained = [Math.ceil(keys / lanes)];
  const guards = [below(affine([lanes], 1), n)];
  const [k, v] = [tensor("k", "i32", [n], 0), tensor("v", "i32", [n], 1 << 20)];
  const [count, total] = [tensor("count", "i32", [keys], 1 << 21), tensor("total", "i32", [keys], 1 << 22)];
  const table = (field: string) =>
    unit(
      "pmu",
      `${field}.table`,
      [
        nest(
          "scatter",
          trips,
          [reads("key", 1), reads(field, 1), handsOver(`${field}.full`, 0)],
          { kind: "scatter", scratch: "table", keyPort: "key", valuePort: field, fn: "add", acc: "i32" },
          { guards },
        ),
        nest("read", drained, [acquires(`${field}.full`, 0), sends(`${field}.out`, 1)], {
          ...{ kind: "read", scratch: "table", port: `${field}.out` },
          access: { dims: walk, shape: [keys] },
        }),
      ],
      [scratch("table", "i32", [keys], 1)],
    );
  const body: Node[] = [
    input("k", "i32"),
    input("v", "i32"),
    constant(0, "i32"),
    op("ge", [1, 2], "bool"),
    constant(NO_KEY, "i32"),
    op("select", [3, 0, 4], "i32"),
    constant(1, "i32"),
    { kind: "cast", dtype: "i32", arg: 1 },
  ];
  const units = [
    load("k", k, trips, walk),
    load("v", v, trips, walk),
    pcu("select", trips, [reads("k", 1), reads("v", 1), sends("key", 1), sends("one", 1), sends("value", 1)], body, { key: 5, one: 6, value: 7 }),
    table("one"),
    table("value"),
    store("one.out", count, drained, walk),
    store("value.out", total, drained, walk),
  ];
  const inputs = {
    k: Int32Array.from({ length: n }, (_, i) => ((i * 5) ^ (i >> 3)) % keys),
    v: Int32Array.from({ length: n }, (_, i) => ((i * 7) % 23) - 5),
  };
  const answers = { count: new Array<number>(keys).fill(0), total: new Array<number>(keys).fill(0) };
  inputs.k.forEach((key, i) => {
    if (inputs.v[i]! < 0) return;
    answers.count[key]!++;
    answers.total[key]! += inputs.v[i]!;
  });
  const ints = Object.fromEntries(["k", "v", "key", "one", "value", "one.out", "value.out"].map((id) => [id, { dtype: "i32" as const }]));
  const depths = { "one.full": { depth: 1, dtype: "i32" as const }, "value.full": { depth: 1, dtype: "i32" as const } };
  return { fabric: fabricOf([k, v, count, total], units, { ...ints, ...depths }), inputs, answers };
}
