import { describe, expect, test } from "vitest";
import { liftGathers } from "../../src/compile/gathers.ts";
import { inlineElementwise } from "../../src/compile/inline.ts";
import { normalise } from "../../src/compile/normalise.ts";
import { prune } from "../../src/compile/prune.ts";
import { filter, flatMap, groupBy, hashBy, input, iterate, map, reduce, scan, sum } from "../../src/pattern/builder.ts";
import type { Operator } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { type Build, linesOf, programOf } from "./support.ts";

function inlined(build: Build) {
  const result = inlineElementwise(programOf(build));
  expect(verifyProgram(result.program)).toEqual([]);
  return { lines: linesOf(result.program), merged: result.merged };
}

/** t[i, j] = x[i, j] * 2, read as `reader` does. */
const doubled =
  (reader: (t: s.Handle, x: s.Handle) => ReturnType<Build>): Build =>
  () => {
    const x = input("x", "f32", [4, 5]);
    return reader(
      map("t", [4, 5], (i, j) => s.mul(x.at(i, j), 2)),
      x,
    );
  };

const doubledVector: Build = () => {
  const x = input("x", "f32", [8]);
  const t = map("t", [8], (i) => s.mul(x.at(i), 2));
  return { y: map("y", [8], (i) => s.neg(t.at(i))) };
};

