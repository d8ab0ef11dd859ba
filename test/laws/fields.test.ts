/**
 * Every figure of a machine bites: changed, it changes what a run does (cycles, states of units, traffic, hops, energy, placement) or makes weft refuse
 * the program. The fields are found by walking the machines of configs/, so that a new one is tested the day it is written. DESIGN.md, "Laws".
 */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { loadMachine } from "../../src/machine/schema.ts";
import { DERIVED } from "../../src/machine/tier-part.ts";
import { type Definition, input, map, program, reduce } from "../../src/pattern/builder.ts";
import { bytesOf } from "../../src/pattern/dtypes.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import type { Dtype, Expr, Program } from "../../src/pattern/program.ts";
import { abs, add, exp, max, mul, sub } from "../../src/pattern/scalars.ts";
import type { NetworkCounters } from "../../src/result/counters.ts";
import { simulate } from "../../src/sim/simulate.ts";
import attention from "../../workloads/attention.ts";
import dot from "../../workloads/dot.ts";
import flights from "../../workloads/flights.ts";
import gemm from "../../workloads/gemm.ts";
import softmax from "../../workloads/softmax.ts";
import spmv from "../../workloads/spmv.ts";
import { prepareOn, reportOf } from "../support/runs.ts";

/** Not figures: nothing is computed from them. */
const EXEMPT: Readonly<Record<string, string>> = {
  name: "a title for reports",
  schemaVersion: "of the file's form; there is one",
  kind: "says which models the file is for; there is one",
  standard: "a title for reports; the figures beside it are what is simulated",
};

/** Fields that change nothing yet, and why. One that begins to bite must leave this list. */
const TOOTHLESS: Readonly<Record<string, string>> = {
  "pmu.vector_out": "every reader of a tile gets a PMU of its own, so that none ever sends more than one vector stream",
  "tiers.hbm.dram.speed": "one speed grade of HBM3 is known",
  "tiers.hbm.dram.ranks": "HBM has none",
  "network.control_links": "the only control channels are hand-overs inside a PMU, which take no link",
};

/** Figures that show only beside another one: without a tail unit; where a channel takes a whole track, and not its rate, of which a scalar's is small; where channels share links; where the other bound leaves room. */
const BESIDE: Readonly<Record<string, Change>> = {
  "pcu.special_stages": { "pcu.tail": "false" },
  "network.scalar_links": { "network.kind": "static" },
  "network.fidelity": { "network.kind": "packet", "network.hop_cycles": "2", "network.vector_links": "2" },
  "tiers.ddr.dram.controller.write_entries": { "tiers.ddr.dram.controller.drain_above": "7", "ag.outstanding": "16" },
  "tiers.hbm.dram.controller.drain_above": { "tiers.hbm.dram.controller.drain_below": "1" },
  "tiers.ddr.dram.controller.drain_above": { "tiers.ddr.dram.controller.drain_below": "1" },
};

/** Where to look first, by the field or its last key; all other workloads are tried after it. */
const WITNESSES: Readonly<Record<string, string>> = {
  "pcu.registers": "flights",
  "pcu.vector_in": "operands",
  "pcu.vector_out": "flights",
  "pcu.scalar_in": "scalars",
  "pcu.scalar_out": "scalars",
  "pcu.counters": "deep",
  "pcu.fifo_depth": "deep",
  "pcu.modes": "gemm",
  "pcu.special_stages": "chain",
  "pcu.count": "chain",
  "pmu.count": "chain",
  "pmu.bytes": "long rows",
  "pmu.banks": "flights",
  "pmu.word_bytes": "columns",
  "pmu.vector_in": "flights",
  "pmu.scalar_in": "shares",
  "pmu.scalar_out": "shares",
  "pmu.counters": "deep",
  "pmu.fifo_depth": "flights",
  "pmu.latency_cycles": "flights",
  "pmu.banking": "flights",
  "pmu.read_ports": "sums",
  "pmu.write_ports": "copies",
  "ag.coalescing_entries": "look-ups",
  "ag.fifo_depth": "streams ddr",
  "network.vector_links": "operands",
  "network.fidelity": "attention",
  "network.scalar_links": "scalars",
  "tiers.hbm.bytes": "large hbm",
  "tiers.ddr.bytes": "large ddr",
  "tiers.hbm": "streams hbm",
  "tiers.ddr": "streams ddr",
};

// --- workloads ---

