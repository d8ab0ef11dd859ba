import { describe, expect, it } from "vitest";
import type { RunBundle } from "../../src/scene/scene.ts";
import { cellsOf, cyclesOf, differenceOf, ELSEWHERE, SHOWN, scaledWindow, UNUSED } from "../../viz/model/cells.ts";
import { firingsIn, tokensIn } from "../../viz/model/firings.ts";
import { linksOf, occupancyOf, tokensOfChannels } from "../../viz/model/links.ts";
import { extentOf, neighbourOf, placesOf } from "../../viz/model/places.ts";
import { ORDERS, rowsOf, twinsOf } from "../../viz/model/rows.ts";
import { type RunView, viewOf } from "../../viz/model/run.ts";
import { samplerOf } from "../../viz/model/samples.ts";
import { pickedUnits } from "../../viz/model/selection.ts";
import { movedWindow, windowState, zoomedWindow } from "../../viz/model/spans.ts";
import { cyclesIn, STATES } from "../../viz/model/states.ts";
import { cyclesOfUnits, totalCycles, type Window, wholeOf } from "../../viz/model/window.ts";
import { windowOf } from "../../viz/model/words.ts";
import { kmeansBundle, softmaxBundle } from "../support/traces.ts";

const softmax = viewOf(softmaxBundle());
const kmeans = viewOf(kmeansBundle());
const runs: readonly (readonly [string, RunView])[] = [
  ["softmax", softmax],
  ["kmeans", kmeans],
];

const reported = ({ units }: RunView): readonly number[] => STATES.map((state) => units.reduce((sum, { result }) => sum + cyclesIn(result, state), 0));
const parts = ({ report }: RunView, count: number): readonly Window[] =>
  Array.from({ length: count }, (_, i) => ({ from: Math.floor((i * report.cycles) / count), to: Math.floor(((i + 1) * report.cycles) / count) }));

describe.each(runs)("the places of %s", (_, run) => {
  const places = placesOf(run);

  it("are all of the machine's, each once, with every unit in its own", () => {
    const { grid, units } = run.scene.machine;
    expect(new Set(places.map(({ x, y }) => `${x},${y}`)).size).toBe(places.length);
    expect(places.filter(({ kind }) => kind === "pcu").length).toBe(units.pcu);
    expect(places.filter(({ kind }) => kind === "pmu").length).toBe(units.pmu);
    expect(places.filter(({ kind }) => kind === "ag").length).toBe(units.ag);
    expect(units.pcu + units.pmu).toBe(grid.columns * grid.rows);
    for (const { x, y, kind, units: own } of places) for (const { scene } of own) expect([scene.x, scene.y, scene.kind]).toEqual([x, y, kind]);
    expect(places.flatMap((place) => place.units.map(({ number }) => number)).sort((a, b) => a - b)).toEqual(run.units.map(({ number }) => number));
    const { left, right, rows } = extentOf(run, places);
    expect(places.every(({ x, y }) => x >= left && x <= right && y >= 0 && y < rows)).toBe(true);
  });

  it("have a neighbour in each direction, or stand at the edge", () => {
    const middle = places.find(({ x, y }) => x === 3 && y === 3)!;
    expect([1, -1].map((dx) => neighbourOf(places, middle, dx, 0)?.x)).toEqual([4, 2]);
    expect([1, -1].map((dy) => neighbourOf(places, middle, 0, dy)?.y)).toEqual([4, 2]);
    expect(neighbourOf(places, places.find(({ y }) => y === 0)!, 0, -1)).toBeNull();
  });
});

