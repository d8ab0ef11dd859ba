/** The stage table: one row a stage, opened to its units. */

import { grouped } from "../../src/report/format.ts";
import type { ViewState } from "../app/state.ts";
import type { MountedView, View, ViewContext } from "../app/view.ts";
import { compared } from "../model/compared.ts";
import type { RunView } from "../model/run.ts";
import { type Pick, pickedUnits } from "../model/selection.ts";
import { paceOf, ranIn, type StageRow, stageRows, unitRows } from "../model/stages.ts";
import { cyclesOfUnits, totalCycles, wholeOf } from "../model/window.ts";
import { unitWords, windowOf, windowWords } from "../model/words.ts";
import { el } from "../ui/dom.ts";
import { makeSums } from "../ui/sums.ts";
import { makeTable } from "../ui/table.ts";
import { type StageCell, stageColumns } from "./stages-columns.ts";

export const stages: View = {
  id: "stages",
  tab: "stages",
  title: "Stages",
  what: "A row is a stage: units that do the same for an operator. Rates say how often a unit fires; where it had to wait, what for. Open a row for its units; click a name to see the stage in all views.",
  wide: true,
  absent: ({ units }) => (units.length === 0 ? "This run used no unit of a fabric: there are no stages." : null),
  mount,
};

function mount(host: HTMLElement, { app, run, base }: ViewContext): MountedView {
  const words = el("p", { class: "now", "aria-live": "polite" });
  const sums = makeSums("stages");
  let picked: Uint8Array | null = null;
  let cycles = cyclesOfUnits(run, windowOf(run, null));
  let baseCycles = base === null ? null : cyclesOfUnits(base, windowOf(base, null));
  const isIn = ({ units }: StageRow): boolean => picked === null || units.some(({ number }) => picked![number] === 1);
  const table = makeTable<StageCell>({
    ...{ id: "stages", app, run, what: "stages", columns: stageColumns(run.sections.length > 1, base !== null) },
    order: base === null ? { column: "", descending: false } : { column: "changed", descending: true },
    example: "busy<50% pmu",
    keyOf: ({ row, only }) => `${row.key}${only ?? ""}`,
    pick: ({ row }) => app.store.set({ pick: pickOf(row, app.store.get().pick) }),
    isPicked: ({ row }) => isPick(row, app.store.get().pick),
    isDim: ({ row, only }) => only !== "A" && !isIn(row),
    canOpen: ({ row }) => row.units.length > 1,
    inside: ({ row, before, only }) => insideOf(row, before, only),
    shown: (rows) => {
      const numbers = new Set(rows.flatMap(({ row, only }) => (only === "A" ? [] : row.units.map(({ number }) => number))));
      const isShown = (unit: number): boolean => numbers.has(unit) && (picked === null || picked[unit] === 1);
      sums.update(totalCycles(cycles, isShown));
    },
  });
  const insideOf = (row: StageRow, before: StageRow | null, only: StageCell["only"]): readonly StageCell[] => {
    const { window } = app.store.get();
    if (only === "A") return compared(unitRows(base!, row, windowOf(base!, window), baseCycles!), null, keyOf);
    const others = before === null ? null : unitRows(base!, before, windowOf(base!, window), baseCycles!);
    return compared(unitRows(run, row, windowOf(run, window), cycles), others, keyOf);
  };
  const draw = (state: ViewState): void => {
    const window = windowOf(run, state.window);
    picked = pickedUnits(run, state.pick);
    cycles = cyclesOfUnits(run, window);
    baseCycles = base === null ? null : cyclesOfUnits(base, windowOf(base, state.window));
    const others = base === null ? null : stageRows(base, windowOf(base, state.window), baseCycles!);
    words.textContent = headWords(run, base, state, picked);
    table.draw(compared(stageRows(run, window, cycles), others, keyOf), state);
  };
  host.replaceChildren(words, sums.element, table.element);
  return {
    update: (state, changed) => {
      if (changed.has("window") || changed.has("pick") || changed.has("options")) draw(state);
    },
  };
}

const keyOf = ({ key }: StageRow): string => key;

function headWords(run: RunView, base: RunView | null, { window, pick }: ViewState, picked: Uint8Array | null): string {
  const count = picked === null ? run.units.length : picked.reduce((sum, one) => sum + one, 0);
  const difference = base === null ? "" : " Beside each figure of B: that of A, and the change; what changed most stands first.";
  const paces = run.sections.map((section) => ({ name: section.name, ...paceOf(section) }));
  const pace =
    paces.length === 1
      ? ` The section's pace is ${grouped(paces[0]!.cycles)} cycles, set by ${paces[0]!.by}; it took ${grouped(ranIn(run.sections[0]!, wholeOf(run)))}.`
      : "";
  return `Rates and shares of ${unitWords(count, run.units.length, pick)}, ${windowWords(run, windowOf(run, window))}, while their section ran.${pace}${difference}`;
}

/** Of a row of units their stage, of a row of one unit that; nothing where it was picked already. */
function pickOf(row: StageRow, before: Pick | null): Pick | null {
  return isPick(row, before) ? null : rowPick(row);
}

function rowPick({ key, stage, units, section }: StageRow): Pick {
  const isStage = key.endsWith(stage);
  return { kind: isStage ? "stage" : "unit", name: isStage ? stage : units[0]!.scene.id, section: section.name };
}

function isPick(row: StageRow, pick: Pick | null): boolean {
  const own = rowPick(row);
  return pick !== null && pick.kind === own.kind && pick.name === own.name && (pick.section === null || pick.section === own.section);
}
