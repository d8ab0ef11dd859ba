/** Fabrics that deadlock, each for a reason of its own, with the programs that they were meant to run: as somebody has them who makes fabrics with weft as a library. */

import { add, div, type Fabric, groupBy, input, type Machine, map, mul, type Program, program, reduce, sub, sum } from "weft";
import type { Section, Unit } from "../../src/fabric/fabric.ts";
import {
  acquires,
  affine,
  type ChannelShapes,
  constant,
  fabricOf,
  sum as folded,
  handsOver,
  load,
  nest,
  op,
  pcu,
  input as popped,
  reads,
  scratch,
  sends,
  store,
  tensor,
  tinyMachine,
  unit,
} from "./fabrics.ts";

export interface Stuck {
  readonly program: Program;
  readonly fabric: Fabric;
  readonly machine: Machine;
  /** Where no depth is a cure: the fabric with what the message says is missing. */
  readonly mended?: Fabric;
}

const [rows, vectors] = [4, 32];
const cols = 16 * vectors;
const trips = [rows, vectors];
const walk = [affine([1, 0]), affine([0, 16], 1)];
const x = tensor("x", "f32", [rows, cols], 0);
const z = tensor("z", "f32", [rows, cols], 1 << 18);
const y = tensor("y", "f32", [rows, cols], 1 << 20);
const word = { words: 1 };

const centre = program("centre", {}, () => {
  const a = input("x", "f32", [rows, cols]);
  const total = map("total", [rows], (i) => reduce("add", [cols], (j) => a.at(i, j)));
  return { y: map("y", [rows, cols], (i, j) => sub(a.at(i, j), total.at(i))) };
});

/** Says of each unit which operator it works for. */
function working(fabric: Fabric, operators: Readonly<Record<string, string>>): Fabric {
  const named = (one: Unit): Unit => ({ ...one, operator: operators[one.id] ?? "y" });
  return { ...fabric, sections: fabric.sections.map((section) => ({ ...section, units: section.units.map(named) })) };
}

const stuck = (definition: { build(): Program }, fabric: Fabric, operators: Readonly<Record<string, string>>, mended?: Fabric): Stuck => ({
  ...{ program: definition.build(), fabric: working(fabric, operators), machine: tinyMachine },
  ...(mended && { mended: working(mended, operators) }),
});

/** a -> fold -> join and a -> join. */
function foldedBeside(shapes: ChannelShapes = {}, slow = 1): readonly [readonly Unit[], ChannelShapes] {
  const units = [
    load("a", x, trips, walk),
    pcu("fold", trips, [reads("a", 2), sends("s", 1)], [popped("a"), folded(0, 1, true)], { s: 1 }, { ii: slow }),
    pcu("join", trips, [reads("a", 2), reads("s", 1), sends("c", 2)], [popped("a"), popped("s"), op("sub", [0, 1])], { c: 2 }),
    store("c", y, trips, walk),
  ];
  return [units, { s: word, ...shapes }];
}

/** A row must be folded before its first vector is used, but the FIFO beside the fold holds less than a row. */
function foldOnOneSide(): Stuck {
  return stuck(centre, fabricOf([x, y], ...foldedBeside({ a: { depth: 1 } })), { fold: "total" });
}

/** A broadcast to a slow consumer and to one that waits for what that one makes. */
function slowAndWaiting(): Stuck {
  const [units, shapes] = foldedBeside({ a: { depth: 1 }, s: { ...word, depth: 1 } }, 20);
  return stuck(centre, fabricOf([x, y], units, shapes), { fold: "total" });
}

