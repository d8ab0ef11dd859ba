/** Hand-made fabrics of what data steers: gather, fetch, append, hash and scatter nests, each with inputs and the plain answer. */

import type { Fabric, Nest, TensorLayout, Work } from "../../src/fabric/fabric.ts";
import { NO_KEY } from "../../src/fabric/nests.ts";
import type { Example } from "./examples.ts";
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

const lanes = 16;

/** Repeatable whole numbers in [0, limit) without a pattern that banks could like. */
function numbers(length: number, limit: number, seed: number): Int32Array {
  return Int32Array.from({ length }, (_, i) => (Math.imul(i + 17 * seed, 0x9e3779b1) >>> 7) % limit);
}

const vectors = (n: number): number => Math.ceil(n / lanes);
const walk = [affine([lanes], 1)];
const inside = (n: number) => [below(affine([lanes], 1), n)];
const i32 = { dtype: "i32" } as const;

/** y[i] = t[index[i]], t in a PMU. */
export function gathering(n: number, size: number): Example {
  const [t, index, y] = [tensor("t", "f32", [size], 0), tensor("index", "i32", [n], 1 << 20), tensor("y", "f32", [n], 1 << 21)];
  const fill: Nest = nest("write", [vectors(size)], [reads("a", 1), handsOver("full", 0)], {
    ...{ kind: "write", scratch: "table", port: "a" },
    access: { dims: walk, shape: [size] },
  });
  const work: Work = { kind: "gather", scratch: "table", indexPort: "i", port: "b" };
  const gather = nest("gather", [vectors(n)], [reads("i", 1), acquires("full", 0), sends("b", 1)], work, { guards: inside(n) });
  const units = [
    load("a", t, [vectors(size)], walk),
    load("i", index, [vectors(n)], walk),
    unit("pmu", "table", [fill, gather], [scratch("table", "f32", [size], 1)]),
    store("b", y, [vectors(n)], walk),
  ];
  const inputs = { t: Float32Array.from({ length: size }, (_, at) => 3 * at + 1), index: numbers(n, size, 1) };
  return { fabric: fabricOf([t, index, y], units, { i: i32, full: { depth: 1 } }), inputs, answers: { y: Array.from(inputs.index, (at) => inputs.t[at]!) } };
}

/** y[i] = t[index[i]], t off chip. */
export function fetching(n: number, size: number): Example {
  const [t, index, y] = [tensor("t", "f32", [size], 0), tensor("index", "i32", [n], 1 << 20), tensor("y", "f32", [n], 1 << 21)];
  const work: Work = { kind: "fetch", tensor: "t", indexPort: "i", port: "b" };
  const fetch = nest("fetch", [vectors(n)], [reads("i", 1), sends("b", 1)], work, { guards: inside(n) });
  const units = [load("i", index, [vectors(n)], walk), unit("ag", "fetch", [fetch]), store("b", y, [vectors(n)], walk)];
  const inputs = { t: Float32Array.from({ length: size }, (_, at) => 3 * at + 1), index: numbers(n, size, 2) };
  return { fabric: fabricOf([t, index, y], units, { i: i32 }), inputs, answers: { y: Array.from(inputs.index, (at) => inputs.t[at]!) } };
}

/**
 * y = A x, A in compressed rows: the PCU reads the length of each row, in vectors of `width` elements, and turns its inner loop so often. Its other nests walk over all
 * elements in order and know no rows.
 */