describe.each(runs)("the cells of %s", (_, run) => {
  const places = placesOf(run);

  it("add up to what the report counts, over the whole run", () => {
    expect(cellsOf(run, places, null, wholeOf(run), null).total).toEqual(reported(run));
  });

  it("add up to the window in each place that is used", () => {
    for (const window of parts(run, 7)) {
      const cells = cellsOf(run, places, null, window, null);
      for (const { number, units } of places) {
        const sum = STATES.reduce((total, __, s) => total + cells.cycles[number * STATES.length + s]!, 0);
        expect(sum).toBeCloseTo(units.length === 0 ? 0 : window.to - window.from, 6);
        expect(cells.use[number]).toBe(units.length === 0 ? UNUSED : SHOWN);
      }
    }
  });

  it("of the parts of a run add up to those of the run", () => {
    const sums = STATES.map(() => 0);
    for (const window of parts(run, 11)) cellsOf(run, places, null, window, null).total.forEach((one, s) => (sums[s]! += one));
    reported(run).forEach((one, s) => expect(sums[s]).toBeCloseTo(one, 3));
  });

  it("count what is picked, and only the section that is shown", () => {
    const [unit] = run.units;
    const picked = pickedUnits(run, { kind: "unit", name: unit!.scene.id, section: run.sections[unit!.section]!.name });
    const one = cellsOf(run, places, null, wholeOf(run), picked);
    expect([one.units, one.total]).toEqual([1, STATES.map((state) => cyclesIn(unit!.result, state))]);
    const last = run.sections.at(-1)!;
    const section = cellsOf(run, places, last.number, wholeOf(run), null);
    expect(section.units).toBe(last.units.length);
    expect(places.filter(({ number }) => section.use[number] === SHOWN).length).toBe(last.units.length);
    const others = places.filter(({ units }) => units.length > 0 && units.every((own) => own.section !== last.number));
    expect(others.every(({ number }) => section.use[number] === ELSEWHERE)).toBe(true);
  });

  it("differ by nothing from themselves", () => {
    const cells = cellsOf(run, places, null, wholeOf(run), null);
    const differences = differenceOf(places, cells, cells, twinsOf(run, run), () => true);
    places.forEach(({ units }, place) => expect(differences[place]).toEqual(units.length === 0 ? Number.NaN : 0));
  });
});

describe.each(runs)("samples of %s", (_, run) => {
  it("are what each column's window has", () => {
    const { cycles } = run.report;
    for (const window of [wholeOf(run), { from: cycles * 0.31, to: cycles * 0.77 }, { from: cycles / 3, to: cycles / 3 + 5 }]) {
      const columns = 9;
      const sample = samplerOf(run, window, columns);
      const width = (window.to - window.from) / columns;
      for (const unit of run.units) {
        const into = new Float64Array(columns * STATES.length);
        sample(unit, into);
        for (let column = 0; column < columns; column++) {
          const own = { from: window.from + column * width, to: window.from + (column + 1) * width };
          cyclesOf(run, unit, own).forEach((one, s) => expect(into[column * STATES.length + s]).toBeCloseTo(one, 6));
        }
      }
    }
  });

  it("are also those of windows over many units", () => {
    const window = { from: 0, to: run.report.cycles / 2 };
    const total = STATES.map(() => 0);
    const sample = samplerOf(run, window, 1);
    for (const unit of run.units) {
      const into = new Float64Array(STATES.length);
      sample(unit, into);
      into.forEach((one, s) => (total[s]! += one));
    }
    totalCycles(cyclesOfUnits(run, window)).forEach((one, s) => expect(total[s]).toBeCloseTo(one, 3));
  });
});

describe.each(runs)("links of %s", (_, run) => {
  it("carry the tokens of their channels, and no more than their tracks can", () => {
    const whole = wholeOf(run);
    const tokens = tokensOfChannels(run, run.sections, whole);
    for (const section of run.sections) {
      section.scene.channels.forEach((channel, c) => expect(tokens[section.number]![c]).toBeCloseTo(channel.links.length === 0 ? 0 : channel.tokens, 6));
      const { busiest_link } = section.result.routes;
      const links = linksOf(run, [section]);
      expect(links.length > 0).toBe(busiest_link !== null);
      if (busiest_link === null) continue;
      const same = links.find(
        ({ x, y, x2, y2, width }) =>
          width === busiest_link.width && x === busiest_link.from.x && y === busiest_link.from.y && x2 === busiest_link.to.x && y2 === busiest_link.to.y,
      )!;
      expect([same.channels.length / 2, same.tracks]).toEqual([busiest_link.used_tracks, busiest_link.tracks]);
    }
    for (const link of linksOf(run, run.sections)) expect(occupancyOf(link, tokens, whole)).toBeLessThanOrEqual(1);
  });

  it("carry in the parts of a run what they carry in the run", () => {
    for (const section of run.sections) {
      const whole = tokensIn(run, section, wholeOf(run));
      const sums = new Float64Array(whole.length);
      for (const window of parts(run, 5)) tokensIn(run, section, window).forEach((one, c) => (sums[c]! += one));
      whole.forEach((one, c) => expect(sums[c]).toBeCloseTo(one, 3));
      for (const { index, scene, result } of section.units) {
        const firings = scene.nests.reduce((sum, __, nest) => sum + firingsIn(run, section, index, nest, wholeOf(run)), 0);
        expect(firings).toBeCloseTo(result.firings, 6);
      }
    }
  });
});

