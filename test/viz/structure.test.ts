import { describe, expect, it, test } from "vitest";
import type { SceneOperator, SceneProgram } from "../../src/scene/scene.ts";
import { compared } from "../../viz/model/compared.ts";
import { diffOf, linesOnlyIn } from "../../viz/model/diff.ts";
import { boundShare, TERMS } from "../../viz/model/glossary.ts";
import { graphOf } from "../../viz/model/graph.ts";
import { channelGroups, groupOccupancy, piecesOf, singleChannels } from "../../viz/model/occupancy.ts";
import { type RunView, viewOf } from "../../viz/model/run.ts";
import { paceOf, ranIn, shareOf, stageRows, unitRows } from "../../viz/model/stages.ts";
import { STATES } from "../../viz/model/states.ts";
import { type Column, csvOf, filtered, sorted } from "../../viz/model/table.ts";
import { figuresOf, type TreeNode, treeOf } from "../../viz/model/tree.ts";
import { cyclesOfUnits, totalCycles, wholeOf } from "../../viz/model/window.ts";
import { changeWords, pointWords, windowWords } from "../../viz/model/words.ts";
import { kmeansBundle, softmaxBundle } from "../support/traces.ts";

const softmax = viewOf(softmaxBundle());
const kmeans = viewOf(kmeansBundle());
const runs: readonly (readonly [string, RunView])[] = [
  ["softmax", softmax],
  ["kmeans", kmeans],
];
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe.each(runs)("the stages of %s", (_, run) => {
  const whole = wholeOf(run);
  const rows = stageRows(run, whole, cyclesOfUnits(run, whole));

  it("have every unit once, and all its cycles", () => {
    expect(rows.flatMap(({ units }) => units.map(({ number }) => number)).toSorted((a, b) => a - b)).toEqual(run.units.map(({ number }) => number));
    const total = rows.map(({ cycles }) => cycles).reduce((all, one) => all.map((cycles, s) => cycles + one[s]!));
    expect(total).toEqual(totalCycles(cyclesOfUnits(run, whole)));
  });

  it("fire at the required rate times what they are slowed down by, and none faster", () => {
    for (const { achieved, required, slowdown } of rows) {
      if (achieved === null || required === null || slowdown === null) continue;
      expect(achieved * slowdown).toBeCloseTo(required, 12);
      expect(slowdown).toBeGreaterThanOrEqual(1 - 1e-9);
    }
  });

  it("have one that sets the pace where no bound does, and no load above it", () => {
    for (const section of run.sections) {
      const own = rows.filter((row) => row.section === section);
      const pace = paceOf(section);
      expect(own.some(({ isCritical }) => isCritical)).toBe(pace.isUnit);
      expect(Math.max(...own.map(({ load }) => load))).toBeLessThanOrEqual(1);
      expect(pace.cycles).toBeLessThanOrEqual(ranIn(section, whole) * (1 + 1e-9));
    }
  });

  it("have stalls that add up to what their units waited", () => {
    for (const { units, stalls } of rows) {
      const waited = sum(units.map(({ result }) => result.starved_cycles + result.blocked_cycles + result.memory_cycles));
      expect(sum(stalls.map(({ cycles }) => cycles))).toBe(waited);
      expect(stalls).toEqual(stalls.toSorted((a, b) => b.cycles - a.cycles));
    }
  });

  it("have shares of the time in which their section ran, which leave what is idle", () => {
    for (const row of rows) expect(sum((["busy", "starved", "blocked", "memory"] as const).map((state) => shareOf(row, state)))).toBeLessThanOrEqual(1 + 1e-9);
  });

  it("are opened to their units, whose firings add up", () => {
    for (const row of rows) {
      const units = unitRows(run, row, whole, cyclesOfUnits(run, whole));
      expect(sum(units.map(({ firings }) => firings))).toBe(row.firings);
      expect(units.map((unit) => unit.units[0]!.scene.id)).toEqual(row.units.map(({ scene }) => scene.id));
    }
  });

  it("fire in two halves of the time as often as in all of it", () => {
    const middle = Math.floor(run.report.cycles / 2);
    const halves = [
      { from: 0, to: middle },
      { from: middle, to: run.report.cycles },
    ].map((window) => stageRows(run, window, cyclesOfUnits(run, window)));
    rows.forEach((row, r) => expect(sum(halves.map((half) => half[r]!.firings))).toBeCloseTo(row.firings, 6));
  });
});