/** A chain of `length` operations on one value, with exponentials among them. */
const chain = program("chain", { n: 400, length: 30 }, ({ n, length }) => {
  const x = input("x", "f32", [n]);
  const step = (value: Expr, at: number): Expr => (at % 8 === 7 ? exp(value) : at % 2 === 0 ? mul(value, 0.5) : add(value, x.at(0)));
  return { y: map("y", [n], (i) => Array.from({ length }, (_, at) => at).reduce(step, x.at(i))) };
});

/** Sums of products of all pairs of `operands`: many inputs, and many values alive at a time. */
const operands = program("operands", { n: 300, operands: 9 }, ({ n, operands: many }) => {
  const inputs = Array.from({ length: many }, (_, at) => input(`x${at}`, "f32", [n]));
  return {
    y: map("y", [n], (i) => {
      const products = inputs.map((one, at) => mul(one.at(i), (inputs[(at + 1) % many] ?? one).at(i)));
      const others = inputs.map((one, at) => abs(sub(one.at(i), (inputs[(at + 3) % many] ?? one).at(i))));
      return [...products, ...others].reduce((left, right) => add(left, right));
    }),
  };
});

/** One vector and many scalars, first by themselves. */
const scalars = program("scalars", { n: 200, scalars: 12 }, ({ n, scalars: many }) => {
  const [x, given] = [input("x", "f32", [n]), Array.from({ length: many }, (_, at) => input(`a${at}`, "f32", []))];
  const mixed = map("mixed", [], () => given.map((one) => mul(one.at(), one.at())).reduce((left, right) => add(left, right)));
  return { y: map("y", [n], (i) => [...given, mixed].reduce((left, one, at) => (at % 2 === 0 ? add(left, one.at()) : mul(left, one.at())), x.at(i))) };
});

/** Sums of rows that wait, each by itself, until all of them are added up. */
const shares = program("shares", { rows: 60, cols: 64 }, ({ rows, cols }) => {
  const x = input("x", "f32", [rows, cols]);
  const row = map("row", [rows], (i) => reduce("add", [cols], (j) => x.at(i, j)));
  const all = map("all", [], () => reduce("add", [rows], (i) => row.at(i)));
  return { y: map("y", [rows, cols], (i, j) => mul(mul(x.at(i, j), row.at(i)), all.at())) };
});

/** Reads a square matrix by columns after all of it has been made on the chip. */
const columns = program("columns", { n: 64, dtype: "f32" }, ({ n, dtype }) => {
  const x = input("x", dtype, [n, n]);
  const most = map("most", [], () => reduce("max", [n, n], (i, j) => x.at(i, j)));
  return { y: map("y", [n, n], (i, j) => max(x.at(j, i), most.at())) };
});

/** Five nested loops. */
const deep = program("deep", { n: 4 }, ({ n }) => {
  const x = input("x", "f32", [n, n, n, n, 40]);
  const sum = map("sum", [n, n, n], (a, b, c) => reduce("add", [n, 40], (d, e) => x.at(a, b, c, d, e)));
  return { y: map("y", [n, n, n, n, 40], (a, b, c, d, e) => sub(x.at(a, b, c, d, e), sum.at(a, b, c))) };
});

/** A few elements of a tensor that takes 3/4 of the tier and stays where it is. */
function large(tier: "hbm" | "ddr", { bytes }: { readonly bytes: number }): Definition {
  return program("large", {}, () => {
    const x = input("x", "f32", [(0.75 * bytes) / 2 ** 22, 2 ** 20], { tier });
    return { y: map("y", [48], (i) => x.at(i, 0)) };
  });
}

/** Two streams from one address generator each, for longer than a refresh takes to come round, and rows a power of two apart. */
function streams(tier: "hbm" | "ddr"): Program {
  const built = program("streams", {}, () => {
    const [x, far] = [input("x", "f32", [100_000], { tier }), input("far", "f32", [256, 1024], { tier })];
    return { y: map("y", [100_000], (i) => add(x.at(i), 1), { tier }), z: map("z", [256], (i) => mul(far.at(i, 0), 2), { tier }) };
  }).build();
  return { ...built, schedule: { par: { "y.0": 1 } } };
}

/** A product in tiles that a PMU adds up: one sum is read while the next is made. */
function sums(): Program {
  return {
    ...gemm.build({ m: 64, n: 64, k: 64, dtype: "f32" }),
    schedule: { tile: { "c.0": 8, "c.1": 32, "c.2": 16 }, par: { "c.0": 1, "c.1": 1, "c.2": 1 } },
  };
}

