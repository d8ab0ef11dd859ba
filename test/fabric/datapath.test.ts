import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { makeBehaviour } from "../../src/fabric/datapath.ts";
import type { Node, Work } from "../../src/fabric/fabric.ts";
import { NO_KEY } from "../../src/fabric/nests.ts";
import { fireAll, memoriesOf, wire } from "../support/datapaths.ts";
import { acquires, affine, below, constant, handsOver, input, nest, op, reads, scratch, sends, sum } from "../support/fabrics.ts";

const compute = (nodes: readonly Node[], outputs: Readonly<Record<string, number>>): Work => ({
  kind: "compute",
  nodes,
  outputs: Object.entries(outputs).map(([port, node]) => ({ port, node })),
});

describe("a compute nest", () => {
  it("rounds each node to its dtype", () => {
    const nodes = [input("a"), input("b"), op("add", [0, 1], "bf16"), op("add", [0, 1], "f32")];
    const body = nest("n", [], [reads("a", 0), reads("b", 0), sends("c", 0), sends("d", 0)], compute(nodes, { c: 2, d: 3 }), { lanes: 2 });
    const { sent } = fireAll(body, [wire("a", 2), wire("b", 1), wire("c", 2), wire("d", 2)], { a: [[1, 256]], b: [[2 ** -9]] });
    expect(sent[0]).toMatchObject({ c: [1, 256], d: [1 + 2 ** -9, 256 + 2 ** -9] });
  });

  it("casts, selects, and knows where it is in its loops", () => {
    const nodes: Node[] = [
      { kind: "affine", dtype: "i32", value: affine([10, 1], 100, -3) },
      { kind: "cast", dtype: "i8", arg: 0 },
      constant(50, "i32"),
      op("gt", [0, 2], "bool"),
      op("select", [3, 0, 1], "i32"),
    ];
    const body = nest("n", [2, 2], [sends("c", 2), sends("d", 2)], compute(nodes, { c: 1, d: 4 }), { lanes: 2 });
    const { sent } = fireAll(body, [wire("c", 2, "i8"), wire("d", 2, "i32")], {});
    expect(sent.map(({ c }) => c)).toEqual([
      [-3, 97],
      [-2, 98],
      [7, 107],
      [8, 108],
    ]);
    expect(sent.map(({ d }) => d)).toEqual([
      [-3, 97],
      [-2, 98],
      [7, 107],
      [8, 108],
    ]);
  });

  it("starts a fold again when an iteration of its level begins, and folds only valid lanes", () => {
    const nodes = [input("a"), sum(0, 1, false), sum(0, 1, true), sum(0, 0, true)];
    const ports = [reads("a", 2), sends("perLane", 1), sends("all", 1), sends("total", 0)];
    const body = nest("n", [2, 2], ports, compute(nodes, { perLane: 1, all: 2, total: 3 }), { lanes: 3, guards: [below(affine([0, 3], 1), 5)] });
    const wires = [wire("a", 3), wire("perLane", 3), wire("all", 1), wire("total", 1)];
    const { sent } = fireAll(body, wires, {
      a: [
        [1, 2, 3],
        [4, 5, 99],
        [10, 20, 30],
        [40, 50, 99],
      ],
    });
    expect(sent[1]).toMatchObject({ perLane: [5, 7, 3], all: [15] });
    expect(sent[3]).toMatchObject({ perLane: [50, 70, 30], all: [150], total: [165] });
  });

  it("folds lanes as a tree of neighbours, rounding each step to the accumulator's dtype and the result to its own", () => {
    const tree: Node = { kind: "reduce", dtype: "f32", acc: "bf16", fn: "add", arg: 0, level: 0, lanes: true };
    const body = nest("n", [], [reads("a", 0), sends("c", 0)], compute([input("a", "bf16"), tree], { c: 1 }), { lanes: 5 });
    const { sent } = fireAll(body, [wire("a", 5, "bf16"), wire("c", 1)], { a: [[256, 1, 1, 1, 1]] });
    // (256 + 1 -> 256) + (1 + 1) -> 258, + 1 -> 260: a bf16 has 8 bits, and both halves go to even. One after the other would stay at 256.
    expect(sent[0]!.c).toEqual([260]);
  });

  it("gives the identity where no lane is valid", () => {
    const fold = (fn: "min" | "max" | "mul"): Node => ({ kind: "reduce", dtype: "i8", acc: "i8", fn, arg: 0, level: 0, lanes: true });
    const ports = [reads("a", 0), sends("c", 0), sends("d", 0), sends("e", 0)];
    const body = nest("n", [], ports, compute([input("a", "i8"), fold("min"), fold("max"), fold("mul")], { c: 1, d: 2, e: 3 }), {
      lanes: 2,
      guards: [below(affine([], 1, -9), 5)],
    });
    const wires = [wire("a", 2, "i8"), wire("c", 1, "i8"), wire("d", 1, "i8"), wire("e", 1, "i8")];
    expect(fireAll(body, wires, { a: [[5, 6]] }).sent[0]).toMatchObject({ c: [127], d: [-128], e: [1] });
  });

  it("sends the same words to every sink of a broadcast, and none where nobody listens", () => {
    const body = nest("n", [], [reads("a", 0), sends("c", 0)], compute([input("a"), op("neg", [0])], { c: 1 }), { lanes: 2 });
    const { sent } = fireAll(body, [wire("a", 2), wire("c", 2), wire("c", 0)], { a: [[1, 2]] });
    expect(sent[0]!.c).toEqual([]);
    const both = fireAll(body, [wire("a", 2), wire("c", 0), wire("c", 2)], { a: [[1, 2]] });
    expect(both.sent[0]!.c).toEqual([-1, -2]);
  });
});