describe.each(runs)("the channels of %s", (_, run) => {
  const groups = channelGroups(run);

  it("are in one group each, with all that was waited for them", () => {
    expect(sum(groups.map(({ channels }) => channels.length))).toBe(sum(run.sections.map(({ scene }) => scene.channels.length)));
    const causes = run.report.units.flatMap((unit) => unit.causes).filter(({ state }) => state === "starved" || state === "blocked");
    expect(sum(groups.map(({ starved, blocked }) => starved + blocked))).toBe(sum(causes.map(({ cycles }) => cycles)));
    for (const group of groups) expect(sum(singleChannels(group).map(({ starved }) => starved))).toBe(group.starved);
  });

  it("never hold more than their slots, and their pieces lie in the run", () => {
    for (const group of groups) {
      const use = groupOccupancy(run, group);
      if (use === null) continue;
      expect(Math.min(...use.ends)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...use.ends)).toBeLessThanOrEqual(use.slots);
      for (const { from, to, mean } of piecesOf(run, group.section, use, wholeOf(run), 12)) {
        expect(from).toBeLessThan(to);
        expect(to).toBeLessThanOrEqual(run.report.cycles);
        expect(mean).toBeLessThanOrEqual(use.slots);
      }
    }
  });
});

test("where nothing was recorded, how full channels were is not known", () => {
  const { trace } = softmax;
  const blind = { ...softmax, trace: { ...trace, origin: "means" as const } };
  expect(channelGroups(blind).map((group) => groupOccupancy(blind, group))).toEqual(channelGroups(blind).map(() => null));
});

describe("a table", () => {
  interface Row {
    readonly name: string;
    readonly share: number | null;
  }
  const columns: readonly Column<Row>[] = [
    { id: "name", title: "name", value: ({ name }) => name, text: ({ name }) => name },
    { id: "share", title: "share", value: ({ share }) => share, text: ({ share }) => `${share}` },
  ];
  const rows: readonly Row[] = [
    { name: "max / pcu", share: 0.5 },
    { name: "e, so on", share: null },
    { name: 'a "b"', share: 0.1 },
  ];
  const names = (some: readonly Row[]): readonly string[] => some.map(({ name }) => name);

  it("is sorted either way, what has no value last", () => {
    expect(names(sorted(rows, columns, { column: "share", descending: true }))).toEqual(["max / pcu", 'a "b"', "e, so on"]);
    expect(names(sorted(rows, columns, { column: "share", descending: false }))).toEqual(['a "b"', "max / pcu", "e, so on"]);
    expect(sorted(rows, columns, { column: "", descending: true })).toBe(rows);
  });

  it.each([
    ["PCU", ["max / pcu"]],
    ["share<0.2", ['a "b"']],
    ["share >= 50%", ["max / pcu"]],
    ["share!=0.1 max", ["max / pcu"]],
    ["share=0.1 max", []],
    ["", ["max / pcu", "e, so on", 'a "b"']],
    ["height>1", []],
  ])("is filtered by %j", (query, left) => {
    expect(names(filtered(rows, columns, query))).toEqual(left);
  });

  it("is saved so that commas and quotes come back", () => {
    expect(csvOf(rows, columns)).toBe('name,share\r\nmax / pcu,0.5\r\n"e, so on",\r\n"a ""b""",0.1\r\n');
  });

  it("of two runs has what either has", () => {
    const found = compared([{ key: "a" }, { key: "b" }], [{ key: "b" }, { key: "c" }], ({ key }) => key);
    expect(found.map(({ row, before, only }) => [row.key, before?.key ?? null, only])).toEqual([
      ["a", null, "B"],
      ["b", "b", null],
      ["c", null, "A"],
    ]);
  });
});

describe("a diff", () => {
  it("puts what went beside what came, and marks the words that differ", () => {
    const lines = diffOf(["y: f32[4]", "  y[i] = a[i] + b[i]"], ["y: f32[4]", "  y[i] = exp(a[i])", "z: f32", "  z = 1"]);
    expect(lines.map(({ sign, parts }) => `${sign}${parts.map(({ text, isChanged }) => (isChanged ? `<${text}>` : text)).join("")}`)).toEqual([
      "-y: f32[4]",
      "-  y[i] = a[i]< + b[i]>",
      "+y: f32[4]",
      "+  y[i] = <exp(>a[i]<)>",
      "+z: f32",
      "+  z = 1",
    ]);
  });

  it("gives back every line of both sides", () => {
    const [before, after] = [
      ["a: 1", "  x", "a: 2"],
      ["b", "a: 1", "  y z"],
    ];
    const side = (sign: "-" | "+"): readonly string[] =>
      diffOf(before, after).flatMap((line) => (line.sign === sign ? [line.parts.map(({ text }) => text).join("")] : []));
    expect(side("-").toSorted()).toEqual(before.toSorted());
    expect(side("+").toSorted()).toEqual(after.toSorted());
  });

  it("of texts counts lines that stand in both once each", () => {
    expect(linesOnlyIn(["a", "a", "b"], ["a", "c"])).toEqual(["a", "b"]);
  });
});

// --- the program ---

const operator = (name: string, reads: readonly string[], more: Partial<SceneOperator> = {}): SceneOperator => ({
  ...{ name, kind: "map", inside: null, carries: [], reads, writes: [name], text: name, place: null },
  ...more,
});

