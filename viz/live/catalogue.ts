/** What can be run in the page, and what of it can be changed: plain data, which the worker gives the page when it begins. */

import { parseWorkload } from "../../src/frontend/workload.ts";
import type { Machine } from "../../src/machine/machine.ts";
import { loadServedMachine } from "../../src/memory/served.ts";
import type { Definition } from "../../src/pattern/builder.ts";
import type { ParameterDefault } from "../../src/pattern/parameters.ts";
import { workloads } from "../../workloads/index.ts";
import { GPUS, INSTANCES, MACHINES } from "./files.ts";

export interface Catalogue {
  readonly workloads: readonly CatalogueWorkload[];
  readonly machines: readonly CatalogueMachine[];
}

export interface CatalogueWorkload {
  /** As `weft run` takes it. */
  readonly name: string;
  readonly parameters: readonly Knob[];
}

export interface CatalogueMachine {
  readonly name: string;
  readonly figures: readonly Knob[];
}

/** Something to turn: a parameter of a workload, or a figure of a machine. */
export interface Knob {
  /** As `--set` takes it; of what is no single setting a name of its own. */
  readonly path: string;
  readonly label: string;
  /** In order; at least one. */
  readonly stops: readonly Stop[];
  /** Position of the one that needs no setting. */
  readonly standard: number;
  /** Other values may be typed. */
  readonly isFree: boolean;
}

export interface Stop {
  readonly words: string;
  /** `PATH=VALUE`, as `--set` takes them. */
  readonly sets: readonly string[];
}

export function catalogue(): Catalogue {
  return {
    workloads: [...PROGRAMS.map(programEntry), ...Object.keys(INSTANCES).map(instanceEntry)].sort((a, b) => (a.name < b.name ? -1 : 1)),
    machines: [
      ...Object.entries(MACHINES).map(([name, text]) => ({ name, figures: figuresOf(loadServedMachine(text, `configs/${name}.yaml`)) })),
      ...Object.keys(GPUS).map((name) => ({ name, figures: [] })),
    ],
  };
}

// --- workloads ---

/** Instances with data have these names, and the page does not carry data: their programs are run on generated data. */
const WITH_DATA = ["flights", "join", "kmeans-flights"];

interface Runnable {
  /** As `weft run` takes it. */
  readonly name: string;
  readonly definition: Definition;
}

const PROGRAMS: readonly Runnable[] = workloads.map((definition) => ({
  name: WITH_DATA.includes(definition.name) ? `workloads/${definition.name}.ts` : definition.name,
  definition,
}));

export function programNamed(name: string): Definition | undefined {
  return PROGRAMS.find((program) => program.name === name)?.definition;
}

const programEntry = ({ name, definition }: Runnable): CatalogueWorkload => ({ name, parameters: knobsOf(definition, {}) });

function instanceEntry(name: string): CatalogueWorkload {
  const { program, params } = parseWorkload(INSTANCES[name]!, `workloads/${name}.yaml`);
  return { name, parameters: knobsOf(programNamed(program)!, params) };
}

function knobsOf({ parameters }: Definition, params: Readonly<Record<string, unknown>>): readonly Knob[] {
  return Object.entries(parameters).map(([path, parameter]) => knobOf(path, parameter, params[path]));
}

const FLOATS = ["f32", "bf16", "f16"];

function knobOf(path: string, parameter: ParameterDefault, set: unknown): Knob {
  const standard = typeof parameter === "object" ? parameter.default : parameter;
  const value = `${set ?? standard}`;
  if (typeof standard === "string") return knob(path, path, value, path === "dtype" ? [...new Set([value, ...FLOATS])] : [value], path !== "dtype");
  const { min, max, real = false } = typeof parameter === "object" ? parameter : { min: 1, max: 2 ** 40 };
  return knob(path, path, value, real ? [value] : powersAround(Number(value), min, max), true);
}

/** Powers of two from a 16th to 16 times the value, and the value itself. */
function powersAround(value: number, min: number, max: number): readonly string[] {
  const middle = Math.round(Math.log2(Math.max(1, value)));
  const powers = Array.from({ length: 9 }, (_, i) => 2 ** (middle - 4 + i)).filter((power) => power >= Math.max(1, min) && power <= max);
  return sorted([...powers, value]);
}

function knob(path: string, label: string, value: string, values: readonly string[], isFree: boolean): Knob {
  const stops = values.map((words) => ({ words, sets: [`${path}=${words}`] }));
  return { path, label, stops, standard: values.indexOf(value), isFree };
}

/** Whole and above 0. */
const sorted = (stops: readonly number[]): readonly string[] => [...new Set(stops)].sort((a, b) => a - b).map((stop) => `${stop}`);

// --- machines ---

function figuresOf(machine: Machine): readonly Knob[] {
  const { pcu, pmu, tiers, clock_hz } = machine;
  const figure = (path: string, label: string, value: number, stops: readonly number[]): Knob =>
    knob(`machine.${path}`, label, `${value}`, sorted([...stops, value].filter(Number.isInteger)), true);
  const times = (value: number, factors: readonly number[]): readonly number[] => factors.map((factor) => value * factor);
  const channels = (["hbm", "ddr"] as const).flatMap((tier) => {
    const count = tiers[tier]?.channels;
    return count === undefined ? [] : [figure(`tiers.${tier}.channels`, `channels of ${tier}`, count, times(count, [0.25, 0.5, 2, 4]))];
  });
  const clock = (hz: number): string => `${Math.round(hz / 1e6)}MHz`;
  return [
    figure("pcu.lanes", "lanes of a PCU", pcu.lanes, [4, 8, 16, 32, 64]),
    figure("pcu.stages", "stages of a PCU", pcu.stages, [3, 4, 5, 6, 8, 10, 12, 16]),
    gridKnob(machine),
    figure("pmu.bytes", "bytes of a PMU", pmu.bytes, times(pmu.bytes, [0.125, 0.25, 0.5, 2, 4])),
    ...channels,
    knob("machine.clock_hz", "clock", clock(clock_hz), times(clock_hz, [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2]).map(clock), true),
  ];
}

/** PCUs and PMUs fill the grid, in the shares that they have of it. */
function gridKnob({ grid, pcu, pmu }: Machine): Knob {
  const share = pcu.count / (pcu.count + pmu.count);
  const sizes = [
    [0.5, 0.25],
    [0.5, 0.5],
    [1, 0.5],
    [1, 0.75],
    [1, 1],
    [1, 1.5],
    [1, 2],
    [2, 2],
  ] as const;
  const stops = sizes.map(([across, down]): Stop => {
    const [columns, rows] = [Math.max(1, Math.round(grid.columns * across)), Math.max(1, Math.round(grid.rows * down))];
    const pcus = Math.round(columns * rows * share);
    const sets = { columns, rows, pcus, pmus: columns * rows - pcus };
    return {
      words: `${columns} x ${rows}, ${pcus} PCUs`,
      sets: [`grid.columns=${sets.columns}`, `grid.rows=${sets.rows}`, `pcu.count=${sets.pcus}`, `pmu.count=${sets.pmus}`].map((one) => `machine.${one}`),
    };
  });
  return { path: "grid", label: "grid", stops, standard: sizes.findIndex(([across, down]) => across === 1 && down === 1), isFree: false };
}