describe("inlineElementwise", () => {
  test("takes an elementwise operator into the reduction that reads each of its elements once", () => {
    const { lines, merged } = inlined(doubled((t) => ({ y: map("y", [4], (i) => reduce("add", [5], (k) => t.at(i, k))) })));
    expect(lines).toEqual(["y[i] = sum(j < 5: x[i, j] * 2)"]);
    expect(merged).toEqual({ y: ["t"] });
  });

  test("takes it in where the reader walks it in another order", () => {
    expect(inlined(doubled((t) => ({ y: map("y", [5, 4], (i, j) => s.add(t.at(j, i), 1)) }))).lines).toEqual(["y[i, j] = x[j, i] * 2 + 1"]);
  });

  test("takes a chain into its end, and says what was merged in program order", () => {
    const { lines, merged } = inlined(
      doubled((t) => {
        const u = map("u", [4, 5], (i, j) => s.neg(t.at(i, j)));
        return { y: map("y", [4, 5], (i, j) => s.exp(u.at(i, j))) };
      }),
    );
    expect(lines).toHaveLength(1);
    expect(merged).toEqual({ y: ["t", "u"] });
  });

  test("takes it into a groupBy", () => {
    const { merged } = inlined(doubled((t) => groupBy("g", [4, 5], (i, j) => ({ key: s.constant("i32", 0), keys: 1, fields: { sum: sum(t.at(i, j)) } }))));
    expect(merged).toEqual({ g: ["t"] });
  });

  test("takes it into scans, filters, hashes and the index of a gather", () => {
    const readers: Readonly<Record<string, (t: s.Handle, z: s.Handle) => ReturnType<Build>>> = {
      "y[i] = scan by sum in i32 of x[i] * 2": (t) => ({ y: scan("y", "add", [8], (i) => t.at(i)) }),
      "for i < 8 where x[i] * 2 > 3: v = x[i] * 2": (t) => ({ y: filter("y", [8], (i) => ({ when: s.gt(t.at(i), 3), fields: { v: t.at(i) } })) }),
      "y.entry[i] = number of x[i] * 2 among 8 keys": (t) => ({ y: hashBy("y", [8], (i) => ({ key: t.at(i), fields: { n: sum(i) } }), { bound: 8 }).fields.n }),
      "y[i] = element x[i] * 2 of z": (t, z) => ({ y: map("y", [8], (i) => z.at(t.at(i))) }),
    };
    for (const [line, reader] of Object.entries(readers)) {
      const source = programOf(() => {
        const [x, z] = [input("x", "i32", [8]), input("z", "f32", [9])];
        const t = map("t", [8], (i) => s.mul(x.at(i), 2));
        return reader(t, z);
      });
      expect(linesOf(inlineElementwise(liftGathers(prune(source))).program)).toContain(line);
    }
  });

  test("takes a map over records into what else runs over the same records", () => {
    const { merged } = inlined(() => {
      const x = input("x", "i32", [8]);
      const f = filter("f", [8], (i) => ({ when: s.gt(x.at(i), 3), fields: { v: x.at(i) } }));
      const t = map("t", [f], (r) => s.mul(f.at(r).v, 2));
      return { y: map("y", [], () => reduce("add", [f], (r) => t.at(r))) };
    });
    expect(merged).toEqual({ y: ["t"] });
  });

  test("leaves how many records there are to the loops that run over them", () => {
    const { program, merged } = inlineElementwise(
      normalise(
        programOf(() => {
          const x = input("x", "i32", [8]);
          const h = hashBy("h", [8], (i) => ({ key: x.at(i), fields: { n: sum(i) } }), { bound: 8 });
          return { y: map("y", [h], (r) => s.mul(h.at(r).n, 3)) };
        }),
      ),
    );
    expect(program.operators.map((operator) => operator.name)).toEqual(["h.entry", "h.size.1", "h.size", "h.fold", "y"]);
    expect(merged).toEqual({});
  });

  test("leaves a gather's table, even where it is gathered from in order", () => {
    const source = programOf(doubledVector);
    const gather: Operator = {
      kind: "gather",
      name: "y",
      domain: [{ name: "y.i0", extent: 8 }],
      tensor: "t",
      index: { kind: "index", dtype: "i32", index: "y.i0" },
    };
    const program = { ...source, operators: [source.operators[0]!, gather] };
    expect(verifyProgram(program)).toEqual([]);
    expect(inlineElementwise(program).program).toBe(program);
  });

  test("works inside the rounds of an iterate, and leaves there what reads a carried tensor", () => {
    const { lines, merged } = inlined(() => {
      const x = input("x", "f32", [8]);
      const { v } = iterate("it", 3, { v: x }, (carried) => {
        const t = map("t", [8], (i) => s.mul(carried.v.at(i), 2));
        return { next: { v: map("next", [8], (i) => s.sub(t.at(i), 1)) } };
      });
      return { y: map("y", [8], (i) => s.neg(v.at(i))) };
    });
    expect(merged).toEqual({ next: ["t"] });
    expect(lines).toContain("next[i] = it.v[i] * 2 - 1");
    expect(lines).toContain("y[i] = neg(it.v[i])");
  });

  const kept: Readonly<Record<string, Build>> = {
    "is an output": doubled((t) => ({ t, y: map("y", [4, 5], (i, j) => s.exp(t.at(i, j))) })),
    "has two readers": doubled((t) => ({ y: map("y", [4, 5], (i, j) => s.exp(t.at(i, j))), z: map("z", [4, 5], (i, j) => s.neg(t.at(i, j))) })),
    "is read at two places": doubled((t) => ({ y: map("y", [4, 4], (i, j) => s.add(t.at(i, j), t.at(i, s.add(j, 1)))) })),
    "is read more than once an element": doubled((t) => ({ y: map("y", [4, 5, 3], (i, j) => s.exp(t.at(i, j))) })),
    "is read in part": doubled((t) => ({ y: map("y", [4, 3], (i, j) => s.exp(t.at(i, j))) })),
    "is read at a diagonal": doubled((t) => ({ y: map("y", [4], (i) => s.exp(t.at(i, i))) })),
    "is read in every round of an iterate": doubled((t, x) =>
      iterate("it", 3, { v: x }, ({ v }) => ({ next: { v: map("next", [4, 5], (i, j) => s.add(v.at(i, j), t.at(i, j))) } })),
    ),
    "starts an iterate": doubled((t) => iterate("it", 3, { v: t }, ({ v }) => ({ next: { v: map("next", [4, 5], (i, j) => s.neg(v.at(i, j))) } }))),
    "ends a round": () =>
      iterate("it", 3, { v: input("x", "f32", [4]), w: input("y", "f32", [4]) }, ({ v, w }) => {
        const t = map("t", [4], (i) => s.neg(v.at(i)));
        return { next: { v: t, w: map("next", [4], (i) => s.add(w.at(i), t.at(i))) } };
      }),
    "is read over fewer of its records": doubled((t, x) => {
      const f = flatMap("f", [20], (i) => [{ when: s.gt(i, 3), fields: { v: i } }], { bound: 5 });
      return { y: map("y", [4], (i) => reduce("add", [f], (r) => s.add(t.at(i, r), x.at(i, r)))) };
    }),
    "is read at a sum": doubled((t) => ({ y: map("y", [4, 4], (i, j) => s.exp(t.at(i, s.add(j, 1)))) })),
  };
  test.each(Object.entries(kept))("leaves an operator that %s", (_name, build) => {
    expect(inlined(build).lines.some((line) => line.startsWith("t["))).toBe(true);
    expect(inlined(build).merged).toEqual({});
  });

  test("leaves reductions", () => {
    const plain = programOf(() => {
      const x = input("x", "f32", [4, 5]);
      const t = map("t", [4], (i) => reduce("add", [5], (k) => x.at(i, k)));
      return { y: map("y", [4], (i) => s.neg(t.at(i))) };
    });
    expect(inlineElementwise(plain).program).toBe(plain);
  });
});