/** A product in so many copies that a PMU must gather the tiles of several for one address generator. */
function copies({ ag }: Machine): Program {
  const across = Math.ceil(ag.count / 8);
  return { ...gemm.build({ m: 64, n: 16 * across, k: 8, dtype: "f32" }), schedule: { tile: { "c.0": 16, "c.1": 16 }, par: { "c.0": 4, "c.1": across } } };
}

/** By name; the cheap ones first. */
function workloadsFor(machine: Machine): Readonly<Record<string, Program>> {
  const dtype: Dtype = machine.pcu.modes.includes("systolic") ? "bf16" : "f32";
  const tiers = (["hbm", "ddr"] as const).filter((tier) => machine.tiers[tier] !== undefined);
  const side = Math.sqrt(machine.pmu.bytes / bytesOf(dtype));
  return {
    dot: dot.build({ n: 3000, dtype: "f32" }),
    chain: chain.build(),
    flights: flights.build({ rows: 600, origins: 40 }),
    scalars: scalars.build(),
    shares: shares.build(),
    columns: columns.build({ n: 64, dtype: "i8" }),
    operands: operands.build(),
    softmax: softmax.build({ rows: 12, cols: 200, dtype: "bf16" }),
    gemm: gemm.build({ m: 40, n: 50, k: 60, dtype }),
    deep: deep.build(),
    ...Object.fromEntries(tiers.map((tier) => [`large ${tier}`, large(tier, machine.tiers[tier]!).build()])),
    ...Object.fromEntries(tiers.map((tier) => [`streams ${tier}`, streams(tier)])),
    sums: sums(),
    copies: copies(machine),
    "look-ups": { ...spmv.build({ rows: 20, cols: 4000, nnz_per_row: 5 }), schedule: { par: { "y.g1.0": 1 } } },
    "long rows": softmax.build({ rows: 2, cols: Math.floor(machine.pmu.bytes / 4 / 3), dtype: "f32" }),
    "full scratchpad": columns.build({ n: side, dtype }),
    attention: attention.build({ seq: 48, heads: 2, dim: 32, dtype: "bf16" }),
  };
}

// --- what a run shows ---

/** Tokens and hops; not the busy share, which is divided by the links there are. */
const hops = ({ vector_hops, scalar_hops }: NetworkCounters) => [vector_hops, scalar_hops];

/** All that may differ, or the words of the refusal. Nothing of it repeats the machine's figures: energy is that of the events on the machine as shipped, but for its table. */
function observe(machine: Machine, source: Program, shipped: Machine): string {
  try {
    const prepared = prepareOn(machine, source);
    const counters = simulate(prepared.mapping, machine, { program: source, inputs: () => generateInputs(source, 1), values: false, engine: "fast" });
    const { energy_pJ } = reportOf({ ...shipped, energy: machine.energy }, source, prepared.mapping, counters);
    const sections = counters.sections.map((section) => ({ ...section, network: hops(section.network) }));
    return JSON.stringify([counters.ticks, sections, energy_pJ]);
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

// --- changes ---

type Change = Readonly<Record<string, string>>;

const WORDS: Readonly<Record<string, readonly string[]>> = {
  energy: ["plasticine", "sn40l"],
  modes: ["[simd]", "[systolic]", "[simd, systolic]"],
  "network.kind": ["static", "packet"],
  "network.fidelity": ["circuit", "packet"],
  interleave: ["linear", "skewed"],
  "pmu.banking": ["[cyclic]", "[diagonal]", "[hashed]", "[block]"],
  fidelity: ["detailed"],
  organization: ["DDR3_8Gb_x16", "HBM3_32Gb_16hi", "DDR5_16Gb_x16"],
  speed: ["DDR3_1600H", "DDR5_3200C"],
  mapping: ["rocobara", "ChRaBaRoCo", "rocobabgra", "rostcobabgpc"],
  scheduler: ["FCFS"],
  refresh: ["none"],
};

function leavesOf(value: unknown, path = ""): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([key, part]) => leavesOf(part, path === "" ? key : `${path}.${key}`));
}

const lastOf = (path: string): string => path.split(".").at(-1) as string;

function changesOf(path: string, value: unknown, machine: Machine): readonly Change[] {
  if (typeof value === "number") return [value / 2, value * 2, 1, 0].map((next) => withCompany(path, value, next, machine));
  if (typeof value === "boolean") return [{ [path]: `${!value}` }];
  const shown = Array.isArray(value) ? `[${value.join(", ")}]` : `${value}`;
  return (WORDS[path] ?? WORDS[lastOf(path)] ?? []).filter((word) => word !== shown).map((word) => ({ [path]: word }));
}