function programOf(operators: readonly SceneOperator[], inputs: readonly string[]): SceneProgram {
  const tensor = (name: string, role: "input" | "intermediate") => ({ name, dtype: "f32", shape: [4], bytes: 16, role, tier: null });
  return {
    name: "p",
    operators,
    tensors: [...inputs.map((name) => tensor(name, "input")), ...operators.flatMap(({ writes }) => writes).map((name) => tensor(name, "intermediate"))],
  };
}

describe("the graph of a program", () => {
  it("has each operator below what it reads, and bends between", () => {
    const { nodes, edges, layers } = graphOf(programOf([operator("max", ["x"]), operator("e", ["x", "max"]), operator("y", ["e", "max"])], ["x"]));
    const layerOf = new Map(nodes.map(({ id, layer }) => [id, layer]));
    expect([...layerOf].filter(([id]) => !id.startsWith("bend"))).toEqual([
      ["max", 1],
      ["e", 2],
      ["y", 3],
      ["in x", 0],
    ]);
    expect(layers).toBe(4);
    for (const { way } of edges) for (let i = 1; i < way.length; i++) expect(layerOf.get(way[i]!)! - layerOf.get(way[i - 1]!)!).toBe(1);
  });

  it("overlaps nothing in a layer, with one operator or sixty-four", () => {
    const many = Array.from({ length: 64 }, (_, i) => operator(`o${i}`, i === 0 ? ["x"] : [`o${Math.floor((i - 1) / 3)}`, `o${Math.max(0, i - 7)}`]));
    for (const operators of [[operator("only", [])], many]) {
      const { nodes, width } = graphOf(programOf(operators, ["x"]));
      for (const { id, layer, x, kind } of nodes) {
        if (kind === "bend") continue;
        expect(x).toBeGreaterThanOrEqual(0.5 - 1e-9);
        expect(x).toBeLessThanOrEqual(width - 0.5 + 1e-9);
        const beside = nodes.filter((other) => other.id !== id && other.layer === layer && other.kind !== "bend");
        for (const other of beside) expect(Math.abs(other.x - x)).toBeGreaterThanOrEqual(1);
      }
    }
  });

  it("is empty without operators", () => {
    expect(graphOf(programOf([], []))).toEqual({ nodes: [], edges: [], layers: 0, width: 0 });
  });

  it("hands what a loop carries to the next round, and its last value on", () => {
    const loop = operator("loop", ["first"], { kind: "iterate", writes: ["c"], carries: [{ to: "c", init: "first", from: "moved" }] });
    const { edges } = graphOf(programOf([operator("first", ["x"]), loop, operator("moved", ["c"], { inside: "loop" }), operator("after", ["c"])], ["x"]));
    const ends = edges.map(({ way, isNextRound }) => [way[0], way.at(-1), isNextRound]);
    expect(ends).toContainEqual(["first", "moved", false]);
    expect(ends).toContainEqual(["moved", "moved", true]);
    expect(ends).toContainEqual(["moved", "after", false]);
  });
});

const allNodes = (nodes: readonly TreeNode[]): readonly TreeNode[] => nodes.flatMap((node) => [node, ...allNodes(node.children())]);

describe.each(runs)("the tree of %s", (_, run) => {
  it("has every unit once, and all busy cycles", () => {
    const roots = treeOf(run);
    expect(
      allNodes(roots)
        .filter(({ kind }) => kind === "unit")
        .map(({ units }) => units[0]!.number)
        .toSorted((a, b) => a - b),
    ).toEqual(run.units.map(({ number }) => number));
    const cycles = cyclesOfUnits(run, wholeOf(run));
    const busy = sum(cycles.map((one) => one[STATES.indexOf("busy")]!));
    expect(sum(roots.map(({ units }) => figuresOf(run, units, cycles, busy).busyShare))).toBeCloseTo(1, 12);
  });

  it("has every operator that was written", () => {
    const names = allNodes(treeOf(run)).flatMap((node) => (node.operator === null ? [] : [node.operator.name]));
    expect(names.toSorted()).toEqual(run.scene.program.operators.map(({ name }) => name).toSorted());
  });
});

// --- words ---

describe.each(runs)("the glossary in %s", (_, run) => {
  it("says something of every term, and no number that is none", () => {
    for (const { title, what, here } of Object.values(TERMS)) {
      expect(title.length * what.length).toBeGreaterThan(0);
      expect(here(run) ?? "").not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it("gives the share of the bound that the report has", () => {
    const { bounds_cycles, cycles } = run.report;
    expect(boundShare(run.report)).toBe(Math.max(bounds_cycles.compute, bounds_cycles.hbm, bounds_cycles.ddr, bounds_cycles.network) / cycles);
  });
});

test("changes in words", () => {
  expect(changeWords(50, 100)).toBe("−50.0 %");
  expect(changeWords(100, 100)).toBe("the same");
  expect(changeWords(1, 0)).toBe("new");
  expect(pointWords(0.125, 0.1)).toBe("+2.5 points");
  expect(windowWords(softmax, wholeOf(softmax))).toBe("over the whole run");
});