describe("loads and stores", () => {
  const access = { dims: [affine([1, 0]), affine([0, 4], 1)], shape: [2, 6] };
  const t = Float32Array.from({ length: 12 }, (_, i) => i + 1);

  it("reads 0 where a lane is outside the tensor", () => {
    const body = nest("n", [2, 2], [sends("c", 2)], { kind: "load", tensor: "t", access, port: "c" }, { lanes: 4 });
    const { sent } = fireAll(body, [wire("c", 4)], {}, memoriesOf({ tensors: { t }, dtypes: { t: "f32" } }));
    expect(sent.map(({ c }) => c)).toEqual([
      [1, 2, 3, 4],
      [5, 6, 0, 0],
      [7, 8, 9, 10],
      [11, 12, 0, 0],
    ]);
  });

  it("reads 0 where a guard says so, in the first lanes too", () => {
    const guards = [below(affine([0, 4], 1, -2), 3)];
    const body = nest("n", [1, 2], [sends("c", 2)], { kind: "load", tensor: "t", access, port: "c" }, { lanes: 4, guards });
    const { sent } = fireAll(body, [wire("c", 4)], {}, memoriesOf({ tensors: { t }, dtypes: { t: "f32" } }));
    expect(sent.map(({ c }) => c)).toEqual([
      [0, 0, 3, 4],
      [5, 0, 0, 0],
    ]);
  });

  it("writes nothing outside, and rounds to the tensor's dtype", () => {
    const out = new Int8Array(12);
    const body = nest("n", [2, 2], [reads("c", 2)], { kind: "store", tensor: "t", access, port: "c" }, { lanes: 4 });
    const words = [1.5, -2.5, 300, 4];
    fireAll(body, [wire("c", 4)], { c: [words, words, words, words] }, memoriesOf({ tensors: { t: out }, dtypes: { t: "i8" } }));
    expect(Array.from(out)).toEqual([1, -2, 44, 4, 1, -2, 1, -2, 44, 4, 1, -2]);
  });
});

