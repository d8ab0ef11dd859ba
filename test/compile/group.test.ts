import { describe, expect, test } from "vitest";
import type { StageOperator } from "../../src/compile/body.ts";
import { partsOf } from "../../src/compile/controllers.ts";
import { extend, formGroups, leaving, sharedDepth } from "../../src/compile/group.ts";
import { shapeOf } from "../../src/compile/stage.ts";
import { count, groupBy, input, map, reduce } from "../../src/pattern/builder.ts";
import * as s from "../../src/pattern/scalars.ts";
import { type Build, compileOn, programOf, simdMachine, withPmu } from "./support.ts";

function stages(build: Build) {
  const program = programOf(build);
  const operators = program.operators as readonly StageOperator[];
  return { kept: new Set(Object.values(program.outputs)), shapes: operators.map((operator) => shapeOf(operator, program, simdMachine)) };
}

/** How many loops y shares with t[i, j] = x[i, j] * 2. */
function depth(reader: (t: s.Handle) => s.Handle): number | null {
  const { shapes } = stages(() => {
    const x = input("x", "f32", [20, 20]);
    return { y: reader(map("t", [20, 20], (i, j) => s.mul(x.at(i, j), 2))) };
  });
  return sharedDepth(shapes[1]!, shapes[0]!);
}

describe("sharedDepth", () => {
  test("counts the leading loops in which the reader takes just what the writer makes", () => {
    expect(depth((t) => map("y", [20, 20], (i, j) => t.at(i, j)))).toBe(2);
    expect(depth((t) => map("y", [20], (i) => reduce("add", [20], (k) => t.at(i, k))))).toBe(1);
    expect(depth((t) => map("y", [20, 20], (i, j) => t.at(i, s.sub(19, j))))).toBe(1);
    expect(depth((t) => map("y", [20, 20], (i, j) => t.at(j, i)))).toBe(0);
    expect(depth((t) => map("y", [20], (i) => t.at(i, i)))).toBe(1);
    expect(depth((t) => map("y", [19, 20], (i, j) => t.at(i, j)))).toBe(0);
    expect(depth((t) => map("y", [19, 20], (i, j) => t.at(s.add(i, 1), j)))).toBe(0);
    expect(depth((t) => map("y", [20, 10], (i, j) => t.at(i, s.mul(j, 2))))).toBe(1);
  });

  test("is that of the read that shares least", () => {
    expect(depth((t) => map("y", [20, 20], (i, j) => s.add(t.at(i, j), t.at(i, 0))))).toBe(1);
    expect(depth((t) => map("y", [20, 20], (i, j) => s.add(t.at(i, j), t.at(j, i))))).toBe(0);
  });

  test("is null where nothing is read", () => {
    expect(depth((t) => map("y", [20, 20], (i, j) => s.mul(i, s.add(j, t.tensor.shape[0]!))))).toBeNull();
  });
});

const rows: Build = () => {
  const x = input("x", "f32", [20, 30]);
  const most = map("most", [20], (i) => reduce("max", [30], (k) => x.at(i, k)));
  const e = map("e", [20, 30], (i, j) => s.sub(x.at(i, j), most.at(i)));
  return { y: map("y", [20], (i) => reduce("add", [30], (k) => e.at(i, k))) };
};

describe("formGroups", () => {
  test("grows a group operator by operator, sharing what all share", () => {
    const { shapes } = stages(rows);
    const [group, ...rest] = formGroups(shapes, () => true, true);
    expect(rest).toEqual([]);
    expect(group).toMatchObject({ shapes, shared: 1 });
  });

  test("begins another where the larger one does not fit, or nothing is read", () => {
    const { shapes } = stages(rows);
    const names = (fits: (count: number) => boolean, fuse = true) =>
      formGroups(shapes, (group) => fits(group.shapes.length), fuse).map((group) => group.shapes.map((shape) => shape.name).join());
    expect(names((stagesOfIt) => stagesOfIt <= 2)).toEqual(["most,e", "y"]);
    expect(names(() => true, false)).toEqual(["most", "e", "y"]);
    const apart = stages(() => {
      const x = input("x", "f32", [20]);
      return { a: map("a", [20], (i) => s.neg(x.at(i))), b: map("b", [20], (i) => s.exp(x.at(i))) };
    });
    expect(extend({ shapes: [apart.shapes[0]!], shared: 1 }, apart.shapes[1]!)).toBeNull();
  });

  test("shares no loops with the table of a groupBy", () => {
    const { shapes } = stages(() => {
      const x = input("x", "i32", [50]);
      const g = groupBy("g", [50], (i) => ({ key: s.and(x.at(i), 3), keys: 4, fields: { n: count() } }));
      return { y: map("y", [4], (k) => s.mul(g.n.at(k), 2)) };
    });
    expect(extend({ shapes: [shapes[0]!], shared: 0 }, shapes[1]!)).toMatchObject({ shared: 0 });
  });

  test("cuts a program where an intermediate's tile is too large for a scratchpad", () => {
    const turned: Build = () => {
      const x = input("x", "f32", [64, 64]);
      const t = map("t", [64, 64], (i, j) => s.exp(x.at(i, j)));
      return { y: map("y", [64, 64], (i, j) => s.add(t.at(j, i), 1)), t };
    };
    expect(compileOn(simdMachine, turned).fabric.sections.map((section) => section.operators)).toEqual([["t", "y"]]);
    const small = compileOn(withPmu({ bytes: 8192 }), turned).controllers.sections;
    expect(small.flatMap(partsOf).map(({ operators }) => operators)).toEqual([["t"], ["y"]]);
  });
});

describe("leaving", () => {
  test("are the outputs and what a later group reads", () => {
    const { kept, shapes } = stages(() => {
      const x = input("x", "f32", [20, 30]);
      const a = map("a", [20, 30], (i, j) => s.mul(x.at(i, j), 2));
      const b = map("b", [20], (i) => reduce("add", [30], (k) => a.at(i, k)));
      const c = map("c", [20, 30], (i, j) => s.sub(a.at(i, j), b.at(i)));
      return { b, d: map("d", [30], (j) => reduce("add", [20], (k) => c.at(k, j))) };
    });
    expect(leaving({ shapes: shapes.slice(0, 3), shared: 1 }, kept, shapes)).toEqual(new Set(["b", "c"]));
    expect(leaving({ shapes, shared: 0 }, kept, shapes)).toEqual(new Set(["b", "d"]));
    expect(leaving({ shapes: shapes.slice(0, 1), shared: 2 }, kept, shapes)).toEqual(new Set(["a"]));
  });
});