export function sparseProduct(lengths: readonly number[], columns: number, width = 1, most = Math.max(1, ...lengths)): Example {
  const rows = lengths.length;
  const turns = lengths.reduce((total, length) => total + length, 0);
  const elements = turns * width;
  const tensors = [
    tensor("lengths", "i32", [rows], 0),
    tensor("values", "f32", [elements], 1 << 18),
    tensor("columns", "i32", [elements], 1 << 19),
    tensor("x", "f32", [columns], 1 << 20),
    tensor("y", "f32", [rows], 1 << 21),
  ];
  const [n, values, index, , y] = tensors as [TensorLayout, TensorLayout, TensorLayout, TensorLayout, TensorLayout];
  const step = [affine([width], 1)];
  const fetch: Work = { kind: "fetch", tensor: "x", indexPort: "c", port: "x" };
  const dot = pcu(
    "dot",
    [rows, most],
    [reads("n", 1), reads("v", 2), reads("x", 2), sends("s", 1)],
    [input("v"), input("x"), op("mul", [0, 1]), sum(2, 1, true)],
    { s: 3 },
    { lanes: width },
  );
  const counted = dot.nests.map((nest) => ({ ...nest, loops: nest.loops.map((loop, l) => (l === 1 ? { ...loop, port: "n" } : loop)) }));
  const units = [
    load("n", n, [rows], [affine([1])], { lanes: 1 }),
    load("v", values, [turns], step, { lanes: width }),
    load("c", index, [turns], step, { lanes: width }),
    unit("ag", "fetch", [nest("fetch", [turns], [reads("c", 1), sends("x", 1)], fetch, { lanes: width })]),
    { ...dot, nests: counted },
    store("s", y, [rows], [affine([1])], { lanes: 1 }),
  ];
  const inputs = {
    lengths: Int32Array.from(lengths),
    values: Float32Array.from({ length: elements }, (_, at) => (at % 7) - 3),
    columns: numbers(elements, columns, 5),
    x: Float32Array.from({ length: columns }, (_, at) => at + 1),
  };
  let next = 0;
  const answer = lengths.map((length) => {
    let total = 0;
    for (const end = next + length * width; next < end; next++) total += inputs.values[next]! * inputs.x[inputs.columns[next]!]!;
    return total;
  });
  return { fabric: fabricOf(tensors, units, { n: { dtype: "i32", words: 1 }, c: i32, s: { words: 1 } }), inputs, answers: { y: answer } };
}

/** y = the x[i] for which when[i] holds, size = how many. */
export function appending(n: number, bound = n): Example {
  const tensors = [tensor("x", "f32", [n], 0), tensor("when", "bool", [n], 1 << 20), tensor("y", "f32", [bound], 1 << 21), tensor("size", "i32", [], 1 << 22)];
  const [x, when, , size] = tensors as [TensorLayout, TensorLayout, TensorLayout, TensorLayout];
  const work: Work = { kind: "append", tensor: "y", emits: [{ whenPort: "w", valuePort: "v" }], sizePort: "n" };
  const append = nest("append", [vectors(n)], [reads("w", 1), reads("v", 1), sends("n", 0)], work, { guards: inside(n) });
  const units = [load("v", x, [vectors(n)], walk), load("w", when, [vectors(n)], walk), unit("ag", "append", [append]), store("n", size, [], [], { lanes: 1 })];
  const inputs = { x: Float32Array.from({ length: n }, (_, at) => at + 1), when: Uint8Array.from(numbers(n, 3, 3), (draw) => (draw === 0 ? 0 : 1)) };
  const records = Array.from(inputs.x).filter((_, at) => inputs.when[at] !== 0);
  const shapes: ChannelShapes = { w: { dtype: "bool" }, n: { ...i32, words: 1 } };
  const y = Array.from({ length: bound }, (_, at) => records[at] ?? 0);
  return { fabric: fabricOf(tensors, units, shapes), inputs, answers: { y, size: [records.length] } };
}

