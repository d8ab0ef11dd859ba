import { describe, expect, test } from "vitest";
import { fuseFilters } from "../../src/compile/filters.ts";
import { filter, flatMap, groupBy, input, iterate, map, reduce, scan, sum } from "../../src/pattern/builder.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { type Build, linesOf, programOf } from "./support.ts";

const late = () => {
  const d = input("d", "i32", [50]);
  return filter("late", [50], (i) => ({ when: s.gt(d.at(i), 15), fields: { d: d.at(i), n: s.add(i, 1) } }));
};
const fused = (build: Build) => fuseFilters(programOf(build));

describe("fuseFilters", () => {
  test("turns the filter that a reduction walks into a predicate, with the reduction's identity for the rest", () => {
    const program = fused(() => {
      const f = late();
      return { most: map("most", [], () => reduce("max", [f], (r) => s.mul(f.at(r).d, f.at(r).n))) };
    });
    expect(linesOf(program)).toEqual(["most = max(i < 50: select(d[i] > 15, d[i] * (i + 1), -2147483648))"]);
    expect(program.tensors.map((tensor) => tensor.name)).toEqual(["d", "most"]);
    expect(verifyProgram(program)).toEqual([]);
  });

  test("turns the filter that a groupBy walks into its condition, beside the one it has", () => {
    const program = fused(() => {
      const f = late();
      return groupBy("g", [f], (r) => ({ key: s.mod(f.at(r).d, 4), keys: 4, when: s.lt(f.at(r).n, 9), fields: { sum: sum(f.at(r).n) } }));
    });
    const [operator] = program.operators;
    expect(operator).toMatchObject({ kind: "groupBy", domain: [{ extent: 50 }], when: { op: "and" } });
    expect(operator).not.toHaveProperty("domain.0.count");
    expect(verifyProgram(program)).toEqual([]);
  });

  test("counts the records only where someone asks how many there are", () => {
    const asked = fused(() => {
      const f = late();
      return { n: f.size };
    });
    expect(linesOf(asked)).toEqual(["late.size = sum(i < 50: select(d[i] > 15, 1, 0))"]);
    const read = fused(() => {
      const f = late();
      return { n: map("n", [], () => s.add(f.size.at(), 1)) };
    });
    expect(read.operators.map((operator) => operator.name)).toEqual(["late.size", "n"]);
  });

  test("leaves a program without filters as it is", () => {
    const plain = programOf(() => ({ y: map("y", [3], (i) => i) }));
    expect(fuseFilters(plain)).toBe(plain);
  });

  test("gives the accumulator's identity to the rest, where the body is narrower", () => {
    const program = fused(() => {
      const x = input("x", "i8", [9]);
      const f = filter("f", [9], (i) => ({ when: s.gt(x.at(i), 90), fields: { x: x.at(i) } }));
      return { most: map("most", [], () => reduce("max", [f], (r) => f.at(r).x, { acc: "i32", dtype: "i32" })) };
    });
    expect(linesOf(program)).toEqual(["most = max(i < 9: select(x[i] > 90, i32(x[i]), -2147483648))"]);
    const few = { x: new Int8Array(9).fill(3) };
    expect([...interpret(program, few).most!]).toEqual([-2147483648]);
  });

  test("leaves loops over as many of something else, and counts for them", () => {
    const program = fused(() => {
      const f = late();
      return { y: map("y", [f], (i) => s.mul(i, 3)), z: map("z", [], () => reduce("add", [f, f], (a, b) => s.mul(f.at(a).d, b))) };
    });
    expect(linesOf(program).filter((line) => line.includes(" = "))).toEqual([
      "late.size = sum(i < 50: select(d[i] > 15, 1, 0))",
      "y[i] = i * 3",
      "z = sum(i < 50, j < late.size: select(d[i] > 15, d[i] * j, 0))",
    ]);
    const inputs = { d: Int32Array.from({ length: 50 }, (_, i) => i) };
    expect([...interpret(program, inputs).z!]).toEqual([1105 * 561]);
    expect(verifyProgram(program)).toEqual([]);
  });

  test("goes through a filter of a filter", () => {
    const program = fused(() => {
      const f = late();
      const even = filter("even", [f], (r) => ({ when: s.eq(s.mod(f.at(r).d, 2), 0), fields: { n: f.at(r).n } }));
      return { total: map("total", [], () => reduce("add", [even], (r) => even.at(r).n)) };
    });
    expect(linesOf(program)).toEqual(["total = sum(i < 50: select(d[i] > 15 and d[i] mod 2 == 0, i + 1, 0))"]);
    expect(verifyProgram(program)).toEqual([]);
  });

  test("fuses inside the rounds of an iterate, where the filter stands there too", () => {
    const program = fused(() => {
      const d = input("d", "i32", [50]);
      const { v } = iterate("it", 2, { v: d }, (carried) => {
        const f = filter("f", [50], (i) => ({ when: s.gt(carried.v.at(i), 0), fields: { d: carried.v.at(i) } }));
        const total = map("total", [], () => reduce("add", [f], (r) => f.at(r).d));
        return { next: { v: map("next", [50], (i) => s.sub(total.at(), i)) } };
      });
      return { v };
    });
    expect(linesOf(program)).toContain("total = sum(i < 50: select(it.v[i] > 0, it.v[i], 0))");
    expect(program.tensors.map((tensor) => tensor.name)).toEqual(["d", "it.v", "total", "next"]);
    expect(verifyProgram(program)).toEqual([]);
  });

  const kept: Readonly<Record<string, Build>> = {
    "records that are an output": () => ({ f: late() }),
    "a map over the records": () => {
      const f = late();
      return { y: map("y", [f], (i) => s.add(f.at(i).d, 1)) };
    },
    "records at another place": () => {
      const f = late();
      return { y: map("y", [5], (i) => f.at(i).d) };
    },
    "records read in order and at another place": () => {
      const f = late();
      return { y: map("y", [], () => reduce("add", [f], (r) => s.sub(f.at(r).d, f.at(s.sub(49, r)).d))) };
    },
    "the place of a record": () => {
      const f = late();
      return { y: map("y", [], () => reduce("add", [f], (r) => s.mul(f.at(r).d, r))) };
    },
    "pairs of records": () => {
      const f = late();
      return { y: map("y", [], () => reduce("add", [f, f], (a, b) => s.mul(f.at(a).d, f.at(b).n))) };
    },
    "a map over the records that also folds them": () => {
      const f = late();
      return { y: map("y", [f], (i) => reduce("add", [f], (r) => s.mul(f.at(i).d, f.at(r).n))) };
    },
    "a scan of the records": () => {
      const f = late();
      return { y: scan("y", "add", [f], (r) => f.at(r).d) };
    },
    "two records an index": () => {
      const d = input("d", "i32", [50]);
      const f = flatMap("f", [50], (i) => [
        { when: s.gt(d.at(i), 1), fields: { d: d.at(i) } },
        { when: s.lt(d.at(i), 0), fields: { d: i } },
      ]);
      return { y: map("y", [], () => reduce("add", [f], (r) => f.at(r).d)) };
    },
    "a bound that may be exceeded": () => {
      const d = input("d", "i32", [50]);
      const f = flatMap("f", [50], (i) => [{ when: s.gt(d.at(i), 1), fields: { d: d.at(i) } }], { bound: 49 });
      return { y: map("y", [], () => reduce("add", [f], (r) => f.at(r).d)) };
    },
    "a reader that repeats": () => {
      const f = late();
      const one = map("one", [], () => s.constant("i32", 1));
      return iterate("it", 3, { v: one }, ({ v }) => ({
        next: {
          v: map("next", [], () =>
            s.add(
              v,
              reduce("add", [f], (r) => f.at(r).d),
            ),
          ),
        },
      }));
    },
  };
  test.each(Object.entries(kept))("leaves the filter for %s", (_name, build) => {
    const plain = programOf(build);
    expect(fuseFilters(plain)).toBe(plain);
  });

  test("leaves a filter with one reader in order and one that is not", () => {
    const plain = programOf(() => {
      const f = late();
      const total = map("total", [], () => reduce("add", [f], (r) => f.at(r).d));
      return { total, y: map("y", [f], (r) => f.at(r).n) };
    });
    expect(fuseFilters(plain)).toBe(plain);
  });
});
