/** Rows of the raster: units in an order that puts those together that belong together. */

import type { RunView, UnitView } from "./run.ts";
import { type StateCycles, sharesOf } from "./window.ts";

export const ORDERS = ["operator", "place", "kind", "busy", "section"] as const;
export type Order = (typeof ORDERS)[number];

export interface RowGroup {
  readonly label: string;
  /** Rows, `to` excluded. */
  readonly from: number;
  readonly to: number;
}

export interface Rows {
  readonly units: readonly UnitView[];
  /** One after the other; together all rows. */
  readonly groups: readonly RowGroup[];
}

const KINDS = ["pcu", "pmu", "ag"] as const;

/** `cycles`: of all units in the window, by unit. */
export function rowsOf(run: RunView, units: readonly UnitView[], order: Order, cycles: readonly StateCycles[]): Rows {
  const key = keyOf(run, order, cycles);
  const keyed = units.map((unit) => ({ unit, key: key(unit) }));
  keyed.sort(
    (a, b) => compare(a.key.order, b.key.order) || a.unit.section - b.unit.section || a.unit.scene.y - b.unit.scene.y || a.unit.scene.x - b.unit.scene.x,
  );
  return { units: keyed.map(({ unit }) => unit), groups: groupsOf(keyed.map((one) => one.key.label)) };
}

interface Key {
  readonly order: readonly number[];
  readonly label: string;
}

function keyOf(run: RunView, order: Order, cycles: readonly StateCycles[]): (unit: UnitView) => Key {
  const { columns } = run.scene.machine.grid;
  const operators = new Map<string, number>();
  for (const { name } of run.scene.program.operators) operators.set(name, operators.size);
  for (const { scene } of run.units) if (!operators.has(scene.operator)) operators.set(scene.operator, operators.size);
  switch (order) {
    case "operator":
      return ({ scene }) => ({ order: [operators.get(scene.operator)!, KINDS.indexOf(scene.kind)], label: `${scene.operator} / ${scene.kind}` });
    case "place":
      return ({ scene: { x, y } }) => {
        const side = x < 0 ? 0 : x >= columns ? 2 : 1;
        return { order: side === 1 ? [1, y, x] : [side, x, y], label: ["left edge", `row ${y}`, "right edge"][side]! };
      };
    case "kind":
      return ({ scene }) => ({ order: [KINDS.indexOf(scene.kind)], label: scene.kind });
    case "busy":
      return ({ number }) => {
        const { busy } = sharesOf(cycles[number]!);
        return { order: [-busy], label: bandOf(busy) };
      };
    case "section":
      return ({ section, scene }) => ({ order: [section, operators.get(scene.operator)!], label: run.sections[section]!.name });
  }
}

/** Quarters, so that the groups say where one is in the order. */
function bandOf(busy: number): string {
  if (busy === 0) return "never busy";
  return ["busy up to 25 %", "busy 25 to 50 %", "busy 50 to 75 %", "busy over 75 %"][Math.min(3, Math.floor(busy * 4))]!;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

function groupsOf(labels: readonly string[]): readonly RowGroup[] {
  const groups: { label: string; from: number; to: number }[] = [];
  labels.forEach((label, row) => {
    const last = groups.at(-1);
    if (last?.label === label) last.to = row + 1;
    else groups.push({ label, from: row, to: row + 1 });
  });
  return groups;
}

/** The unit of another run that stands for each: the one with its name in the section of that name, else the one in its place there. Null: there is none. */
export function twinsOf(run: RunView, other: RunView): readonly (UnitView | null)[] {
  const key = (view: RunView, { section }: UnitView, words: string): string => `${view.sections[section]!.name} | ${words}`;
  const byName = new Map(other.units.map((unit) => [key(other, unit, unit.scene.id), unit]));
  const byPlace = new Map(other.units.map((unit) => [key(other, unit, placeOf(unit)), unit]));
  return run.units.map((unit) => byName.get(key(run, unit, unit.scene.id)) ?? byPlace.get(key(run, unit, placeOf(unit))) ?? null);
}

const placeOf = ({ scene: { kind, x, y } }: UnitView): string => `${kind} at ${x}, ${y}`;
