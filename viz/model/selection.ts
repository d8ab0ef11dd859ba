/** What is picked, in any view, and which units that means in a run. The other run of a comparison takes the same pick by name. */

import type { RunView, UnitView } from "./run.ts";

export type PickKind = "unit" | "stage" | "operator" | "section" | "channel" | "tensor" | "kernel";

/** `name`: of a unit or channel its id; of a stage "operator / kind", see stageOf; of the others their name. `section`: its name, where the pick is of one section. */
export interface Pick {
  readonly kind: PickKind;
  readonly name: string;
  readonly section: string | null;
}

/** The units of a section that do the same for an operator: copies of each other. */
export function stageOf({ scene }: UnitView): string {
  return `${scene.operator} / ${scene.kind}`;
}

/** One flag a unit, in the order of run.units; null: nothing is picked, all count. */
export function pickedUnits(run: RunView, pick: Pick | null): Uint8Array | null {
  if (pick === null) return null;
  const picked = new Uint8Array(run.units.length);
  for (const section of run.sections) {
    if (pick.section !== null && pick.section !== section.name) continue;
    const means = meaningIn(run, section.number, pick);
    for (const unit of section.units) if (means(unit)) picked[unit.number] = 1;
  }
  return picked;
}

function meaningIn(run: RunView, number: number, { kind, name }: Pick): (unit: UnitView) => boolean {
  const { scene } = run.sections[number]!;
  switch (kind) {
    case "unit":
      return (unit) => unit.scene.id === name;
    case "stage":
      return (unit) => stageOf(unit) === name;
    case "operator":
      return (unit) => unit.scene.operator === name;
    case "section":
      return () => scene.name === name;
    case "channel": {
      const ends = new Set(scene.channels.filter(({ id }) => id === name).flatMap(({ source, sinks }) => [source.unit, ...sinks.map((sink) => sink.unit)]));
      return (unit) => ends.has(unit.index);
    }
    case "tensor":
      return (unit) => unit.scene.nests.some(({ tensor }) => tensor === name) || unit.scene.scratch.some((memory) => memory.name === name);
    case "kernel": {
      const ops = new Set(run.scene.gpu.sides.flatMap(({ kernels }) => kernels.find((kernel) => kernel.name === name)?.ops ?? []));
      return (unit) => ops.has(unit.scene.operator);
    }
  }
}
