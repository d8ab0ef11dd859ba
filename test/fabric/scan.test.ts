import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Nest, Node, Work } from "../../src/fabric/fabric.ts";
import { firingsOf, periodOf } from "../../src/fabric/nests.ts";
import { applyScalar, identity, round } from "../../src/pattern/dtypes.ts";
import type { Dtype, ReduceFn } from "../../src/pattern/program.ts";
import { fireAll, shapes, tokensFor, validLanes, wire } from "../support/datapaths.ts";
import { input, nest, reads, sends } from "../support/fabrics.ts";

interface Scan {
  readonly fn: ReduceFn;
  readonly acc: Dtype;
  readonly dtype: Dtype;
  readonly level: number;
  readonly lanes: boolean;
  readonly exclusive: boolean;
}

const scans: fc.Arbitrary<Scan> = fc.record({
  fn: fc.constantFrom<ReduceFn>("add", "mul", "min", "max"),
  acc: fc.constantFrom<Dtype>("f32", "bf16", "i32", "i8"),
  dtype: fc.constantFrom<Dtype>("f32", "bf16", "i8"),
  level: fc.integer({ min: 0, max: 2 }),
  lanes: fc.boolean(),
  exclusive: fc.boolean(),
});

function scanning(shape: Pick<Nest, "loops" | "lanes" | "guards">, scan: Scan, portLevel = 2): Nest {
  const nodes: Node[] = [input("a", scan.acc), { kind: "scan", arg: 0, ...scan }];
  const work: Work = { kind: "compute", nodes, outputs: [{ port: "c", node: 1 }] };
  return { ...nest("n", [1, 1], [reads("a", 2), sends("c", portLevel)], work), ...shape };
}

/** One step after the other; lanes that are not valid add nothing. */
function plainly(of: Nest, { fn, acc, dtype, level, lanes, exclusive }: Scan, tokens: readonly (readonly number[])[]): readonly (readonly number[])[] {
  let folds: number[] = [];
  return tokens.map((words, n) => {
    if (n % periodOf(of, level) === 0) folds = words.map(() => identity(fn, acc));
    const valid = validLanes(of, n);
    return words.map((word, lane) => {
      const at = lanes ? 0 : lane;
      const before = folds[at]!;
      if (valid.includes(lane)) folds[at] = applyScalar(fn, acc, [before, word]);
      return round(dtype, exclusive ? before : folds[at]!);
    });
  });
}

const words = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 30 });

describe("a scan", () => {
  it("is the fold, step by step, from lane to lane and from firing to firing", () => {
    fc.assert(
      fc.property(shapes, scans, words, (shape, scan, list) => {
        const of = scanning(shape, scan);
        const tokens = tokensFor(of, list);
        const { sent } = fireAll(of, [wire("a", of.lanes, scan.acc), wire("c", of.lanes, scan.dtype)], { a: tokens });
        expect(sent.map(({ c }) => c)).toEqual(plainly(of, scan, tokens));
      }),
      { numRuns: 300 },
    );
  });

  it("goes on in the firings in which nobody reads it", () => {
    const scan: Scan = { fn: "add", acc: "i32", dtype: "i32", level: 0, lanes: true, exclusive: false };
    const shape = { loops: [2, 3].map((trip) => ({ name: "i", trip })), lanes: 4, guards: [] };
    const of = scanning(shape, scan, 1);
    const tokens = tokensFor(of, [1, 2, 3, 4, 5, 6, 7]);
    const { sent } = fireAll(of, [wire("a", 4, "i32"), wire("c", 4, "i32")], { a: tokens });
    const all = plainly(of, scan, tokens);
    expect(firingsOf(of)).toBe(6);
    expect([sent[2]!.c, sent[5]!.c]).toEqual([all[2], all[5]]);
  });

  it("rounds for later nodes, but not what it goes on with", () => {
    const scan: Scan = { fn: "add", acc: "f32", dtype: "bf16", level: 0, lanes: true, exclusive: false };
    const of = scanning({ loops: [1, 1].map((trip) => ({ name: "i", trip })), lanes: 3, guards: [] }, scan);
    const { sent } = fireAll(of, [wire("a", 3), wire("c", 3, "bf16")], { a: [[256, 1, 1]] });
    expect(sent[0]!.c).toEqual([256, 256, 258]);
  });
});
