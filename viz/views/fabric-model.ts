/** What the fabric map shows for a state of the page: everything but pixels. */

import type { ViewState } from "../app/state.ts";
import { type Cells, cellsOf, differenceOf, scaledWindow } from "../model/cells.ts";
import { huesOf } from "../model/hues.ts";
import { type Extent, extentOf, type Place, placesOf } from "../model/places.ts";
import { twinsOf } from "../model/rows.ts";
import type { RunView, SectionView, UnitView } from "../model/run.ts";
import { pickedUnits } from "../model/selection.ts";
import { STATES } from "../model/states.ts";
import { sectionShown } from "./fabric-controls.ts";
import { type Lane, lanesOf, type Traffic, trafficOf } from "./fabric-links.ts";
import type { Paint } from "./fabric-paint.ts";
import { shownWindow } from "./fabric-player.ts";

export interface FabricModel {
  readonly run: RunView;
  readonly base: RunView | null;
  readonly places: readonly Place[];
  readonly basePlaces: readonly Place[];
  /** By unit; empty: no difference is drawn. */
  readonly twins: readonly (UnitView | null)[];
  readonly extent: Extent;
  readonly hues: { readonly operator: ReadonlyMap<string, string>; readonly section: ReadonlyMap<string, string> };
  /** By section; under null of all of them. */
  readonly lanes: Map<number | null, readonly Lane[]>;
}

export interface Shown {
  readonly section: number | null;
  readonly cells: Cells;
  readonly baseCells: Cells | null;
  readonly paint: Paint;
  readonly lanes: readonly Lane[];
  readonly traffic: Traffic;
  /** By place; null: nothing is picked. */
  readonly picked: Uint8Array | null;
}

export function modelOf(run: RunView, base: RunView | null): FabricModel {
  const places = placesOf(run);
  const operators = [...run.scene.program.operators.map(({ name }) => name), ...run.units.map(({ scene }) => scene.operator)];
  const used = new Set(run.units.map(({ scene }) => scene.operator));
  return {
    ...{ run, base, places, basePlaces: base === null ? [] : placesOf(base), twins: base === null ? [] : twinsOf(run, base), extent: extentOf(run, places) },
    hues: { operator: huesOf(operators.filter((name) => used.has(name))), section: huesOf(run.sections.map(({ name }) => name)) },
    lanes: new Map(),
  };
}

export function shownOf(model: FabricModel, state: ViewState): Shown {
  const { run, base, places, basePlaces } = model;
  const section = sectionShown(run, state);
  const window = shownWindow(run, state);
  const units = pickedUnits(run, state.pick);
  const cells = cellsOf(run, places, section, window, units);
  const baseCells = base === null ? null : cellsOf(base, basePlaces, null, scaledWindow(window, run, base), pickedUnits(base, state.pick));
  const lanes = lanesIn(model, section);
  return {
    ...{ section, cells, baseCells, lanes, traffic: trafficOf(run, sectionsIn(run, section), lanes, window) },
    paint:
      baseCells === null
        ? paintOf(model, state, cells, section)
        : { kind: "difference", differences: differenceOf(places, cells, baseCells, model.twins, (unit) => section === null || unit.section === section) },
    picked: units === null ? null : Uint8Array.from(places, (place) => (unitsIn(place, section).some(({ number }) => units[number] === 1) ? 1 : 0)),
  };
}

export function sectionsIn(run: RunView, section: number | null): readonly SectionView[] {
  return section === null ? run.sections : [run.sections[section]!];
}

export function unitsIn({ units }: Place, section: number | null): readonly UnitView[] {
  return section === null ? units : units.filter((unit) => unit.section === section);
}

function lanesIn({ run, lanes }: FabricModel, section: number | null): readonly Lane[] {
  const found = lanes.get(section) ?? lanesOf(run, sectionsIn(run, section));
  lanes.set(section, found);
  return found;
}

function paintOf({ run, hues }: FabricModel, { colour }: ViewState, cells: Cells, section: number | null): Paint {
  const state = STATES.find((one) => one === colour);
  if (state !== undefined) return { kind: "share", state };
  const unitOf = (place: Place): UnitView => busiestOf(unitsIn(place, section), cells);
  if (colour === "operator") return { kind: "names", hues: hues.operator, nameOf: (place) => unitOf(place).scene.operator };
  if (colour === "section") return { kind: "names", hues: hues.section, nameOf: (place) => run.sections[unitOf(place).section]!.name };
  return { kind: "states" };
}

const BUSY = STATES.indexOf("busy");

function busiestOf(units: readonly UnitView[], { byUnit }: Cells): UnitView {
  return units.reduce((best, unit) => (byUnit[unit.number * STATES.length + BUSY]! > byUnit[best.number * STATES.length + BUSY]! ? unit : best));
}