/** One side goes through a tile in a PMU, the other straight: the tile is a row late. */
function unequalPaths(): Stuck {
  const definition = program("mirror", {}, () => {
    const a = input("x", "f32", [rows, cols]);
    return { y: map("y", [rows, cols], (i, j) => add(a.at(i, j), a.at(i, sub(cols - 1, j)))) };
  });
  const row = { dims: [affine([0, 16], 1)], shape: [cols] };
  const tile = unit(
    "pmu",
    "tile",
    [
      nest("write", trips, [reads("a", 2), handsOver("full", 1)], { kind: "write", scratch: "row", access: row, port: "a" }),
      nest("read", trips, [acquires("full", 1), sends("b", 2)], {
        kind: "read",
        scratch: "row",
        access: { ...row, dims: [affine([0, -16], -1, cols - 1)] },
        port: "b",
      }),
    ],
    [scratch("row", "f32", [cols], 2)],
  );
  const join = pcu("join", trips, [reads("a", 2), reads("b", 2), sends("c", 2)], [popped("a"), popped("b"), op("add", [0, 1])], { c: 2 });
  const units = [load("a", x, trips, walk), tile, join, store("c", y, trips, walk)];
  return stuck(definition, fabricOf([x, y], units, { a: { depth: 2 }, full: { depth: 2 } }), {});
}

/** Each of two streams is scaled by the sums of the other's rows: each waits for what the other has not sent yet. */
function exchange(): Stuck {
  const definition = program("exchange", {}, () => {
    const [a, b] = [input("x", "f32", [rows, cols]), input("z", "f32", [rows, cols])];
    const left = map("left", [rows], (i) => reduce("add", [cols], (j) => a.at(i, j)));
    const right = map("right", [rows], (i) => reduce("add", [cols], (j) => b.at(i, j)));
    return {
      y: map("y", [rows, cols], (i, j) => mul(a.at(i, j), right.at(i))),
      w: map("w", [rows, cols], (i, j) => mul(b.at(i, j), left.at(i))),
    };
  });
  const w = tensor("w", "f32", [rows, cols], 1 << 21);
  const fold = (id: string, from: string, to: string): Unit => pcu(id, trips, [reads(from, 2), sends(to, 1)], [popped(from), folded(0, 1, true)], { [to]: 1 });
  const scale = (id: string, from: string, by: string, to: string): Unit =>
    pcu(id, trips, [reads(from, 2), reads(by, 1), sends(to, 2)], [popped(from), popped(by), op("mul", [0, 1])], { [to]: 2 });
  const units = [
    ...[load("a", x, trips, walk), load("b", z, trips, walk), fold("foldA", "a", "left"), fold("foldB", "b", "right")],
    ...[scale("scaleA", "a", "right", "c"), scale("scaleB", "b", "left", "d"), store("c", y, trips, walk), store("d", w, trips, walk)],
  ];
  const shapes = { left: word, right: word, a: { depth: 1 }, b: { depth: 1 } };
  const slow = units.map((one) => (one.kind === "ag" && one.id.startsWith("load") ? { ...one, nests: one.nests.map((n) => ({ ...n, latency: 0 })) } : one));
  return stuck(definition, fabricOf([x, z, y, w], slow, shapes), { foldA: "left", foldB: "right", scaleB: "w" });
}