describe.each(runs)("rows of %s", (_, run) => {
  it.each(ORDERS)("by %s are all units, in groups without a gap", (order) => {
    const { units, groups } = rowsOf(run, run.units, order, cyclesOfUnits(run, wholeOf(run)));
    expect([...units].sort((a, b) => a.number - b.number)).toEqual(run.units);
    expect([groups[0]!.from, groups.at(-1)!.to]).toEqual([0, units.length]);
    groups.slice(1).forEach(({ from }, g) => expect(from).toBe(groups[g]!.to));
  });

  it("by busy share fall", () => {
    const { units } = rowsOf(run, run.units, "busy", cyclesOfUnits(run, wholeOf(run)));
    units.slice(1).forEach(({ result }, row) => expect(result.busy_cycles).toBeLessThanOrEqual(units[row]!.result.busy_cycles));
  });
});

describe("units of another run", () => {
  it("are found by name, and by place where names differ", () => {
    const { report, scene, trace }: RunBundle = softmaxBundle();
    const renamed = viewOf({
      report,
      trace,
      scene: { ...scene, sections: scene.sections.map((section) => ({ ...section, units: section.units.map((unit) => ({ ...unit, id: `new ${unit.id}` })) })) },
    });
    const numbers = softmax.units.map(({ number }) => number);
    expect(twinsOf(softmax, softmax).map((twin) => twin?.number)).toEqual(numbers);
    expect(twinsOf(renamed, softmax).map((twin) => twin?.number)).toEqual(numbers);
    expect(twinsOf(kmeans, softmax).every((twin) => twin === null)).toBe(true);
  });

  it("are compared over the same part of their own time", () => {
    const half = { from: 0, to: softmax.report.cycles / 2 };
    expect(scaledWindow(half, softmax, kmeans)).toEqual({ from: 0, to: kmeans.report.cycles / 2 });
  });
});

describe("a window moved by hand", () => {
  it("zooms around a point, which stays where it is", () => {
    expect(zoomedWindow({ from: 0, to: 1000 }, 250, 2, 1000, 10)).toEqual({ from: 125, to: 625 });
    expect(zoomedWindow({ from: 125, to: 625 }, 250, 1 / 2, 1000, 10)).toEqual({ from: 0, to: 1000 });
  });

  it("never leaves the run, nor gets smaller than it may", () => {
    expect(zoomedWindow({ from: 0, to: 100 }, 0, 1000, 1000, 10)).toEqual({ from: 0, to: 10 });
    expect(movedWindow({ from: 100, to: 300 }, -500, 1000)).toEqual({ from: 0, to: 200 });
    expect(movedWindow({ from: 100, to: 300 }, 5000, 1000)).toEqual({ from: 800, to: 1000 });
  });

  it("is inside of the run, whatever the address says", () => {
    const { cycles } = softmax.report;
    expect(windowOf(softmax, null)).toEqual({ from: 0, to: cycles });
    expect(windowOf(softmax, [10, cycles + 5])).toEqual({ from: 10, to: cycles });
    expect(windowOf(softmax, [cycles + 1, cycles + 5])).toEqual({ from: cycles, to: cycles });
  });

  it("is none where it is the whole run", () => {
    expect(windowState({ from: 0, to: 1000 }, 1000)).toBeNull();
    expect(windowState({ from: 1, to: 1000 }, 1000)).toEqual([1, 1000]);
  });
});
