/**
 * `weft validate power`: Plasticine's area and power (ISCA 2017, Tables 5 and 7) out of its config. Power is the paper's own accounting, the chip's static power and a fixed
 * one for each unit in use, with the units that weft's mapper uses; no benchmark has an input of its own but its size (Table 4).
 */

import { type AreaReport, areaOf, type KindArea } from "../energy/area.ts";
import { leastSquares } from "../energy/fits.ts";
import type { Machine } from "../machine/machine.ts";
import { prepare } from "../sim/prepare.ts";
import { type ComparisonSuite, type Row, type RowProgress, readFigures } from "./comparison.ts";
import { readEnergyTable, readMachine } from "./machines.ts";
import { mostOnChip, type UnitCounts } from "./study.ts";
import { loadWorkload } from "./workload.ts";

/** test/validation/data/plasticine-power.json. */
export interface PowerFigures {
  readonly source: string;
  readonly rows: readonly PowerFigure[];
  /** What PIR gives a unit in use: another source than the paper. */
  readonly units: { readonly source: string; readonly pcu_mW: number; readonly pmu_mW: number; readonly ag_mW: number };
  readonly area: {
    readonly source: string;
    readonly pcu: Readonly<Record<string, number>>;
    readonly pmu: Readonly<Record<string, number>>;
    readonly interconnect: number;
    readonly memory: number;
    readonly chip: number;
  };
  readonly variant: { readonly source: string; readonly machine: string; readonly mm2: number };
}

export interface PowerFigure {
  readonly name: string;
  readonly workload: string;
  /** Of the units that the chip has, 0 .. 100. */
  readonly pcu_percent: number;
  readonly pmu_percent: number;
  readonly ag_percent: number;
  readonly W: number;
}

/** Watts: of the chip with nothing in use, and of a unit of each kind in use. */
export interface Accounting extends UnitCounts {
  readonly chip: number;
}

const AREA = "mm2";
const POWER = "W by the accounting";

export const POWER_SUITE: ComparisonSuite = {
  kind: "comparison",
  name: "power",
  title: [
    "Area and power of Plasticine, from configs/plasticine.yaml and configs/energy/plasticine.yaml. The areas of units, interconnect and memory controllers follow from the paper's own",
    "Table 5 (they say that the accounting adds up, and how it scales); the area of its variant for recurrent networks is independent of it. Power is accounted as the paper does:",
    "static power of the chip and a fixed power for each unit in use, four coefficients that follow from the paper's own thirteen rows by least squares; those of PCUs and PMUs are",
    "also known from PIR, independently. \"W by the accounting\" has the units of weft's mapper: the benchmark is compiled, placed and routed at the paper's size, and the most units on the",
    'chip at one time are counted. "W by published units" says what the accounting itself is off.',
  ].join("\n"),
  leavesOut: [
    "activity: this power depends on units in use alone, as the paper's does; what a run does costs by event in its report (energy_pJ), which is another model",
    "the power of the memories, which the paper's chip does not have",
    "why the paper uses as many units as it does: it gives no copies of loops, and its programs load each tile into a PMU",
  ],
  demands: [
    { kind: "share within", least: 1, what: AREA },
    { kind: "mean error", most: 0.15, what: POWER },
  ],
  rows: async (progress) => {
    const figures = readFigures("plasticine-power.json") as PowerFigures;
    const machine = readMachine("plasticine");
    const counts = await countAll(figures, machine, progress);
    return [...areaRows(figures), ...coefficientRows(figures, machine), ...powerRows(figures, machine, counts)];
  },
};

// --- area ---

export function areaRows({ area, variant }: PowerFigures): readonly Row[] {
  const found = areaNamed("plasticine");
  const row = (name: string, expected: number, measured: number): Row => ({
    ...{ group: "Area", case: name, what: AREA, expected, source: area.source, measured: Number(measured.toPrecision(9)), tolerance: 1e-6 },
  });
  const parts = (unit: string, published: Readonly<Record<string, number>>, { each, each_mm2 }: KindArea): readonly Row[] => [
    ...Object.entries(published).map(([part, mm2]) => row(`${unit}: ${part}`, mm2, each[part] ?? Number.NaN)),
    row(
      unit,
      Object.values(published).reduce((sum, mm2) => sum + mm2, 0),
      each_mm2,
    ),
  ];
  const { pcu, pmu, switch: switches, ag, coalescer } = found.kinds;
  return [
    ...parts("PCU", area.pcu, pcu),
    ...parts("PMU", area.pmu, pmu),
    row("interconnect", area.interconnect, switches.total_mm2),
    row("memory controllers", area.memory, ag.total_mm2 + coalescer.total_mm2),
    row("chip", area.chip, found.total_mm2),
    {
      ...{ group: "Area of a variant", case: variant.machine, what: "chip, mm2", expected: variant.mm2, source: variant.source, tolerance: 0.15 },
      measured: areaNamed(variant.machine).total_mm2,
      note: "nothing here was fitted to it; its units do more than Table 5's (four 8-bit numbers a lane, tables for functions, 64 banks a PMU), which no published area tells apart",
    },
  ];
}

