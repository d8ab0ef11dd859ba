/** Random nests of repeats on hand-made fabrics: tensors that change places hold what they would if every round copied. */

import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Fabric, RepeatStep, Section, Step } from "../../src/fabric/fabric.ts";
import { affine, input, load, op, pcu, reads, run, sectionOf, sends, store, tensor } from "../support/fabrics.ts";

/** Entries are taken in turn, modulo what there is to choose from. */
type Choices = (bound: number) => number;

/** Writes `to` = 3 * first + second. */
interface Combination {
  readonly to: string;
  readonly first: string;
  readonly second: string;
}

interface Tree {
  readonly sections: Combination[];
  readonly tensors: string[];
  repeats: number;
}

/** Steps that read only what is there: inputs, carried tensors, and what stands before them in the same round. Adds to `readable` what can be read behind them. */
function steps(tree: Tree, choose: Choices, readable: string[], depth: number): readonly Step[] {
  return Array.from({ length: 1 + choose(3) }, () => (depth < 3 && choose(2) === 1 ? repeat(tree, choose, readable, depth) : section(tree, choose, readable)));
}

function section(tree: Tree, choose: Choices, readable: string[]): Step {
  const to = create(tree);
  tree.sections.push({ to, first: readable[choose(readable.length)]!, second: readable[choose(readable.length)]! });
  readable.push(to);
  return { kind: "section", section: tree.sections.length - 1 };
}

function repeat(tree: Tree, choose: Choices, readable: string[], depth: number): RepeatStep {
  const name = `loop${tree.repeats++}`;
  const starts = Array.from({ length: 1 + choose(3) }, () => ({ to: create(tree), init: readable[choose(readable.length)]! }));
  const inside = [...readable, ...starts.map(({ to }) => to)];
  const times = 1 + choose(3);
  const body = steps(tree, choose, inside, depth + 1);
  const carries = starts.map((carry) => ({ ...carry, from: inside[inside.length - 1 - choose(inside.length)]! }));
  readable.push(...starts.map(({ to }) => to));
  return { kind: "repeat", name, round: name, times, carries, steps: body };
}

function create({ tensors }: Tree): string {
  tensors.push(`t${tensors.length}`);
  return tensors.at(-1)!;
}

/** The same by copying. */
function copying(tree: Tree, all: readonly Step[], values: Map<string, number>): void {
  for (const step of all) {
    if (step.kind === "section") {
      const { to, first, second } = tree.sections[step.section]!;
      values.set(to, (Math.imul(3, values.get(first)!) + values.get(second)!) | 0);
      continue;
    }
    for (const { to, init } of step.carries) values.set(to, values.get(init)!);
    for (let round = 0; round < step.times; round++) {
      copying(tree, step.steps, values);
      const next = step.carries.map(({ from }) => values.get(from)!);
      step.carries.forEach(({ to }, carry) => {
        values.set(to, next[carry]!);
      });
    }
  }
}

function fabricOf(tree: Tree, all: readonly Step[]): Fabric {
  const layouts = new Map(tree.tensors.map((name, i) => [name, tensor(name, "i32", [1], i * 64)] as const));
  const one = [affine([])];
  const i32 = { dtype: "i32", words: 1 } as const;
  const triple = op("add", [0, 0], "i32");
  const sections = tree.sections.map(({ to, first, second }, s): Section => {
    const nodes = [input("f", "i32"), triple, op("add", [1, 0], "i32"), input("s", "i32"), op("add", [2, 3], "i32")];
    const body = pcu("sum", [], [reads("f", 0), reads("s", 0), sends("o", 0)], nodes, { o: 4 }, { lanes: 1 });
    const lanes = { lanes: 1 };
    const units = [
      load("f", layouts.get(first)!, [], one, lanes),
      load("s", layouts.get(second)!, [], one, lanes),
      body,
      store("o", layouts.get(to)!, [], one, lanes),
    ];
    return { ...sectionOf(units, { f: i32, s: i32, o: i32 }), name: `s${s}` };
  });
  return { schemaVersion: 1, program: "test", machine: "tiny", style: "spatial", tensors: [...layouts.values()], sections, steps: all };
}

test("tensors that change places hold what they would hold if every round copied them", () => {
  const seen = { nested: 0, rotating: 0 };
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 8, maxLength: 40 }), (numbers) => {
      let next = 0;
      const choose: Choices = (bound) => numbers[next++ % numbers.length]! % bound;
      const tree: Tree = { sections: [], tensors: ["x", "z"], repeats: 0 };
      const readable = ["x", "z"];
      const all = steps(tree, choose, readable, 0);
      const values = new Map([["x", 1], ["z", 2]]); // biome-ignore format: pairs
      copying(tree, all, values);
      const inputs = { x: Int32Array.of(1), z: Int32Array.of(2) };
      const { outputs, sections } = run(fabricOf(tree, all), inputs);
      const outside = readable.filter((name) => !(name in inputs));
      expect(Object.fromEntries(outside.map((name) => [name, outputs![name]![0]]))).toEqual(
        Object.fromEntries(outside.map((name) => [name, values.get(name)])),
      );
      expect(inputs).toEqual({ x: Int32Array.of(1), z: Int32Array.of(2) });
      if (all.some((step) => step.kind === "repeat" && step.steps.some(({ kind }) => kind === "repeat"))) seen.nested++;
      if (sections.some(({ runs }) => runs > 2)) seen.rotating++;
    }),
    { numRuns: 100, seed: 20_260 },
  );
  for (const [what, trees] of Object.entries(seen)) expect(trees, `trees that are ${what}`).toBeGreaterThan(20);
});