/** entry[i] = number of key[i] among the distinct keys, if when[i] holds. */
export function hashing(n: number, bound: number, slots: number): Example {
  const [key, when, entry] = [tensor("key", "i32", [n], 0), tensor("when", "bool", [n], 1 << 20), tensor("entry", "i32", [n], 1 << 21)];
  const work: Work = { kind: "hash", slots, keyPort: "k", whenPort: "w", port: "e", keys: "keys" };
  const hash = nest("hash", [vectors(n)], [reads("k", 1), reads("w", 1), sends("e", 1)], work, { guards: inside(n) });
  const units = [
    load("k", key, [vectors(n)], walk),
    load("w", when, [vectors(n)], walk),
    unit("pmu", "table", [hash], [scratch("keys", "i32", [bound], 1), scratch("keys.slots", "i32", [slots], 1)]),
    store("e", entry, [vectors(n)], walk),
  ];
  const inputs = { key: numbers(n, bound, 4), when: Uint8Array.from(numbers(n, 4, 5), (draw) => (draw === 0 ? 0 : 1)) };
  return { fabric: fabricOf([key, when, entry], units, { k: i32, w: { dtype: "bool" }, e: i32 }), inputs, answers: hashAnswers(inputs.key, inputs.when) };
}

function hashAnswers(key: Int32Array, when: Uint8Array): Example["answers"] {
  const found = [...new Set(Array.from(key).filter((_, at) => when[at] !== 0))];
  return { entry: Array.from(key, (one, at) => (when[at] === 0 ? -1 : found.indexOf(one))) };
}

/** count[k] = how many i have key[i] = k, in a table that as many PMUs share as `shards` says; NO_KEY counts nowhere. */
export function sharding(n: number, keys: number, shards: number): Example {
  const size = Math.ceil(keys / shards);
  const [key, count] = [tensor("key", "i32", [n], 0), tensor("count", "i32", [keys], 1 << 20)];
  const parts = Array.from({ length: shards }, (_, s) => ({ s, first: s * size, extent: Math.min(size, keys - s * size) }));
  const tables = parts.map(({ s, first, extent }) => {
    const work: Work = {
      ...{ kind: "scatter", scratch: "part", keyPort: "k", valuePort: "one", fn: "add", acc: "i32" },
      shard: { first, keys },
    };
    const scatter = nest("scatter", [vectors(n)], [reads("k", 1), reads("one", 1), handsOver(`full${s}`, 0)], work, { guards: inside(n) });
    const read: Work = { kind: "read", scratch: "part", access: { dims: walk, shape: [extent] }, port: `p${s}` };
    const drain = nest("read", [vectors(extent)], [acquires(`full${s}`, 0), sends(`p${s}`, 1)], read);
    return unit("pmu", `part${s}`, [scatter, drain], [scratch("part", "i32", [extent], 1)]);
  });
  const stores = parts.map(({ s, first, extent }) =>
    store(`p${s}`, count, [vectors(extent)], [affine([lanes], 1, first)], { guards: [below(affine([lanes], 1), extent)] }),
  );
  const ones = pcu("ones", [vectors(n)], [sends("one", 1)], [constant(1, "i32")], { one: 0 });
  const shapes: ChannelShapes = {
    ...{ k: i32, one: { ...i32, words: 1 } },
    ...Object.fromEntries(parts.flatMap(({ s }) => [[`p${s}`, i32] as const, [`full${s}`, { depth: 1 }] as const])),
  };
  const inputs = { key: numbers(n, keys + 1, 6).map((at) => (at === 0 ? NO_KEY : at - 1)) };
  const answer = new Array<number>(keys).fill(0);
  for (const at of inputs.key) if (at >= 0) answer[at]!++;
  return { fabric: fabricOf([key, count], [load("k", key, [vectors(n)], walk), ones, ...tables, ...stores], shapes), inputs, answers: { count: answer } };
}

/** All of them, small. */
export function steeredFabrics(): Readonly<Record<"gather" | "fetch" | "append" | "hash" | "shard", Fabric>> {
  return {
    gather: gathering(100, 37).fabric,
    fetch: fetching(100, 300).fabric,
    append: appending(100, 90).fabric,
    hash: hashing(100, 30, 64).fabric,
    shard: sharding(100, 50, 2).fabric,
  };
}