function areaNamed(name: string): AreaReport {
  const machine = readMachine(name);
  return areaOf(machine, readEnergyTable(machine));
}

// --- the paper's accounting ---

/** Units in use as the paper's shares have it, to the next whole one. */
export function publishedUnits({ pcu_percent, pmu_percent, ag_percent }: PowerFigure, { pcu, pmu, ag }: Machine): UnitCounts {
  const of = (percents: number, count: number): number => Math.round((percents / 100) * count);
  return { pcu: of(pcu_percent, pcu.count), pmu: of(pmu_percent, pmu.count), ag: of(ag_percent, ag.count) };
}

/** By least squares over the published rows and their published units. */
export function fitAccounting({ rows }: Pick<PowerFigures, "rows">, machine: Machine): Accounting {
  const used = rows.map((row) => publishedUnits(row, machine));
  const fit = leastSquares(
    used.map(({ pcu, pmu, ag }) => [1, pcu, pmu, ag]),
    rows.map(({ W }) => W),
  );
  const [chip, pcu, pmu, ag] = fit as readonly [number, number, number, number];
  return { chip, pcu, pmu, ag };
}

export function powerOf(accounting: Accounting, units: UnitCounts): number {
  return accounting.chip + accounting.pcu * units.pcu + accounting.pmu * units.pmu + accounting.ag * units.ag;
}

export function coefficientRows(figures: PowerFigures, machine: Machine): readonly Row[] {
  const { pcu, pmu, ag, chip } = fitAccounting(figures, machine);
  const { source, pcu_mW, pmu_mW, ag_mW } = figures.units;
  const what = "mW in use, of PIR";
  const row = (name: string, watts: number, expected: number | null, note: string): Row => ({
    ...{ group: "Coefficients", case: name, what, expected, source, measured: Number((watts * 1000).toPrecision(6)), tolerance: 0.01, note },
  });
  const known = "the fit of the paper's thirteen rows beside what PIR's model of the machine has, independently";
  return [
    row("PCU", pcu, pcu_mW, known),
    row("PMU", pmu, pmu_mW, known),
    row(
      "AG",
      ag,
      ag_mW,
      "a fit alone: PIR's figure is a ninth of it, for no reason that either gives; with its AG the accounting would not give the paper's rows",
    ),
    row("chip, nothing in use", chip, null, "a fit alone"),
  ];
}

// --- units in use ---

async function countAll({ rows }: PowerFigures, machine: Machine, progress: RowProgress): Promise<readonly UnitCounts[]> {
  const counts: UnitCounts[] = [];
  for (const { name, workload: file } of rows) {
    progress(counts.length, rows.length, name);
    const { program, seed } = await loadWorkload(file);
    counts.push(mostOnChip(prepare(program, machine, { style: "spatial", seed }).mapping));
  }
  return counts;
}

export function powerRows(figures: PowerFigures, machine: Machine, counts: readonly UnitCounts[]): readonly Row[] {
  const accounting = fitAccounting(figures, machine);
  return figures.rows.flatMap((figure, r) => {
    const [theirs, ours] = [publishedUnits(figure, machine), counts[r]!];
    const base = { group: "Power", case: figure.name, source: figures.source };
    const judged = (what: string, measured: number, tolerance: number): Row => ({ ...base, what, expected: figure.W, measured, tolerance });
    const shown = (what: string, measured: number): Row => ({ ...base, what, expected: null, measured, tolerance: 0 });
    const note = noteOf(theirs, ours);
    return [
      { ...judged(POWER, powerOf(accounting, ours), 0.15), ...(note !== null && { note }) },
      judged("W by published units", powerOf(accounting, theirs), 0.01),
      ...(["pcu", "pmu", "ag"] as const).flatMap((kind) => [shown(`${NAMES[kind]}s`, ours[kind]), shown(`${NAMES[kind]}s of the paper`, theirs[kind])]),
    ];
  });
}

const NAMES = { pcu: "PCU", pmu: "PMU", ag: "AG" } as const;

/** What the accounting makes of other units than the paper's, by where most of the difference lies. */
function noteOf(theirs: UnitCounts, ours: UnitCounts): string | null {
  const [most, few] = [theirs.ag + theirs.pcu + theirs.pmu, ours.ag + ours.pcu + ours.pmu];
  if (few >= 0.75 * most) return null;
  return ours.ag < 0.75 * theirs.ag
    ? "the plan stops at as few copies as the memory's bandwidth needs: among plans within 1 % of the fewest expected cycles it is the one with the fewest units; the paper's has more streams side by side than that, and a PMU at each"
    : "the plan makes fewer copies than the paper's, for other reasons than bandwidth";
}