describe("scratch memories", () => {
  it("use buffer k mod N at the k-th hand-over, and read across what was written along", () => {
    const memories = memoriesOf({ scratch: [scratch("s", "f32", [2, 3], 2)] });
    const along = { dims: [affine([0, 1]), affine([0, 0], 1)], shape: [2, 3] };
    const across = { dims: [affine([0, 0], 1), affine([0, 1])], shape: [2, 3] };
    const write = nest("w", [3, 2], [reads("a", 2), handsOver("b", 1)], { kind: "write", scratch: "s", access: along, port: "a" }, { lanes: 3 });
    const read = nest("r", [3, 3], [acquires("b", 1), sends("c", 2)], { kind: "read", scratch: "s", access: across, port: "c" }, { lanes: 2 });
    const tokens = [0, 1, 2].flatMap((k) =>
      [
        [1, 2, 3],
        [4, 5, 6],
      ].map((row) => row.map((word) => 10 * k + word)),
    );
    const [writer, reader] = [makeBehaviour(write, [wire("a", 3), wire("b", 0)], memories), makeBehaviour(read, [wire("b", 0), wire("c", 2)], memories)];
    const got: number[][] = [];
    const out = new Float64Array(2);
    const none = new Float64Array(0);
    const writeTile = (k: number): void => {
      for (const i of [0, 1]) writer.fire(2 * k + i, [Float64Array.from(tokens[2 * k + i]!), none], []);
    };
    const readTile = (k: number): void => {
      for (const i of [0, 1, 2]) {
        reader.fire(3 * k + i, [], [none, out]);
        got.push(Array.from(out));
      }
    };
    // The writer is one buffer ahead all the time.
    writeTile(0);
    writeTile(1);
    readTile(0);
    writeTile(2);
    readTile(1);
    readTile(2);
    expect(got).toEqual(
      [0, 10, 20].flatMap((k) => [
        [k + 1, k + 4],
        [k + 2, k + 5],
        [k + 3, k + 6],
      ]),
    );
  });

  it("hold an array's sums when its level ends; each product rounds before it is added", () => {
    const memories = memoriesOf({ scratch: [scratch("s", "f32", [2, 3], 1)] });
    const work: Work = { kind: "systolic", lanePort: "l", stagePort: "s", stages: 2, product: "i8", acc: "i32", level: 1, scratch: "s" };
    const array = nest("m", [2, 2], [reads("l", 2), reads("s", 2), handsOver("b", 1)], work, { lanes: 3, guards: [below(affine([0, 0], 1), 2)] });
    const tokens = {
      l: [
        [1, 2, 3],
        [1, 1, 1],
        [1, 2, 3],
        [0, 0, 0],
      ],
      s: [
        [10, 100],
        [1, 1],
        [1, 2],
        [9, 9],
      ],
    };
    fireAll(array, [wire("l", 3, "i8"), wire("s", 2, "i8"), wire("b", 0)], tokens, memories);
    expect(Array.from(memories.scratch.get("s")!.values)).toEqual([1, 2, 0, 2, 4, 0]);
    const first = memoriesOf({ scratch: [scratch("s", "f32", [2, 3], 2)] });
    fireAll(array, [wire("l", 3, "i8"), wire("s", 2, "i8"), wire("b", 0)], tokens, first);
    // 100 * 2 wraps to -56 in i8.
    expect(Array.from(first.scratch.get("s")!.values).slice(0, 6)).toEqual([11, 21, 0, 101, -55, 0]);
  });
});

describe("a scatter nest", () => {
  const work: Work = { kind: "scatter", scratch: "s", keyPort: "k", valuePort: "v", fn: "add", acc: "i32" };
  const body = nest("n", [2, 2], [reads("k", 2), reads("v", 2), handsOver("b", 1)], work, { lanes: 4 });
  const wires = [wire("k", 4, "i32"), wire("v", 1, "i32"), wire("b", 0)];
  const keys = [
    [0, 4, 8, 1],
    [1, 2, 3, 0],
    [NO_KEY, NO_KEY, 5, 5],
    [9, 9, 9, 9],
  ];

  it("takes as many ticks as the fullest bank has lanes that take part, and starts anew at each hand-over", () => {
    const memories = memoriesOf({ scratch: [scratch("s", "i32", [10], 1)] });
    const { ticks } = fireAll(body, wires, { k: keys, v: [[1], [2], [3], [4]] }, memories);
    expect(ticks).toEqual([3, 1, 2, 4]);
    expect(Array.from(memories.scratch.get("s")!.values)).toEqual([0, 0, 0, 0, 0, 6, 0, 0, 0, 16]);
  });

  it("tells how many lanes took part", () => {
    const { tally } = fireAll(body, wires, { k: keys, v: [[1], [2], [3], [4]] }, memoriesOf({ scratch: [scratch("s", "i32", [10], 1)] }));
    expect(tally?.lanes).toBe(14);
  });

  it("takes the same ticks when it only sees keys", () => {
    const blind = [wire("k", 4, "i32"), wire("v", 0, "i32"), wire("b", 0)];
    expect(fireAll(body, blind, { k: keys }, memoriesOf({ scratch: [scratch("s", "i32", [10], 1)] })).ticks).toEqual([3, 1, 2, 4]);
  });

  it("refuses a key beyond its table, and takes the last one in it", () => {
    const fireAllWith = (k: readonly (readonly number[])[]) => () =>
      fireAll(body, wires, { k, v: [[1], [2], [3], [4]] }, memoriesOf({ scratch: [scratch("s", "i32", [10], 1)] }));
    const small = (extent: number) => fireAll(body, wires, { k: keys, v: [[1], [2], [3], [4]] }, memoriesOf({ scratch: [scratch("s", "i32", [extent], 1)] }));
    expect(() => small(10)).not.toThrow();
    expect(() => small(9)).toThrow(UserError);
    const below = fireAllWith([[-1, 0, 0, 0], ...keys.slice(1)]);
    expect(below).toThrow('"op" meets the key -1, expected 0 to 9');
    expect(() => small(9)).toThrow('operator "op": "op" meets the key 9, expected 0 to 8');
  });
});