/** The sum is of two rows, so both must be in the buffers before the first is read; there is room for one. */
function bufferTooShallow(): Stuck {
  const definition = program("pairs", {}, () => {
    const a = input("x", "f32", [rows, cols]);
    const total = map("total", [rows / 2], (p) => reduce("add", [2, cols], (i, j) => a.at(add(mul(p, 2), i), j)));
    return { y: map("y", [rows / 2, 2, cols], (p, i, j) => sub(a.at(add(mul(p, 2), i), j), total.at(p))) };
  });
  const deep = [rows / 2, 2, vectors];
  const pairs = [affine([2, 1, 0]), affine([0, 0, 16], 1)];
  const row = { dims: [affine([0, 0, 16], 1)], shape: [cols] };
  const buffer = unit(
    "pmu",
    "buffer",
    [
      nest("write", deep, [reads("a", 3), handsOver("full", 2)], { kind: "write", scratch: "row", access: row, port: "a" }),
      nest("read", deep, [acquires("full", 2), sends("b", 3)], { kind: "read", scratch: "row", access: row, port: "b" }),
    ],
    [scratch("row", "f32", [cols], 1)],
  );
  const units = [
    load("a", x, deep, pairs, { latency: 0 }),
    buffer,
    pcu("fold", deep, [reads("a", 3), sends("s", 1)], [popped("a"), folded(0, 1, true)], { s: 1 }),
    pcu("join", deep, [reads("b", 3), reads("s", 1), sends("c", 3)], [popped("b"), popped("s"), op("sub", [0, 1])], { c: 2 }, { latency: 0 }),
    store("c", y, deep, pairs),
  ];
  return stuck(definition, fabricOf([x, y], units, { s: word, full: { depth: 1 }, a: { depth: 1 }, b: { depth: 1 } }), { fold: "total" });
}

/** Three units hand on to each other and the first also to the last, which needs a row of its tokens for one of the others'. */
function threeUnits(): Stuck {
  const definition = program("blocks", {}, () => {
    const a = input("x", "f32", [rows, cols]);
    const part = map("part", [rows, vectors], (i, v) => reduce("max", [16], (l) => a.at(i, add(mul(v, 16), l))));
    const most = map("most", [rows], (i) => reduce("max", [vectors], (v) => part.at(i, v)));
    return { y: map("y", [rows, cols], (i, j) => div(a.at(i, j), most.at(i))) };
  });
  const units = [
    load("a", x, trips, walk),
    pcu("first", trips, [reads("a", 2), sends("p", 2), sends("straight", 2)], [popped("a")], { p: 0, straight: 0 }),
    pcu("second", trips, [reads("p", 2), sends("q", 1)], [popped("p"), folded(0, 1, true)], { q: 1 }),
    pcu("third", trips, [reads("straight", 2), reads("q", 1), sends("c", 2)], [popped("straight"), popped("q"), op("div", [0, 1])], { c: 2 }),
    store("c", y, trips, walk),
  ];
  return stuck(definition, fabricOf([x, y], units, { q: word, straight: { depth: 1 } }), { first: "part", second: "most" });
}

/** A state goes round between two units, but nobody has put one in. */
function nothingToStartWith(): Stuck {
  const definition = program("walk", {}, () => {
    const a = input("x", "f32", [rows, cols]);
    const step = map("step", [rows, cols], (i, j) => mul(a.at(i, j), 2));
    return { y: map("y", [rows, cols], (i, j) => add(step.at(i, j), 1)) };
  });
  const units = (from: readonly string[]): readonly Unit[] => [
    load("a", x, trips, walk),
    pcu("step", trips, [reads("a", 2), ...from.map((channel) => reads(channel, 1)), sends("new", 2)], [popped("a")], { new: 0 }),
    pcu("keep", trips, [reads("new", 2), sends("c", 2), ...from.map((channel) => sends(channel, 1))], [popped("new")], {
      c: 0,
      ...Object.fromEntries(from.map((channel) => [channel, 0])),
    }),
    store("c", y, trips, walk),
  ];
  return stuck(definition, fabricOf([x, y], units(["state"])), { step: "step" }, fabricOf([x, y], units([])));
}

/** The load walks fewer vectors of a row than its reader takes. */
function miscounted(): Stuck {
  const definition = program("double", {}, () => {
    const a = input("x", "f32", [rows, cols]);
    return { y: map("y", [rows, cols], (i, j) => mul(a.at(i, j), 2)) };
  });
  const units = (pushed: number): readonly Unit[] => [
    load("a", x, [rows, pushed], walk),
    pcu("double", trips, [reads("a", 2), sends("c", 2)], [popped("a"), constant(2), op("mul", [0, 1])], { c: 2 }),
    store("c", y, trips, walk),
  ];
  return stuck(definition, fabricOf([x, y], units(24)), {}, fabricOf([x, y], units(vectors)));
}

