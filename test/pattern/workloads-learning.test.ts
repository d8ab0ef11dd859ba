/** Learning and recurrent nets among the workloads, against loops over plain numbers at small and odd sizes. */

import { describe, expect, test } from "vitest";
import gda from "../../workloads/gda.ts";
import gru from "../../workloads/gru.ts";
import kmeans from "../../workloads/kmeans.ts";
import kmeansFlights from "../../workloads/kmeans-flights.ts";
import logreg from "../../workloads/logreg.ts";
import lstm from "../../workloads/lstm.ts";
import sgd from "../../workloads/sgd.ts";
import { allNear, dot, evaluate, near, range, total } from "./workloads-support.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const zeros = (count: number): number[] => new Array<number>(count).fill(0);

/** Rows of a matrix of so many columns. */
function rowsOf(values: readonly number[], cols: number): (readonly number[])[] {
  return range(values.length / cols).map((i) => values.slice(i * cols, (i + 1) * cols));
}

const inner = (a: readonly number[], b: readonly number[]): number => total(a.map((x, i) => x * b[i]!));

/** Lloyd's iterations in f64. */
function lloyd(points: readonly (readonly number[])[], k: number, iterations: number): (readonly number[])[] {
  let centroids = points.slice(0, k);
  for (let round = 0; round < iterations; round++) {
    const nearest = points.map((point) => {
      const distances = centroids.map((centroid) => total(centroid.map((c, d) => (point[d]! - c) ** 2)));
      return distances.indexOf(Math.min(...distances));
    });
    centroids = centroids.map((centroid, c) => {
      const members = points.filter((_, i) => nearest[i] === c);
      return members.length === 0 ? centroid : centroid.map((_, d) => total(members.map((point) => point[d]!)) / members.length);
    });
  }
  return centroids;
}

describe("kmeans", () => {
  test.each([
    { n: 1, dim: 1, k: 1, iterations: 1 },
    { n: 7, dim: 3, k: 2, iterations: 3 },
    { n: 53, dim: 2, k: 5, iterations: 7 },
    { n: 17, dim: 5, k: 17, iterations: 2 },
  ])("of %o moves each centroid to the mean of its points", ({ n, dim, k, iterations }) => {
    const { inputs, outputs } = evaluate(kmeans, { n, dim, k, iterations, dtype: "f64" });
    allNear(outputs.centroids, lloyd(rowsOf(inputs.points!, dim), k, iterations).flat(), 10 * n, 1, "f64");
  });

  test("leaves a centroid without points where it is, and gives ties to the first", () => {
    const points = Float32Array.from([5, 5, 1, 9]);
    expect(evaluate(kmeans, { n: 4, dim: 1, k: 2, iterations: 1 }, { points }).outputs.centroids).toEqual([5, 5]);
  });
});

describe("kmeans-flights", () => {
  test.each([
    [3, 1],
    [101, 4],
  ])("of %d flights clusters the deviations from the mean", (n, k) => {
    const { inputs, outputs } = evaluate(kmeansFlights, { n, k, iterations: 2 });
    const [delay, distance] = ["delay", "distance"].map((name) => {
      const mean = total(inputs[name]!) / n;
      const centred = inputs[name]!.map((value) => value - mean);
      return centred.map((value) => value / Math.sqrt(inner(centred, centred) / n));
    }) as [number[], number[]];
    const points = range(n).map((i) => [delay[i]!, distance[i]!]);
    allNear(outputs.centroids, lloyd(points, k, 2).flat(), 10 * n, 4);
  });
});

describe("gda", () => {
  test.each([
    [1, 1],
    [7, 3],
    [33, 5],
  ])("of %d points in %d dimensions is their covariance about the mean of their class", (n, dim) => {
    const { inputs, outputs } = evaluate(gda, { n, dim });
    const centred = (i: number, d: number) => inputs.x![i * dim + d]! - (inputs.y![i] === 1 ? inputs.mean1! : inputs.mean0!)[d]!;
    for (const p of range(dim)) {
      for (const q of range(dim)) {
        const { value, scale } = dot(
          n,
          (i) => centred(i, p),
          (i) => centred(i, q),
        );
        near(outputs.covariance![p * dim + q], value / n, n + 6, scale / n);
      }
    }
  });
});

describe("logreg", () => {
  test.each([
    { n: 1, dim: 1, iterations: 1 },
    { n: 7, dim: 3, iterations: 5 },
    { n: 17, dim: 33, iterations: 2 },
  ])("of %o climbs the likelihood", ({ n, dim, iterations }) => {
    const { inputs, outputs } = evaluate(logreg, { n, dim, iterations, rate: 0.5, dtype: "f64" });
    const rows = rowsOf(inputs.x!, dim);
    let weights = zeros(dim);
    for (let round = 0; round < iterations; round++) {
      const error = rows.map((row, i) => inputs.y![i]! - sigmoid(inner(row, weights)));
      weights = weights.map((w, d) => w + (0.5 / n) * total(rows.map((row, i) => error[i]! * row[d]!)));
    }
    allNear(outputs.weights, weights, 20 * (n + dim) * iterations, 1, "f64");
  });
});

