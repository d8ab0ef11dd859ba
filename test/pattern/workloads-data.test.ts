/** Graphs, sorting, databases and the like among the workloads, against plain JavaScript at small and odd sizes. */

import { describe, expect, test } from "vitest";
import bfs from "../../workloads/bfs.ts";
import hashjoin from "../../workloads/hashjoin.ts";
import histogram from "../../workloads/histogram.ts";
import join from "../../workloads/join.ts";
import mdKnn from "../../workloads/md-knn.ts";
import mergesort from "../../workloads/mergesort.ts";
import pagerank from "../../workloads/pagerank.ts";
import viterbi from "../../workloads/viterbi.ts";
import { allNear, evaluate, near, range, total } from "./workloads-support.ts";

describe("pagerank", () => {
  test.each([
    { nodes: 1, edges: 1, iterations: 1 },
    { nodes: 7, edges: 17, iterations: 5 },
    { nodes: 31, edges: 53, iterations: 3 },
  ])("of %o hands rank on along the edges", ({ nodes, edges, iterations }) => {
    const { inputs, outputs } = evaluate(pagerank, { nodes, edges, iterations });
    const degree = range(nodes).map((v) => inputs.from!.filter((from) => from === v).length);
    let rank = range(nodes).map(() => 1 / nodes);
    for (let round = 0; round < iterations; round++) {
      const incoming = (v: number) => range(edges).filter((e) => inputs.to![e] === v);
      rank = range(nodes).map((v) => 0.15 / nodes + 0.85 * total(incoming(v).map((e) => rank[inputs.from![e]!]! / degree[inputs.from![e]!]!)));
    }
    allNear(outputs.rank, rank, iterations * (edges + 6), 1);
  });

  test("keeps the whole rank where every node points somewhere", () => {
    const ring = { from: Int32Array.from(range(5)), to: Int32Array.from(range(5), (v) => (v + 1) % 5) };
    allNear(evaluate(pagerank, { nodes: 5, edges: 5, iterations: 9 }, ring).outputs.rank, [0.2, 0.2, 0.2, 0.2, 0.2], 40, 1);
  });
});

describe("bfs", () => {
  /** A queue of nodes, as in textbooks. */
  function levelsOf(nodes: number, from: readonly number[], to: readonly number[], most: number): number[] {
    const level = new Array<number>(nodes).fill(-1);
    level[0] = 0;
    for (const queue = [0]; queue.length > 0; ) {
      const v = queue.shift()!;
      if (level[v] === most) continue;
      for (const next of to.filter((_, e) => from[e] === v)) {
        if (level[next] !== -1) continue;
        level[next] = level[v]! + 1;
        queue.push(next);
      }
    }
    return level;
  }

  test.each([
    [1, 1],
    [7, 5],
    [31, 50],
    [100, 130],
  ])("of %d nodes and %d edges numbers the levels", (nodes, edges) => {
    for (const seed of [1, 2, 3]) {
      const { inputs, outputs } = evaluate(bfs, { nodes, edges }, {}, seed);
      expect(outputs.level).toEqual(levelsOf(nodes, inputs.from!, inputs.to!, 64));
    }
  });

  test("goes to the end of a path, but no further than `levels`", () => {
    const path = { from: Int32Array.from(range(16)), to: Int32Array.from(range(16), (v) => v + 1) };
    expect(evaluate(bfs, { nodes: 17, edges: 16 }, path).outputs.level).toEqual(range(17));
    expect(evaluate(bfs, { nodes: 17, edges: 16, levels: 3 }, path).outputs.level).toEqual([0, 1, 2, 3, ...new Array<number>(13).fill(-1)]);
  });
});

describe("mergesort", () => {
  test.each([1, 2, 3, 5, 7, 17, 64, 100])("puts %d numbers in order", (n) => {
    const { inputs, outputs } = evaluate(mergesort, { n });
    expect(outputs.y).toEqual([...inputs.x!].sort((a, b) => a - b));
  });

  test("keeps equal numbers and the largest there is", () => {
    const x = Int32Array.from([5, 2 ** 31 - 1, 5, -(2 ** 31), 5, 2 ** 31 - 1, 0]);
    expect(evaluate(mergesort, { n: 7 }, { x }).outputs.y).toEqual([-(2 ** 31), 0, 5, 5, 5, 2 ** 31 - 1, 2 ** 31 - 1]);
  });
});

describe("histogram", () => {
  test.each([
    [1, 1],
    [17, 5],
    [1000, 31],
  ])("counts %d numbers in %d bins", (n, bins) => {
    const { inputs, outputs } = evaluate(histogram, { n, bins });
    const expected = new Array<number>(bins).fill(0);
    for (const x of inputs.x!) expected[Math.floor(Math.fround(x * bins))]!++;
    expect(outputs["histogram.count"]).toEqual(expected);
  });

  test("counts what lies outside in the nearest bin", () => {
    expect(evaluate(histogram, { n: 4, bins: 3 }, { x: Float32Array.from([-7, 0.5, 1, 3e30]) }).outputs["histogram.count"]).toEqual([1, 1, 2]);
  });
});

