/** A systolic array: its tokens compute the product, and its cycles are those of the closed forms, of which the model knows nothing. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ArraySize, countSystolic, type Dataflow, type Product, passesOf, runSystolic, systolicNetwork } from "../../src/units/systolic.ts";
import { root } from "../support/cli.ts";
import { type Matrix, productOf } from "../support/systolic.ts";

const dataflows = ["os", "ws", "is"] as const;

/**
 * Samajdar et al., ISPASS 2020, and the runs of SCALE-Sim v2 in cases/systolic: a pass of an array of R x C takes 2 R + C + T - 2 cycles, of which R shift operands in
 * (ws, is) or outputs out (os).
 */
const cyclesOf = ({ rows, columns }: ArraySize, { count, steps }: { count: number; steps: number }): number => count * (2 * rows + columns + steps - 2);

const side = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constantFrom(...[1, 2, 3, 5, 7, 11, 13].filter((odd) => odd <= max)), fc.integer({ min: 1, max }));
const arrays = (max: number): fc.Arbitrary<ArraySize> => fc.record({ rows: side(max), columns: side(max) });
const products = (max: number): fc.Arbitrary<Product> => fc.record({ m: side(max), n: side(max), k: side(max) });

/** Whole numbers, so that sums are exact in any order. */
function matrix(rows: number, columns: number, seed: number): Matrix {
  return Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => ((i * 31 + j * 17 + seed * 7) % 23) - 11));
}

describe("the network of a systolic array", () => {
  it("computes the product, with a cell a process, in as many cycles as it takes without numbers", () => {
    fc.assert(
      fc.property(arrays(4), products(7), fc.constantFrom(...dataflows), fc.nat(100), (array, product, dataflow, seed) => {
        const [a, b] = [matrix(product.m, product.k, seed), matrix(product.k, product.n, seed + 1)];
        const expected = a.map((row) => b[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)));
        const computed = productOf(a, b, array, dataflow);
        expect(computed.product).toEqual(expected);
        expect(computed.ticks).toBe(countSystolic(product, array, dataflow).cycles);
      }),
      { numRuns: 60 },
    );
  });

  it("takes the cycles of the closed form, however many columns a process stands for, and no cell ever waits for a slot", () => {
    fc.assert(
      fc.property(
        arrays(9),
        products(30),
        fc.constantFrom(...dataflows),
        fc.boolean(),
        fc.integer({ min: 1, max: 9 }),
        (array, product, dataflow, drains, wide) => {
          const passes = passesOf(product, array, dataflow);
          const expected = cyclesOf(array, passes) - (dataflow === "os" && !drains ? passes.count * array.rows : 0);
          for (const width of [1, wide, array.columns]) {
            const { ticks, processes } = runSystolic({ ...array, ...passes, dataflow, drains, width });
            expect(ticks).toBe(expected);
            expect(processes.every(({ blocked }) => blocked === 0)).toBe(true);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it("is counted alike with every firing run and with what recurs skipped", () => {
    fc.assert(
      fc.property(arrays(6), products(40), fc.constantFrom(...dataflows), fc.integer({ min: 1, max: 6 }), (array, product, dataflow, width) => {
        const plan = { ...array, ...passesOf(product, array, dataflow), dataflow, drains: true, width };
        expect(runSystolic(plan)).toEqual(runSystolic(plan, false));
      }),
      { numRuns: 40 },
    );
  });

  it("does each multiplication once in each cell that has work", () => {
    const plan = { rows: 3, columns: 4, count: 5, steps: 7, dataflow: "ws", drains: true, width: 1 } as const;
    const { processes } = runSystolic(plan);
    const firings = systolicNetwork(plan).processes.flatMap(({ name }, p) => (name.startsWith("cell") ? [processes[p]!.firings] : []));
    expect(firings).toEqual(new Array(12).fill(35));
  });
});

describe("the passes of a product", () => {
  it.each<[Dataflow, number, number]>([
    ["os", 3 * 2, 5],
    ["ws", 2 * 2, 10],
    ["is", 2 * 3, 7],
  ])("%s: as many as its parts on the array, each with as many steps as the third dimension", (dataflow, count, steps) => {
    expect(passesOf({ m: 10, n: 7, k: 5 }, { rows: 4, columns: 4 }, dataflow)).toMatchObject({ count, steps });
  });

  it("say which share of the cells has work", () => {
    expect(passesOf({ m: 10, n: 7, k: 5 }, { rows: 4, columns: 8 }, "os").mapped_share).toBe(70 / 96);
    expect(passesOf({ m: 8, n: 16, k: 5 }, { rows: 4, columns: 8 }, "os").mapped_share).toBe(1);
  });
});

describe("cycles as SCALE-Sim counts", () => {
  it("are one less, and leave out the drain of outputs that stand still", () => {
    fc.assert(
      fc.property(arrays(20), products(60), fc.constantFrom(...dataflows), (array, product, dataflow) => {
        const { passes, scale_sim_cycles, cycles } = countSystolic(product, array, dataflow);
        expect(cycles).toBe(cyclesOf(array, passes));
        expect(scale_sim_cycles).toBe(cycles - 1 - (dataflow === "os" ? passes.count * array.rows : 0));
      }),
      { numRuns: 150 },
    );
  });

  it("are exact where a product is long, or has many passes", () => {
    for (const dataflow of dataflows) {
      for (const [product, array] of [
        [
          { m: 4099, n: 4097, k: 4093 },
          { rows: 16, columns: 48 },
        ],
        [
          { m: 100, n: 100, k: 1_000_003 },
          { rows: 1, columns: 128 },
        ],
        [
          { m: 1000, n: 1009, k: 97 },
          { rows: 128, columns: 1 },
        ],
      ] as const) {
        expect(countSystolic(product, array, dataflow).cycles).toBe(cyclesOf(array, passesOf(product, array, dataflow)));
      }
    }
  });
});

const cases = join(root, "../shared/cases/systolic/scalesim_v2.json");

describe.skipIf(!existsSync(cases))("the figures that weft validate compares with (skipped where ../shared/cases is absent)", () => {
  it("are those of the cases, each of them", () => {
    const { results } = JSON.parse(readFileSync(cases, "utf8")) as {
      results: { name: string; array: number; dataflow: string; mode: string; total_cycles: number }[];
    };
    const { rows } = JSON.parse(readFileSync(join(root, "test/validation/data/systolic.json"), "utf8")) as { rows: unknown[] };
    const restated = results.map(({ name, array, dataflow, mode, total_cycles }) => {
      expect(mode).toBe("CALC");
      return [array, array, dataflow, ...name.match(/\d+/g)!.slice(0, 3).map(Number), total_cycles];
    });
    expect(rows).toEqual(restated);
  });
});