describe("sgd", () => {
  test.each([
    { n: 1, dim: 1, epochs: 1, batch: 1 },
    { n: 6, dim: 3, epochs: 2, batch: 2 },
    { n: 17, dim: 5, epochs: 3, batch: 5 },
    { n: 5, dim: 2, epochs: 2, batch: 96 },
  ])("of %o goes down from batch to batch, the last one filled up", ({ n, dim, epochs, batch }) => {
    const { inputs, outputs } = evaluate(sgd, { n, dim, epochs, batch, rate: 0.1, dtype: "f64" });
    const rows = rowsOf(inputs.x!, dim);
    let weights = zeros(dim);
    for (let step = 0; step < epochs * Math.ceil(n / batch); step++) {
      const first = (step % Math.ceil(n / batch)) * batch;
      const members = range(n).slice(first, first + batch);
      const error = members.map((i) => inner(rows[i]!, weights) - inputs.y![i]!);
      weights = weights.map((w, d) => w - (0.1 / batch) * total(members.map((i, m) => error[m]! * rows[i]![d]!)));
    }
    allNear(outputs.weights, weights, 100 * (n + dim) * epochs, 1, "f64");
  });

  test("finds the weights that made the data", () => {
    const truth = [3, -2];
    const x = Float64Array.from(range(200), (i) => Math.sin(i * i + 1));
    const y = Float64Array.from(range(100), (i) => truth[0]! * x[2 * i]! + truth[1]! * x[2 * i + 1]!);
    const { weights } = evaluate(sgd, { n: 100, dim: 2, epochs: 200, batch: 10, rate: 0.2, dtype: "f64" }, { x, y }).outputs;
    expect(weights![0]).toBeCloseTo(3, 9);
    expect(weights![1]).toBeCloseTo(-2, 9);
  });
});

/** gates[g][j] = weights[g, j, :] . vector. */
function gatesOf(weights: readonly number[], vector: readonly number[], gates: number): (readonly number[])[] {
  const rows = rowsOf(weights, vector.length);
  return range(gates).map((g) => vector.map((_, j) => inner(rows[g * vector.length + j]!, vector)));
}

describe("lstm", () => {
  test.each([
    [1, 1],
    [3, 5],
    [7, 2],
  ])("of %d cells over %d steps keeps, adds and shows by its gates", (hidden, steps) => {
    const { inputs, outputs } = evaluate(lstm, { hidden, steps, dtype: "f64" });
    let [h, c] = [zeros(hidden), zeros(hidden)];
    for (const x of rowsOf(inputs.x!, hidden)) {
      const [w, u] = [gatesOf(inputs.w!, x, 4), gatesOf(inputs.u!, h, 4)];
      const gate = (g: number, j: number) => w[g]![j]! + u[g]![j]! + inputs.bias![g * hidden + j]!;
      c = c.map((value, j) => sigmoid(gate(1, j)) * value + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)));
      h = c.map((value, j) => sigmoid(gate(3, j)) * Math.tanh(value));
    }
    allNear(outputs.h, h, 100 * hidden * steps, 1, "f64");
    allNear(outputs.c, c, 100 * hidden * steps, 1, "f64");
  });

  test("in bf16 stays close to f64", () => {
    const [narrow, wide] = ["bf16", "f64"].map((dtype) => evaluate(lstm, { hidden: 5, steps: 3, dtype }));
    narrow!.outputs.h!.forEach((value, j) => {
      near(value, wide!.outputs.h![j]!, 60, 1, "bf16");
    });
  });
});

describe("gru", () => {
  test.each([
    [1, 1],
    [3, 5],
    [7, 2],
  ])("of %d cells over %d steps mixes the new state with the old", (hidden, steps) => {
    const { inputs, outputs } = evaluate(gru, { hidden, steps, dtype: "f64" });
    let h = zeros(hidden);
    for (const x of rowsOf(inputs.x!, hidden)) {
      const [w, u] = [gatesOf(inputs.w!, x, 3), gatesOf(inputs.u!, h, 3)];
      const fromInput = (g: number, j: number) => w[g]![j]! + inputs.inputBias![g * hidden + j]!;
      const fromState = (g: number, j: number) => u[g]![j]! + inputs.stateBias![g * hidden + j]!;
      h = h.map((old, j) => {
        const [reset, update] = [sigmoid(fromInput(0, j) + fromState(0, j)), sigmoid(fromInput(1, j) + fromState(1, j))];
        return (1 - update) * Math.tanh(fromInput(2, j) + reset * fromState(2, j)) + update * old;
      });
    }
    allNear(outputs.h, h, 100 * hidden * steps, 1, "f64");
  });
});