describe("join", () => {
  test.each([
    [1, 1, 1],
    [97, 7, 3],
    [500, 31, 17],
  ])("of %d flights and %d airports tells %d states' flights, delay and way north", (rows, airports, states) => {
    const { inputs, outputs } = evaluate(join, { rows, airports, states });
    const { origin, destination, delay, state, latitude } = inputs as Record<string, readonly number[]>;
    for (const s of range(states)) {
      const flights = range(rows).filter((i) => state![origin![i]!] === s);
      const count = Math.max(flights.length, 1);
      expect(outputs.flights![s]).toBe(flights.length);
      expect(outputs.delay![s]).toBe(Math.fround(total(flights.map((i) => delay![i]!)) / count));
      const north = flights.map((i) => latitude![destination![i]!]! - latitude![origin![i]!]!);
      near(outputs.north![s], total(north) / count, count + 3, total(north.map(Math.abs)) / count);
    }
  });
});

describe("hashjoin", () => {
  test.each([
    { rows: 1, airports: 1, states: 1, codes: 1 },
    { rows: 97, airports: 7, states: 3, codes: 11 },
    { rows: 500, airports: 31, states: 17, codes: 60 },
  ])("of %o leaves out flights from unknown airports", ({ rows, airports, states, codes }) => {
    const distinct = Int32Array.from(range(airports), (a) => (a * 7) % codes);
    const { inputs, outputs } = evaluate(hashjoin, { rows, airports, states, codes }, { code: distinct });
    const stateOf = new Map(range(airports).map((a) => [distinct[a]!, inputs.state![a]!]));
    for (const s of range(states)) {
      const flights = range(rows).filter((i) => stateOf.get(inputs.origin![i]!) === s);
      expect(outputs["group.flights"]![s]).toBe(flights.length);
      expect(outputs["group.delay"]![s]).toBe(total(flights.map((i) => inputs.delay![i]!)));
    }
  });

  test("takes codes anywhere among the whole numbers", () => {
    const given = {
      code: Int32Array.of(-7, 2 ** 31 - 1),
      state: Int32Array.of(1, 0),
      origin: Int32Array.of(2 ** 31 - 1, 5, -7, -7),
      delay: Int32Array.of(1, 2, 4, 8),
    };
    const { outputs } = evaluate(hashjoin, { rows: 4, airports: 2, states: 2, codes: 9 }, given);
    expect([outputs["group.flights"], outputs["group.delay"]]).toEqual([
      [1, 2],
      [1, 12],
    ]);
  });
});

describe("md-knn", () => {
  test.each([
    [2, 1],
    [7, 3],
    [33, 5],
  ])("of %d atoms with %d neighbours adds up the forces", (atoms, neighbours) => {
    const { inputs, outputs } = evaluate(mdKnn, { atoms, neighbours, dtype: "f64" });
    const force = (i: number, axis: string) => {
      const pulls = range(neighbours).map((k) => {
        const j = inputs.neighbour![i * neighbours + k]!;
        const square = total(["x", "y", "z"].map((name) => (inputs[name]![i]! - inputs[name]![j]!) ** 2));
        return j === i ? 0 : (inputs[axis]![i]! - inputs[axis]![j]!) * (1.5 / square ** 7 - 2 / square ** 4);
      });
      return { value: total(pulls), scale: total(pulls.map(Math.abs)) };
    };
    for (const axis of ["x", "y", "z"]) {
      for (const i of range(atoms)) {
        const { value, scale } = force(i, axis);
        near(outputs[`f${axis}`]![i], value, 100, scale + 1e-9, "f64");
      }
    }
  });
});

describe("viterbi", () => {
  test.each([
    { states: 1, tokens: 1, steps: 1 },
    { states: 3, tokens: 2, steps: 1 },
    { states: 2, tokens: 3, steps: 7 },
    { states: 5, tokens: 3, steps: 5 },
  ])("of %o finds the cheapest of all paths", ({ states, tokens, steps }) => {
    const { inputs, outputs } = evaluate(viterbi, { states, tokens, steps, dtype: "f64" });
    const costOf = (path: readonly number[]) =>
      inputs.start![path[0]!]! +
      total(path.map((s, t) => inputs.emission![s * tokens + inputs.observed![t]!]!)) +
      total(path.slice(1).map((s, t) => inputs.transition![path[t]! * states + s]!));
    const paths = range(states ** steps).map((n) => range(steps).map((t) => Math.floor(n / states ** t) % states));
    const cheapest = Math.min(...paths.map(costOf));
    near(outputs.cost![0], cheapest, 10 * steps, cheapest, "f64");
    near(costOf(outputs.path!), cheapest, 10 * steps, cheapest, "f64");
  });
});
