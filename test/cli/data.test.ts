/** Workloads on real files: what is simulated, with values, is what a few lines of plain JavaScript say of the same files. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { expect, test } from "vitest";
import { loadWorkload } from "../../src/cli/workload.ts";
import type { TensorValues } from "../../src/pattern/program.ts";
import { near, range, total } from "../pattern/workloads-support.ts";
import { machineOf, prepareOn, runOn } from "../support/runs.ts";

/** Inputs and outputs of a workload that comes with weft, simulated with values. */
async function simulated(name: string, settings: Readonly<Record<string, number>>): Promise<{ readonly inputs: TensorValues; readonly outputs: TensorValues }> {
  const { program, inputs: read } = await loadWorkload(name, {
    settings: Object.entries(settings).map(([path, value]) => ({ path, value: String(value), label: path })),
  });
  const [machine, inputs] = [machineOf("plasticine"), (await read())()];
  return { inputs, outputs: runOn(machine, prepareOn(machine, program), program, inputs).outputs! };
}

const pathOf = (name: string): string => fileURLToPath(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url));

interface Airport {
  readonly state: string;
  readonly latitude: number;
  readonly longitude: number;
}

/** By code. Only names and cities have commas, and the columns asked for are counted from the ends. */
function airports(): ReadonlyMap<string, Airport> {
  const lines = readFileSync(pathOf("airports.csv"), "utf8").trim().split("\n").slice(1);
  return new Map(
    lines.map((line) => {
      const cells = line.split(",");
      const [state, , latitude, longitude] = cells.slice(-4) as [string, string, string, string];
      return [cells[0]!, { state, latitude: Math.fround(Number(latitude)), longitude: Math.fround(Number(longitude)) }];
    }),
  );
}

test("join: the flights of each state, how late and how far to the north, of the first flights of the file", async () => {
  const rows = 5000;
  const [{ outputs }, known] = [await simulated("join", { rows }), airports()];
  const flights = await parquetReadObjects({ file: await asyncBufferFromFile(pathOf("flights-3m.parquet")), compressors, rowEnd: rows });
  const states = [...new Set([...known.values()].map(({ state }) => state))].sort();
  expect([...outputs.flights!].reduce((sum, count) => sum + count, 0)).toBe(rows);
  for (const [code, state] of states.entries()) {
    const left = flights.filter(({ origin }) => known.get(origin)?.state === state);
    const count = Math.max(left.length, 1);
    const north = left.map(({ origin, destination }) => known.get(destination)!.latitude - known.get(origin)!.latitude);
    expect([state, outputs.flights![code]]).toEqual([state, left.length]);
    expect([state, outputs.delay![code]]).toEqual([state, Math.fround(total(left.map(({ delay }) => Number(delay))) / count)]);
    near(outputs.north![code], total(north) / count, count + 3, total(north.map(Math.abs)) / count);
  }
});

test("kmeans-airports: three rounds of moving each centroid to the mean of the airports nearest to it", async () => {
  const { inputs, outputs } = await simulated("kmeans-airports", { n: 600, k: 4, iterations: 3 });
  const points = [...airports().values()].slice(0, 600).map(({ longitude, latitude }) => [longitude, latitude]);
  expect([...inputs.points!]).toEqual(points.flat());
  let centroids = points.slice(0, 4);
  for (const _ of range(3)) {
    const nearest = points.map((point) => least(centroids.map((centroid) => total(centroid.map((x, d) => (point[d]! - x) ** 2)))));
    centroids = centroids.map((centroid, c) => {
      const members = points.filter((_, i) => nearest[i] === c);
      return members.length === 0 ? centroid : [0, 1].map((d) => total(members.map((point) => point[d]!)) / members.length);
    });
  }
  for (const [position, x] of centroids.flat().entries()) near(outputs.centroids![position], x, 600 + 3);
});

const least = (values: readonly number[]): number => values.indexOf(Math.min(...values));
