/** Chains of folds along long rows, made block by block: which stages stand in the loop over blocks, when they are made so, and what comes out. */

import { describe, expect, test } from "vitest";
import type { StageOperator } from "../../src/compile/body.ts";
import { buildSection } from "../../src/compile/build.ts";
import { type Choice, NO_HOMES } from "../../src/compile/context.ts";
import type { Controllers, SectionPlan } from "../../src/compile/controllers.ts";
import { formGroups, type Group } from "../../src/compile/group.ts";
import { compile, interpretControllers } from "../../src/compile/index.ts";
import { layOut } from "../../src/compile/layout.ts";
import { lowerProgram } from "../../src/compile/passes.ts";
import { planSection } from "../../src/compile/plan.ts";
import { rescale } from "../../src/compile/rescale.ts";
import { shapeOf } from "../../src/compile/stage.ts";
import type { Fabric, Section, Step } from "../../src/fabric/fabric.ts";
import { checkFabric } from "../../src/fabric/verify.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { mapFabric } from "../../src/mapper/index.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import type { Program } from "../../src/pattern/program.ts";
import { simulate } from "../../src/sim/simulate.ts";
import attention from "../../workloads/attention.ts";
import { differences, machineOf } from "../support/runs.ts";
import { arrayMachine, withPcu, withPmu } from "./support.ts";

interface Planned {
  readonly source: Program;
  readonly group: Group;
  readonly plan: SectionPlan;
  readonly controllers: Controllers;
  readonly fabric: Fabric;
}

/** Attention with its rows cut into blocks of `size`, and tiles and copies as given. */
function planned(params: Readonly<Record<string, number | string>>, size: number, choice: Choice, machine: Machine): Planned {
  const source = attention.build(params);
  const { program: lowered, sources } = lowerProgram(source, "spatial");
  const { program, blocks } = rescale(lowered, "max", size);
  const shapes = program.operators.map((operator) => shapeOf(operator as StageOperator, program, machine));
  const [group] = formGroups(shapes, () => true, true, new Set(blocks));
  const plan = planSection(group!, choice, { program, machine, leaving: new Set(["y"]), homes: NO_HOMES, sources, linkShare: 1, tierOf: () => "ddr" });
  if (typeof plan === "string") throw new Error(plan);
  const steps: readonly Step[] = [{ kind: "section", section: 0 }];
  const tensors = layOut(program, machine, new Set(["y"]));
  const common = { schemaVersion: 1, machine: machine.name, style: "spatial", tensors, steps } as const;
  const controllers: Controllers = { ...common, program, sections: [plan], configurations: [0], cuts: {}, pins: {} };
  const section: Section = { ...buildSection(plan, program, machine, (operator) => operator), configuration: 0 };
  const fabric: Fabric = { ...common, program: program.name, sections: [section] };
  checkFabric(fabric, machine);
  return { source, group: group!, plan, controllers, fabric };
}

/** Attention's values, a rounding or so apart. */
const close = (): number => 2 ** -18;

function expectValues({ source, controllers, fabric }: Planned, machine: Machine): void {
  const inputs = generateInputs(source, 3);
  expect(differences(source, inputs, interpretControllers(controllers, inputs), close)).toEqual([]);
  const mapping = mapFabric(fabric, machine, { seed: 1 });
  const run = (engine: "fast" | "oracle") => simulate(mapping, machine, { program: source, inputs, values: true, engine, fastForward: false });
  const fast = run("fast");
  expect(differences(source, inputs, fast.outputs!, close)).toEqual([]);
  const { ticks, outputs, sections } = run("oracle");
  expect({ ticks, outputs, sections }).toEqual({ ticks: fast.ticks, outputs: fast.outputs, sections: fast.sections });
}

const machineWith = (pcus: number, bytes: number): Machine =>
  withPmu({ count: 90, bytes }, withPcu({ count: pcus }, { ...arrayMachine, grid: { columns: 20, rows: 9 }, ag: { ...arrayMachine.ag, count: 24 } }));

const params = { seq: 96, heads: 2, dim: 32, dtype: "f32" };

describe("a loop over blocks", () => {
  test("has the stages that work block by block in it, and around it those that need all blocks", () => {
    const machine = machineWith(90, 16384);
    const all = planned(params, 48, { tile: [1, 6, 1], par: [1, 4, 1], split: 1 }, machine);
    expect(all.group).toMatchObject({ shared: 3, blocks: 1 });
    expect(all.plan.stages.map(({ shape, loops }) => [shape.name, loops.length])).toEqual([
      ...["scores", "scaled", "max.part", "e", "sum.part", "y.part"].map((name) => [name, 3]),
      ...["max", "max.scale", "sum", "y.total", "y"].map((name) => [name, 2]),
    ]);
    expect(all.plan.stages.at(-2)!.operands[0]!.via).toMatchObject({ kind: "stage-buffer", shape: [1, 6, 2, 32] });
    expectValues(all, machine);
  });

  test("is turned inside by stages that take the tiles of several copies in turn", () => {
    const machine = machineWith(30, 16384);
    const all = planned(params, 48, { tile: [1, 6, 1], par: [1, 4, 1], split: 1 }, machine);
    const copies = Object.fromEntries(all.plan.stages.map(({ shape, loops }) => [shape.name, loops[1]!.par]));
    expect(copies).toMatchObject({ scores: 4, scaled: 2, e: 2, "y.part": 4, max: 1, y: 1 });
    expectValues(all, machine);
  });

  test("has tiles in several PMUs where one is too small, cut along blocks and inside of them", () => {
    const machine = machineWith(90, 4096);
    const all = planned(params, 48, { tile: [1, 6, 1], par: [1, 2, 1], split: 1 }, machine);
    const { via } = all.plan.stages[0]!.operands[1]!;
    expect(via).toMatchObject({ kind: "tier-buffer", hold: 1, held: [2] });
    if (via.kind === "tier-buffer") expect(via.pmus).toBeGreaterThan(2);
    expectValues(all, machine);
  });
});

describe("long rows on sn40l", () => {
  const namesOf = (seq: number): readonly string[] =>
    compile(attention.build({ seq, heads: 32 }), machineOf("sn40l"), { style: "spatial" }).program.operators.map(({ name }) => name);

  test("stay whole where a PMU has room for them", () => {
    expect(namesOf(1024)).toContain("max");
    expect(namesOf(1024)).not.toContain("max.part");
  });
});
