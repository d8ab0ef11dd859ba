import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile/index.ts";
import { input, map, reduce } from "../../src/pattern/builder.ts";
import type { Schedule } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { arrayMachine, type Build, compileOn, planOn, planWith, programOf, refusal, simdMachine, withPcu, withPmu } from "./support.ts";

const gemm: Build = () => {
  const a = input("a", "f32", [64, 40]);
  const b = input("b", "f32", [40, 96]);
  return { c: map("c", [64, 96], (i, j) => reduce("add", [40], (l) => s.mul(a.at(i, l), b.at(l, j)))) };
};

const rows: Build = () => {
  const x = input("x", "f32", [40, 50]);
  const most = map("most", [40], (i) => reduce("max", [50], (k) => x.at(i, k)));
  return { y: map("y", [40, 50], (i, j) => s.sub(x.at(i, j), most.at(i))) };
};

const turned: Build = () => {
  const x = input("x", "f32", [40, 48]);
  return { y: map("y", [48, 40], (i, j) => x.at(j, i)) };
};

describe("the search", () => {
  test("finds no plan that another choice of tiles and copies beats by more than 1 %", () => {
    for (const machine of [simdMachine, arrayMachine]) {
      const best = planOn(machine, gemm).estimate.cycles;
      for (const tile of [1, 4, 6, 8, 16, 32, 64])
        for (const width of [16, 32, 48, 96])
          for (const par of [1, 2, 3, 4]) {
            const other = planWith(machine, gemm, { tile: [tile, width], par: [Math.min(par, Math.ceil(64 / tile)), Math.min(2, 96 / width)], split: 1 }, 0.45);
            if (typeof other !== "string") expect(best).toBeLessThanOrEqual(other.estimate.cycles * 1.01);
          }
    }
  });

  test("uses more copies where compute limits, and no more than the memory can feed", () => {
    const fast = planOn(simdMachine, gemm);
    const slow = planOn(withPcu({ count: 2 }), gemm);
    expect(fast.units.pcu).toBeGreaterThan(2);
    expect(slow.units.pcu).toBe(2);
    expect(fast.estimate.cycles).toBeLessThan(slow.estimate.cycles);
    const copy: Build = () => {
      const x = input("x", "f32", [10_000]);
      return { y: map("y", [10_000], (i) => x.at(i)) };
    };
    expect(planOn(simdMachine, copy).units.pcu).toBe(1);
  });
});

describe("a schedule", () => {
  const planned = (schedule: Schedule, build = gemm) => planOn(simdMachine, build, schedule).loops;

  test("pins the tiles and copies that it names, and leaves the rest to the search", () => {
    expect(planned({ tile: { "c.0": 7, "c.1": 50 }, par: { "c.0": 2, "c.1": 1 } })).toMatchObject([
      { tile: 7, par: 2, trips: 5 },
      { tile: 50, par: 1, trips: 2 },
    ]);
    expect(planned({ tile: { "c.0": 7 } })).toMatchObject([{ tile: 7 }, {}]);
    expect(planned({ par: { "c.1": 3 } })).toMatchObject([{}, { par: 3 }]);
  });

  test("may name a loop by any operator of the section", () => {
    expect(planned({ tile: { "most.0": 5 } }, rows)).toEqual(planned({ tile: { "y.0": 5 } }, rows));
    expect(planned({ tile: { "y.0": 5 } }, rows)[0]).toMatchObject({ tile: 5 });
  });

  test("reaches loops that the search would not tile", () => {
    const three: Build = () => {
      const x = input("x", "f32", [6, 8, 40]);
      return { y: map("y", [6, 8, 40], (i, j, k) => s.add(x.at(i, j, k), 1)) };
    };
    expect(planned({ tile: { "y.0": 3 }, par: { "y.0": 2 } }, three)[0]).toEqual({ name: "y.0", extent: 6, tile: 3, par: 2, trips: 1 });
  });

  test("is refused where two operators of a section name one loop and disagree", () => {
    expect(refusal(() => planned({ tile: { "most.0": 5, "y.0": 4 } }, rows))).toBe(
      'schedule y.0: 4, but "most.0" has 5: they are one loop, which the stages of a section share',
    );
  });

  const refused = (schedule: Schedule, machine = simdMachine, build = gemm): string => refusal(() => compileOn(machine, build, schedule));

  test("is refused where it names no outer loop, with the nearest that there is", () => {
    expect(refused({ tile: { "c.O": 8 } })).toBe('schedule.tile: no outer loop is called "c.O"; there are c.0, c.1; did you mean "c.0"?');
    expect(refused({ par: { "c.2": 2 } })).toContain('schedule.par: no outer loop is called "c.2"');
    expect(refused({ cut: ["d"] })).toBe('schedule.cut: no operator is called "d"; there are c; did you mean "c"?');
    expect(refused({ cut: "c" as unknown as string[] })).toBe('schedule.cut: "c" is no list of names of operators');
    expect(refused({ tile: { other: 8, "c.7": 1 } }).split("\n")).toHaveLength(2);
  });

  test("is refused where a value is no whole number from 1 to the extent", () => {
    for (const value of [0, -1, 1.5, 65, Number.NaN])
      expect(refused({ tile: { "c.0": value } })).toBe(`schedule c.0: ${value} is not a whole number from 1 to 64; loop "c.0" has 64 elements or tiles`);
  });

  test("is refused with the reason where it cannot fit", () => {
    expect(refused({ tile: { "c.0": 64 }, par: { "c.0": 2 } })).toContain('its schedule wants 2 copies of loop "c.0", which has at most 1 tiles');
    expect(refused({ par: { "c.0": 17, "c.1": 2 } })).toContain("its schedule wants 34 copies, there are 16 PCUs");
    expect(refused({ tile: { "y.0": 48, "y.1": 40 } }, withPmu({ bytes: 4096, count: 1 }), turned)).toContain(`a tile of "x" needs 7840 bytes of a PMU's 4096`);
    expect(refused({ par: { "c.0": 4, "c.1": 4 } }, withPcu({ count: 16 }, { ...simdMachine, ag: { ...simdMachine.ag, count: 2 } }))).toContain(
      "address generators",
    );
  });

  test("changes nothing but what it names: the same schedule gives the same plan as the search's own choice", () => {
    const { loops } = planOn(simdMachine, gemm);
    const schedule = {
      tile: Object.fromEntries(loops.map((loop) => [loop.name, loop.tile])),
      par: Object.fromEntries(loops.map((loop) => [loop.name, loop.par])),
    };
    expect(planOn(simdMachine, gemm, schedule)).toEqual(planOn(simdMachine, gemm));
  });
});

describe("kernel by kernel", () => {
  test("makes a section of each source operator, whatever could be fused", () => {
    const { fabric, controllers } = compile(programOf(rows), simdMachine, { style: "kernel-by-kernel" });
    expect(fabric.sections.map((section) => section.operators)).toEqual([["most"], ["y"]]);
    expect(controllers.tensors.map((layout) => layout.tensor)).toEqual(["x", "most", "y"]);
    expect(compileOn(simdMachine, rows).controllers.tensors.map((layout) => layout.tensor)).toEqual(["x", "y"]);
  });
});