/** What must change with it for the figures to fit each other. */
function withCompany(path: string, value: number, next: number, { grid, pcu, pmu, tiers }: Machine): Change {
  const change = { [path]: `${next}` };
  if (path === "grid.columns") return { ...change, "grid.rows": `${(grid.rows * value) / next}` };
  if (path === "grid.rows") return { ...change, "grid.columns": `${(grid.columns * value) / next}` };
  if (path === "pcu.count") return { ...change, "pmu.count": `${pmu.count + value - next}` };
  if (path === "pmu.count") return { ...change, "pcu.count": `${pcu.count + value - next}` };
  const tier = /^tiers\.(hbm|ddr)\.burst_bytes$/.exec(path)?.[1] as "hbm" | "ddr" | undefined;
  return tier === undefined ? change : { ...change, [`tiers.${tier}.interleave_bytes`]: `${Math.max(next, tiers[tier]!.interleave_bytes)}` };
}

/** Undefined where the figures do not fit each other or their ranges: such a change shows nothing. */
function changed(text: string, name: string, change: Change): Machine | undefined {
  try {
    return loadMachine(
      text,
      name,
      Object.entries(change).map(([path, value]) => ({ path, value, label: path })),
    );
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

// --- the law ---

describe.each(["plasticine", "sn40l"])("of %s,", (name) => {
  const text = readFileSync(new URL(`../../configs/${name}.yaml`, import.meta.url), "utf8");
  const shipped = loadMachine(text, name);
  const { sources: _, ...figures } = shipped;
  const workloads = new Map(Object.entries(workloadsFor(shipped)));
  const seen = new Map<string, string>();
  const follows = DERIVED.flatMap((key) => ["hbm", "ddr"].map((tier) => `tiers.${tier}.${key}`));
  const isDerived = (path: string): boolean => follows.some((one) => path === one || path.startsWith(`${one}.`));
  const fields = leavesOf(figures).filter(([path]) => !isDerived(path) && !(path in EXEMPT) && !(lastOf(path) in EXEMPT));

  /** What the workload shows on the machine as shipped, but for this change; each looked at once. */
  const before = (workload: string, beside: Change): string => {
    const key = JSON.stringify([workload, beside]);
    const shown = seen.get(key) ?? observe(changed(text, name, beside)!, workloads.get(workload)!, shipped);
    seen.set(key, shown);
    return shown;
  };

  /** The machine with other values of a field that fit its others. */
  const machinesWith = (path: string, value: unknown): readonly Machine[] =>
    changesOf(path, value, shipped).flatMap((change) => changed(text, name, { ...BESIDE[path], ...change }) ?? []);

  /** The first workload that shows a difference. */
  const witness = (path: string, changes: readonly Machine[], among: readonly string[]): string | undefined => {
    const beside = BESIDE[path] ?? {};
    return among.find((workload) => changes.some((machine) => observe(machine, workloads.get(workload)!, shipped) !== before(workload, beside)));
  };

  test("there are fields to change, and those that are left out exist", () => {
    const paths = leavesOf(figures).map(([path]) => path);
    expect(fields.length).toBeGreaterThan(45);
    for (const left of Object.keys(EXEMPT)) expect(paths.some((path) => path === left || lastOf(path) === left)).toBe(true);
    const without = name === "sn40l" ? [] : [...Object.keys(TOOTHLESS), ...Object.keys(BESIDE)].filter((path) => path.startsWith("tiers.hbm"));
    for (const named of [...Object.keys(TOOTHLESS), ...Object.keys(BESIDE)]) if (!without.includes(named)) expect(paths).toContain(named);
  });

  test.each(fields.filter(([path]) => !(path in TOOTHLESS)))("%s bites", (path, value) => {
    const changes = machinesWith(path, value);
    expect(changes.length, `no other value of ${path} fits the machine`).toBeGreaterThan(0);
    expect(witness(path, changes, inOrder(path, [...workloads.keys()]))).toBeDefined();
  });

  test.each(fields.filter(([path]) => path in TOOTHLESS))("%s does not bite yet", (path, value) => {
    expect(witness(path, machinesWith(path, value), ["scalars", "flights", "gemm", "attention"])).toBeUndefined();
  });
});

/** The workload that is likely to show it before all others. */
function inOrder(path: string, names: readonly string[]): readonly string[] {
  const likely = WITNESSES[path] ?? Object.entries(WITNESSES).find(([start]) => path.startsWith(`${start}.`))?.[1] ?? "";
  return [...names.filter((name) => name === likely), ...names.filter((name) => name !== likely)];
}
