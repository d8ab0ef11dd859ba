import { describe, expect, test } from "vitest";
import { fuseFilters } from "../../src/compile/filters.ts";
import { filter, flatMap, groupBy, input, map, reduce, sum } from "../../src/pattern/builder.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { type Build, linesOf, programOf, refusal } from "./support.ts";

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

  const refused: Readonly<Record<string, readonly [Build, RegExp]>> = {
    "records that are an output": [() => ({ f: late() }), /its records are the output "f\.d"/],
    "a map over the records": [
      () => {
        const f = late();
        return { y: map("y", [f], (i) => s.add(f.at(i).d, 1)) };
      },
      /"y" is a map over it/,
    ],
    "records at another place": [
      () => {
        const f = late();
        return { y: map("y", [5], (i) => f.at(i).d) };
      },
      /"y" reads it at another place than its own index/,
    ],
    "two records an index": [
      () => {
        const d = input("d", "i32", [50]);
        const f = flatMap("f", [50], (i) => [
          { when: s.gt(d.at(i), 1), fields: { d: d.at(i) } },
          { when: s.lt(d.at(i), 0), fields: { d: i } },
        ]);
        return { y: map("y", [], () => reduce("add", [f], (r) => f.at(r).d)) };
      },
      /it emits up to 2 records an index/,
    ],
  };
  test.each(Object.entries(refused))("refuses %s", (_name, [build, message]) => {
    expect(refusal(() => fused(build))).toMatch(message);
    expect(refusal(() => fused(build))).toMatch(/reduce or group it/);
  });
});
