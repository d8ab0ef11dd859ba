import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Affine, Nest, Section, Work } from "../../src/fabric/fabric.ts";
import { resolveSection, roundsOf, sizesOf } from "../../src/fabric/resolve.ts";
import { makeWalk } from "../../src/fabric/walk.ts";
import { centreRows, elementwise } from "../support/examples.ts";
import { affine, below, nest, sectionOf, sends, unit } from "../support/fabrics.ts";

const access = { dims: [affine([0, 16], 1)], shape: [200] };
const load: Work = { kind: "load", tensor: "x", access, port: "a" };
const plain = nest("load", [3, 8], [sends("a", 2)], load);

function sectionWith(changed: Partial<Nest>): Section {
  return sectionOf([unit("ag", "load", [{ ...plain, ...changed }])]);
}

const nestOf = (section: Section): Nest => section.units[0]!.nests[0]!;
const sized = [plain.loops[0]!, { ...plain.loops[1]!, size: { tensor: "n", per: 16 } }];
const inRounds = (rounds: Readonly<Record<string, number>>): Affine => ({ ...affine([0, 16], 1, 5), rounds });

describe("resolveSection", () => {
  it("gives the same section where nothing is open", () => {
    for (const { fabric } of [elementwise(100), centreRows(7, 37)]) expect(resolveSection(fabric.sections[0]!, { r: 3 }, { n: 4 })).toBe(fabric.sections[0]);
  });

  it("leaves alone what is not open beside what is", () => {
    const section = sectionOf([unit("ag", "a", [plain]), unit("ag", "b", [{ ...plain, loops: sized }])]);
    const resolved = resolveSection(section, {}, { n: 20 });
    expect(resolved.units[0]).toBe(section.units[0]);
    expect(resolved.units[1]!.nests[0]!.work).toBe(section.units[1]!.nests[0]!.work);
    expect(resolved.channels).toBe(section.channels);
  });

  it.each([
    [0, 1],
    [1, 1],
    [16, 1],
    [17, 2],
    [128, 8],
    [1000, 8],
  ])("lets a loop over %i elements, 16 a turn and at most 8 turns, turn %i times", (n, trip) => {
    expect(nestOf(resolveSection(sectionWith({ loops: sized }), {}, { n })).loops[1]).toEqual({ name: "load1", trip });
  });

  it.each([
    [0, 0],
    [99, 99],
    [100, 100],
    [101, 100],
  ])("cuts by a length of %i at %i, never past the bound of 100", (n, limit) => {
    const guards = [{ ...below(affine([0, 16], 1), 100), size: "n" }];
    expect(nestOf(resolveSection(sectionWith({ guards }), {}, { n })).guards).toEqual([below(affine([0, 16], 1), limit)]);
  });

  it("folds rounds into the constants of guards, coordinates and affine nodes", () => {
    const open = inRounds({ r: 100, s: -1 });
    const closed = affine([0, 16], 1, 5 + 200 - 7);
    const rounds = { r: 2, s: 7 };
    expect(nestOf(resolveSection(sectionWith({ guards: [below(open, 9)] }), rounds, {})).guards).toEqual([below(closed, 9)]);
    const loading = sectionWith({ work: { ...load, access: { ...access, dims: [open] } } });
    expect(nestOf(resolveSection(loading, rounds, {})).work).toMatchObject({ access: { dims: [closed], shape: [200] } });
    const computing = sectionWith({ work: { kind: "compute", nodes: [{ kind: "affine", dtype: "i32", value: open }], outputs: [{ port: "a", node: 0 }] } });
    expect(nestOf(resolveSection(computing, rounds, {})).work).toMatchObject({ nodes: [{ value: closed }] });
  });

  it("puts a round into the constant as a loop counter would add it", () => {
    const factor = fc.integer({ min: -9, max: 9 });
    fc.assert(
      fc.property(factor, factor, fc.nat(5), fc.nat(5), (r, s, round, other) => {
        const section = sectionWith({ work: { ...load, access: { ...access, dims: [inRounds({ r, s })] } } });
        const { work } = nestOf(resolveSection(section, { r: round, s: other }, {}));
        expect(work).toMatchObject({ access: { dims: [{ constant: 5 + r * round + s * other }] } });
      }),
      { numRuns: 50 },
    );
  });

  it("will not guess a round or a size", () => {
    expect(() => resolveSection(sectionWith({ guards: [below(inRounds({ r: 1 }), 9)] }), {}, {})).toThrow("a section runs without the round r");
    expect(() => resolveSection(sectionWith({ loops: sized }), {}, {})).toThrow("a section runs without the size n");
  });
});

describe("sizesOf and roundsOf", () => {
  it("name what a section needs, each once", () => {
    const guards = [{ ...below(inRounds({ r: 1, s: 2 }), 100), size: "m" }, below(inRounds({ s: 3 }), 9)];
    const section = sectionWith({ loops: sized, guards: [...guards, { ...below(affine([0, 0]), 4), size: "n" }] });
    expect(sizesOf(section)).toEqual(["n", "m"]);
    expect(roundsOf(section)).toEqual(["r", "s"]);
    expect(sizesOf(elementwise(100).fabric.sections[0]!)).toEqual([]);
  });
});

describe("a walk", () => {
  it("refuses an affine form whose round is open", () => {
    expect(() => makeWalk({ ...plain, guards: [below(inRounds({ r: 1 }), 9)] })).toThrow("needs a resolved section");
    expect(() => makeWalk(plain, { ...access, dims: [inRounds({ r: 1 })] })).toThrow("needs a resolved section");
    expect(() => makeWalk(plain, access)).not.toThrow();
  });
});
