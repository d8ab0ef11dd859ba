import { describe, expect, test } from "vitest";
import { permute } from "../../src/compile/permute.ts";
import { input, map, reduce } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import { interpret } from "../../src/pattern/interpret.ts";
import type { Schedule } from "../../src/pattern/program.ts";
import * as s from "../../src/pattern/scalars.ts";
import { verifyProgram } from "../../src/pattern/verify.ts";
import { arrayMachine, type Build, compileOn, linesOf, programOf, withPmu } from "./support.ts";

const [HEADS, ROWS, KEYS, DIM] = [2, 30, 50, 4];

/** All its PMUs together hold less than p. */
const machine = withPmu({ bytes: 512 }, arrayMachine);

/** p by head and row, c by row and head, as the text of attention has them. */
const heads =
  (finish: (c: s.Handle) => ReturnType<Build>): Build =>
  () => {
    const [q, k, v] = [input("q", "f32", [HEADS, ROWS, DIM]), input("k", "f32", [HEADS, KEYS, DIM]), input("v", "f32", [HEADS, KEYS, DIM])];
    const p = map("p", [HEADS, ROWS, KEYS], (h, i, j) => reduce("add", [DIM], (d) => s.mul(q.at(h, i, d), k.at(h, j, d))));
    return finish(map("c", [ROWS, HEADS, DIM], (i, h, d) => reduce("add", [KEYS], (j) => s.mul(p.at(h, i, j), v.at(h, j, d)))));
  };

const summed = heads((c) => ({ y: map("y", [ROWS], (i) => reduce("add", [HEADS, DIM], (h, d) => c.at(i, h, d))) }));

const changed = (build: Build, schedule?: Schedule) => {
  const before = programOf(build, schedule);
  const after = permute(before, machine);
  expect(verifyProgram(after)).toEqual([]);
  return { before, after };
};

describe("permute", () => {
  test("makes a tensor in the order of the loops of what it is made from, and its readers follow", () => {
    const { before, after } = changed(summed);
    expect(linesOf(after)[1]).toBe("c[i, j, k] = sum(l < 50: p[i, j, l] * v[i, l, k])");
    expect(after.tensors.find(({ name }) => name === "c")!.shape).toEqual([HEADS, ROWS, DIM]);
    const inputs = generateInputs(before, 1);
    expect(interpret(after, inputs).y).toEqual(interpret(before, inputs).y);
  });

  test("so both share a section and what lies between them never leaves the chip", () => {
    const { sections } = compileOn(machine, summed).controllers;
    expect(sections.filter(({ stages }) => stages.some(({ stores }) => stores.some(({ tensor, to }) => tensor === "p" && to.includes("memory"))))).toEqual([]);
  });

  test("leaves what is made from tensors that the chip can hold", () => {
    const before = programOf(summed);
    expect(permute(before, arrayMachine)).toBe(before);
  });

  test("leaves outputs, what a schedule names, and what shares as many loops with its reader as it would with its maker", () => {
    const output = changed(heads((c) => ({ c })));
    expect(output.after).toBe(output.before);
    const pinned = changed(summed, { tile: { "c.0": 1 } });
    expect(pinned.after).toBe(pinned.before);
    const both = changed(heads((c) => ({ y: map("y", [ROWS, HEADS], (i, h) => reduce("add", [DIM], (d) => c.at(i, h, d))) })));
    expect(both.after).toBe(both.before);
  });

  test("leaves the last dimension where lanes run", () => {
    const build: Build = () => {
      const x = input("x", "f32", [40, 50, 6]);
      const t = map("t", [40, 50, 6], (i, j, k) => s.exp(x.at(i, j, k)));
      const u = map("u", [6, 40, 50], (k, i, j) => s.add(t.at(i, j, k), 1));
      return { y: map("y", [6], (k) => reduce("add", [40, 50], (i, j) => s.mul(u.at(k, i, j), u.at(k, i, j)))) };
    };
    expect(
      changed(build)
        .after.tensors.find(({ name }) => name === "u")!
        .shape.at(-1),
    ).toBe(50);
  });
});