/** Each record is divided by the count of its group, which is known when all records have been counted; but the keys wait nowhere. */
function lookedUpTooEarly(): Stuck {
  const n = 512;
  const keys = 32;
  const definition = program("shares", {}, () => {
    const key = input("k", "i32", [n], { data: { kind: "uniform", low: 0, high: keys - 1 } });
    const counts = groupBy("counts", [n], (i) => ({ key: key.at(i), keys, fields: { size: sum(key.at(i)) } }));
    return { y: map("y", [n], (i) => counts.size.at(key.at(i))) };
  });
  const [k, out] = [tensor("k", "i32", [n], 0), tensor("y", "i32", [n], 1 << 20)];
  const [turns, line] = [[n / 16], [affine([16], 1)]];
  const i32 = { dtype: "i32" } as const;
  const scatter = nest("scatter", turns, [reads("key", 1), reads("one", 1), handsOver("full", 0)], {
    kind: "scatter",
    scratch: "table",
    keyPort: "key",
    valuePort: "one",
    fn: "add",
    acc: "i32",
  });
  const gather = nest("gather", turns, [reads("key2", 1), acquires("full", 0), sends("c", 1)], {
    kind: "gather",
    scratch: "table",
    indexPort: "key2",
    port: "c",
  });
  const copies = [popped("k", "i32"), constant(1, "i32")];
  const units = [
    load("k", k, turns, line),
    pcu("spread", turns, [reads("k", 1), sends("key", 1), sends("one", 1), sends("key2", 1)], copies, { key: 0, one: 1, key2: 0 }),
    unit("pmu", "table", [scatter, gather], [scratch("table", "i32", [keys], 1)]),
    store("c", out, turns, line),
  ];
  const shapes = { k: i32, key: i32, one: i32, key2: i32, c: i32, full: { depth: 1 } };
  return stuck(definition, fabricOf([k, out], units, shapes), { table: "counts.size" });
}

/** The first section runs; the second reads what it left and gets stuck. */
function inTheSecondSection(): Stuck {
  const definition = program("twice", {}, () => {
    const a = input("z", "f32", [rows, cols]);
    const double = map("x", [rows, cols], (i, j) => mul(a.at(i, j), 2));
    const total = map("total", [rows], (i) => reduce("add", [cols], (j) => double.at(i, j)));
    return { y: map("y", [rows, cols], (i, j) => sub(double.at(i, j), total.at(i))) };
  });
  const double = pcu("double", trips, [reads("a", 2), sends("b", 2)], [popped("a"), constant(2), op("mul", [0, 1])], { b: 2 });
  const first = working(fabricOf([z, x], [load("a", z, trips, walk), double, store("b", x, trips, walk)]), { double: "x" });
  const second = working(fabricOf([x, y], ...foldedBeside({ a: { depth: 1 } })), { fold: "total" });
  const sections: readonly Section[] = [
    { ...first.sections[0]!, name: "double" },
    { ...second.sections[0]!, name: "centre" },
  ];
  const steps = sections.map((_, section) => ({ kind: "section" as const, section }));
  return { program: definition.build(), fabric: { ...first, tensors: [z, x, y], sections, steps }, machine: tinyMachine };
}

/** By the name of its golden file. */
export const stuckFabrics: Readonly<Record<string, () => Stuck>> = {
  "broadcast-to-a-slow-and-a-waiting-consumer": slowAndWaiting,
  "buffer-too-shallow": bufferTooShallow,
  exchange,
  "fold-on-one-side": foldOnOneSide,
  "in-the-second-section": inTheSecondSection,
  "looked-up-too-early": lookedUpTooEarly,
  miscounted,
  "nothing-to-start-with": nothingToStartWith,
  "three-units": threeUnits,
  "unequal-paths": unequalPaths,
};
