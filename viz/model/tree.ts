/** The program as a tree: loops, operators, what became of each in which section, and the units. */

import type { SceneOperator } from "../../src/scene/scene.ts";
import type { RunView, UnitView } from "./run.ts";
import type { Pick } from "./selection.ts";
import { stageOf } from "./selection.ts";
import { grouped, rootNames, type Stall, stallsOf, totalOf } from "./stages.ts";
import { STATES } from "./states.ts";
import type { StateCycles } from "./window.ts";

export interface TreeNode {
  readonly id: string;
  readonly kind: "loop" | "operator" | "memory" | "stage" | "unit";
  readonly label: string;
  /** Null: nothing can be picked for it. */
  readonly pick: Pick | null;
  /** Of loops and operators that were written. */
  readonly operator: SceneOperator | null;
  readonly units: readonly UnitView[];
  readonly children: () => readonly TreeNode[];
}

export function treeOf(run: RunView): readonly TreeNode[] {
  const { operators } = run.scene.program;
  const byOperator = grouped(run.units, ({ scene }) => scene.operator);
  const written = new Set(operators.map(({ name }) => name));
  const inside = (loop: string | null): readonly TreeNode[] => operators.filter((operator) => operator.inside === loop).map((operator) => nodeOf(operator));
  const ownOf = ({ name }: SceneOperator): readonly UnitView[] => byOperator.get(name) ?? [];
  const unitsIn = (operator: SceneOperator): readonly UnitView[] =>
    operator.kind === "iterate" ? [...operators.filter(({ inside: loop }) => loop === operator.name).flatMap(unitsIn), ...ownOf(operator)] : ownOf(operator);
  const inLoop = (loop: SceneOperator): readonly TreeNode[] => [
    ...inside(loop.name),
    ...(ownOf(loop).length === 0 ? [] : [memoryNode(run, loop.name, `carried by ${loop.name}`, ownOf(loop))]),
  ];
  const nodeOf = (operator: SceneOperator): TreeNode => {
    const { name, kind } = operator;
    const units = unitsIn(operator);
    const isLoop = kind === "iterate";
    return {
      ...{ id: `operator ${name}`, kind: isLoop ? "loop" : "operator", label: name, operator, units },
      pick: isLoop || units.length === 0 ? null : { kind: "operator", name, section: null },
      children: once(() => (isLoop ? inLoop(operator) : stagesOf(run, units))),
    };
  };
  const rest = [...byOperator].filter(([name]) => !written.has(name));
  return [...inside(null), ...rest.map(([name, units]) => memoryNode(run, name, name, units))];
}

/** Units that work for no operator that was written: they fetch an input or what a loop carries, or the compiler made what they do. */
function memoryNode(run: RunView, name: string, label: string, units: readonly UnitView[]): TreeNode {
  return {
    ...{ id: `data ${name}`, kind: "memory", label, operator: null, units },
    pick: { kind: "operator", name, section: null },
    children: once(() => stagesOf(run, units)),
  };
}

/** By section and kind. */
function stagesOf(run: RunView, units: readonly UnitView[]): readonly TreeNode[] {
  return [...grouped(units, (unit) => `${unit.section} ${stageOf(unit)}`).values()].map((own): TreeNode => {
    const section = run.sections[own[0]!.section]!;
    const label = `${own.length === 1 ? own[0]!.scene.kind.toUpperCase() : `${own.length} ${own[0]!.scene.kind.toUpperCase()}s`}${run.sections.length === 1 ? "" : ` in section ${section.name}`}`;
    return {
      ...{ id: `stage ${section.name} ${stageOf(own[0]!)}`, kind: "stage", label, operator: null, units: own },
      pick: { kind: "stage", name: stageOf(own[0]!), section: section.name },
      children: once(() => own.map((unit) => unitNode(unit, section.name))),
    };
  });
}

function unitNode(unit: UnitView, section: string): TreeNode {
  return {
    ...{ id: `unit ${section} ${unit.scene.id}`, kind: "unit", label: unit.scene.id, operator: null, units: [unit] },
    pick: { kind: "unit", name: unit.scene.id, section },
    children: () => [],
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** What is told of an operator, a stage or a unit. */
export interface NodeFigures {
  /** Of its units, in the window. */
  readonly cycles: StateCycles;
  /** Its busy cycles over those of all units of the run. */
  readonly busyShare: number;
  /** Of the whole run, most first. */
  readonly stalls: readonly Stall[];
}

/** `cycles`: of all units in the window, by number. `busy`: of all units together. */
export function figuresOf(run: RunView, units: readonly UnitView[], cycles: readonly StateCycles[], busy: number): NodeFigures {
  const own = totalOf(units, cycles);
  return { cycles: own, busyShare: busy === 0 ? 0 : own[STATES.indexOf("busy")]! / busy, stalls: stallsIn(run, units) };
}

const finders = new WeakMap<RunView, (root: string) => string>();
const found = new WeakMap<readonly UnitView[], readonly Stall[]>();

/** Made once for a list of units. */
function stallsIn(run: RunView, units: readonly UnitView[]): readonly Stall[] {
  const nameOf = finders.get(run) ?? rootNames(run.units);
  finders.set(run, nameOf);
  const stalls = found.get(units) ?? stallsOf(units, nameOf);
  found.set(units, stalls);
  return stalls;
}
