/** What a unit or a place says about itself: in tooltips, and for screen readers. The raster says the same. */

import { grouped, percent, scaled } from "../../src/report/format.ts";
import type { Place } from "../model/places.ts";
import type { RunView, UnitView } from "../model/run.ts";
import { STATES } from "../model/states.ts";
import type { StateCycles } from "../model/window.ts";
import { el } from "../ui/dom.ts";
import { tipRows } from "../ui/tip.ts";

const KIND_NAMES = { pcu: "PCU", pmu: "PMU", ag: "address generator" } as const;
/** Of a place that many sections use. */
const MOST_UNITS = 3;
const MOST_CAUSES = 4;
const MOST_CHANNELS = 4;

export type Row = readonly [name: string, value: string];

/** `ofUnit`: cycles of a unit in the window. */
export function placeTip(run: RunView, place: Place, units: readonly UnitView[], ofUnit: (unit: UnitView) => StateCycles): HTMLElement {
  if (place.units.length === 0)
    return tipRows(`${positionOf(place)}: no unit of this program`, [["there is", `a ${KIND_NAMES[place.kind]} that stays unused`]]);
  if (units.length === 0) {
    const names = place.units.map((unit) => run.sections[unit.section]!.name);
    return tipRows(`${positionOf(place)}: not in the section shown`, [
      ["used in", names.slice(0, 6).join(", ") + (names.length > 6 ? ` and ${names.length - 6} more` : "")],
    ]);
  }
  const more = units.length > MOST_UNITS ? [el("p", {}, `and ${units.length - MOST_UNITS} more units of other sections in this place`)] : [];
  return el("div", {}, ...units.slice(0, MOST_UNITS).map((unit) => unitTip(run, unit, ofUnit(unit), units.length === 1)), ...more);
}

export function unitTip(run: RunView, unit: UnitView, cycles: StateCycles, isFull: boolean): HTMLElement {
  const { scene, result } = unit;
  const rows: Row[] = [
    ["operator", scene.operator],
    ["does", scene.label],
    ["section", run.sections[unit.section]!.name],
    ["firings", `${grouped(result.firings)} in the run`],
    ...statesRows(cycles),
    ...(isFull ? [...causeRows(unit), ...inputRows(run, unit), ...scratchRows(unit)] : []),
  ];
  return tipRows(`${KIND_NAMES[scene.kind]} ${scene.id}, ${positionOf(scene)}`, rows);
}

export function positionOf({ x, y }: { readonly x: number; readonly y: number }): string {
  return `column ${x}, row ${y}`;
}

function statesRows(cycles: StateCycles): readonly Row[] {
  const all = cycles.reduce((sum, one) => sum + one, 0);
  return STATES.flatMap((state, s): readonly Row[] => (cycles[s] === 0 ? [] : [[state, `${percent(cycles[s]! / all)}  (${grouped(cycles[s]!)} cycles)`]]));
}

/** Largest first. They are of the whole run: the trace does not know causes. */
function causeRows({ result: { causes } }: UnitView): readonly Row[] {
  return [...causes]
    .sort((a, b) => b.cycles - a.cycles)
    .slice(0, MOST_CAUSES)
    .map(({ state, channel, root, path, cycles }) => {
      const through = path.length === 0 ? "" : ` through ${path.map(({ unit }) => unit).join(" < ")}`;
      return [`why ${state}`, `${grouped(cycles)} cycles of the run: ${root}${channel === "" ? "" : `, at ${channel}`}${through}`];
    });
}

function inputRows({ sections }: RunView, { section, index }: UnitView): readonly Row[] {
  const inputs = sections[section]!.scene.channels.filter(({ kind, sinks }) => kind === "stream" && sinks.some(({ unit }) => unit === index));
  const shown = inputs.slice(0, MOST_CHANNELS).map(({ id, width, depth }): Row => ["input", `${id}: ${width}, FIFO of ${depth}`]);
  return inputs.length > MOST_CHANNELS ? [...shown, ["inputs", `${inputs.length - MOST_CHANNELS} more`]] : shown;
}

function scratchRows({ scene: { scratch } }: UnitView): readonly Row[] {
  return scratch.map(({ name, dtype, shape, buffers, bytes }) => ["scratchpad", `${name}: ${buffers} x ${dtype} [${shape.join(", ")}], ${scaled(bytes, "B")}`]);
}

/** The same in a sentence. */
export function placeWords(run: RunView, place: Place, units: readonly UnitView[], ofUnit: (unit: UnitView) => StateCycles): string {
  const where = `${positionOf(place)}, ${KIND_NAMES[place.kind]}`;
  if (units.length === 0) return `${where}: ${place.units.length === 0 ? "no unit of this program" : "used by sections that are not shown"}`;
  return `${where}: ${units
    .slice(0, MOST_UNITS)
    .map((unit) => unitWords(run, unit, ofUnit(unit)))
    .join("; ")}`;
}

export function unitWords({ sections }: RunView, { scene, section }: UnitView, cycles: StateCycles): string {
  const where = sections.length > 1 ? ` in section ${sections[section]!.name}` : "";
  return `${scene.id}, ${scene.label} of ${scene.operator}${where}: ${sharesSaid(cycles)}`;
}

function sharesSaid(cycles: StateCycles): string {
  const all = cycles.reduce((sum, one) => sum + one, 0);
  return STATES.flatMap((state, s) => (cycles[s] === 0 ? [] : [`${state} ${percent(cycles[s]! / all)}`])).join(", ");
}
