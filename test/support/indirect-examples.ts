/** Hand-made fabrics of what data steers: gather, fetch, append and hash nests, each with inputs and the plain answer. */

import type { Fabric, Nest, TensorLayout, Work } from "../../src/fabric/fabric.ts";
import type { Example } from "./examples.ts";
import { acquires, affine, below, type ChannelShapes, fabricOf, handsOver, load, nest, reads, scratch, sends, store, tensor, unit } from "./fabrics.ts";

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

/** entry[i] = number of key[i] among the distinct keys, if when[i] holds; keys and size say which there are. */
export function hashing(n: number, bound: number, slots: number): Example {
  const tensors = [
    ...[tensor("key", "i32", [n], 0), tensor("when", "bool", [n], 1 << 20), tensor("entry", "i32", [n], 1 << 21)],
    ...[tensor("keys", "i32", [bound], 1 << 22), tensor("size", "i32", [], 1 << 23)],
  ];
  const [key, when, entry, keys, size] = tensors as [TensorLayout, TensorLayout, TensorLayout, TensorLayout, TensorLayout];
  const work: Work = { kind: "hash", slots, keyPort: "k", whenPort: "w", port: "e", keys: "keys", count: "count" };
  const ports = [reads("k", 1), reads("w", 1), sends("e", 1), handsOver("keysFull", 0), handsOver("countFull", 0)];
  const readKeys: Work = { kind: "read", scratch: "keys", access: { dims: walk, shape: [bound] }, port: "ks" };
  const readCount: Work = { kind: "read", scratch: "count", access: { dims: [], shape: [] }, port: "n" };
  const table = unit(
    "pmu",
    "table",
    [
      nest("hash", [vectors(n)], ports, work, { guards: inside(n) }),
      nest("keys", [vectors(bound)], [acquires("keysFull", 0), sends("ks", 1)], readKeys),
      nest("count", [], [acquires("countFull", 0), sends("n", 0)], readCount, { lanes: 1 }),
    ],
    [scratch("keys", "i32", [bound], 1), scratch("count", "i32", [], 1), scratch("keys.slots", "i32", [slots], 1)],
  );
  const units = [
    ...[load("k", key, [vectors(n)], walk), load("w", when, [vectors(n)], walk), table],
    ...[store("e", entry, [vectors(n)], walk), store("ks", keys, [vectors(bound)], walk), store("n", size, [], [], { lanes: 1 })],
  ];
  const shapes: ChannelShapes = {
    ...{ k: i32, w: { dtype: "bool" }, e: i32, ks: i32, n: { ...i32, words: 1 } },
    ...{ keysFull: { depth: 1 }, countFull: { depth: 1 } },
  };
  const inputs = { key: numbers(n, bound, 4), when: Uint8Array.from(numbers(n, 4, 5), (draw) => (draw === 0 ? 0 : 1)) };
  return { fabric: fabricOf(tensors, units, shapes), inputs, answers: hashAnswers(inputs.key, inputs.when, bound) };
}

function hashAnswers(key: Int32Array, when: Uint8Array, bound: number): Example["answers"] {
  const found = [...new Set(Array.from(key).filter((_, at) => when[at] !== 0))];
  return {
    entry: Array.from(key, (one, at) => (when[at] === 0 ? -1 : found.indexOf(one))),
    keys: Array.from({ length: bound }, (_, at) => found[at] ?? 0),
    size: [found.length],
  };
}

/** All of them, small. */
export function steeredFabrics(): Readonly<Record<"gather" | "fetch" | "append" | "hash", Fabric>> {
  return {
    gather: gathering(100, 37).fabric,
    fetch: fetching(100, 300).fabric,
    append: appending(100, 90).fabric,
    hash: hashing(100, 30, 64).fabric,
  };
}
