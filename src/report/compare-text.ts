/** Comparison -> tables for a terminal of 110 columns. */

import pico from "picocolors";
import type { Comparison, SectionReport, SideReport, SimulatedFigures } from "./compare.ts";
import { duration, energy, grouped, scaled } from "./format.ts";
import type { Retiming } from "./retiming.ts";
import { printRoofline } from "./roofline-text.ts";
import { countedOperations, movedBytes, offChipBytes } from "./sides.ts";
import { textTable } from "./text-table.ts";
import { printWaterfall } from "./waterfall-text.ts";
import { wrapped } from "./wrapped.ts";

type Paint = ReturnType<typeof pico.createColors>;

/** Sides next to each other in one table. */
const MOST_COLUMNS = 4;
const MOST_SECTIONS = 24;
/** Letters of a list of operators. */
const OPERATOR_LETTERS = 34;

const DONE = wrapped(
  "FLOP done: by the datapaths of a section or kernel, those on padding and those made twice included; the FLOP/byte of a side are the program's own.",
  "  ",
);

/** The whole comparison, ending in a line break. */
export function printComparison(comparison: Comparison, colors = false): string {
  const paint = pico.createColors(colors);
  const { workload, sides, waterfalls, reconfiguration, roofline, warnings } = comparison;
  const params = Object.entries(workload.params).map(([name, value]) => `${name}=${value}`);
  const blocks = [
    paint.bold([workload.name, ...params].join(" ")),
    ...groupsOf(sides).map((group) => sideTable(group, paint)),
    limits(sides),
    ...sides.map((side) => sectionTable(side, paint)),
    sides.some(({ simulated }) => simulated !== null) ? DONE : "",
    ...waterfalls.map((waterfall) => printWaterfall(waterfall)),
    reconfiguration === null ? "" : retimingTable(reconfiguration, paint),
    printRoofline(roofline),
    warnings.map((warning) => wrapped(`${paint.yellow("note")} ${warning}`, "     ")).join("\n"),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function groupsOf<T>(items: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / MOST_COLUMNS);
  return Array.from({ length: count }, (_, g) => items.slice(g * MOST_COLUMNS, (g + 1) * MOST_COLUMNS));
}

/** A machine above, how it runs the program below. */
function headOf({ machine, style, regime }: SideReport): string {
  return [machine.name, style, ...(regime === null ? [] : [regime])].join("\n");
}

function sideTable(sides: readonly SideReport[], paint: Paint): string {
  const row = (name: string, cell: (side: SideReport) => string): readonly string[] => [name, ...sides.map(cell)];
  const figure = (name: string, cell: (figures: SimulatedFigures) => string): readonly string[] =>
    row(name, ({ simulated }) => (simulated === null ? "not simulated" : cell(simulated)));
  const known = sides.flatMap(({ simulated }) => (simulated === null ? [] : [simulated]));
  const tiers = (["sram", "hbm", "ddr"] as const).filter((tier) => known.some(({ tiers: all }) => movedBytes(all[tier]) > 0));
  const hasIntegers = known.some(({ operations }) => operations.int_ops > operations.flops);
  const rows = [
    ...(sides.some(({ provenance }) => provenance !== "simulated") ? [row("figures", ({ provenance }) => provenance.replace(", ", ",\n"))] : []),
    row("time", ({ seconds }) => duration(seconds)),
    row("cycles", ({ cycles, clock_hz }) => `${grouped(cycles)}\nat ${scaled(clock_hz, "Hz")}`),
    row("speed", ({ speed }) => `${Number(speed.toPrecision(3))} x`),
    ...tiers.map((tier) => figure(`${tier} bytes`, ({ tiers: all }) => scaled(movedBytes(all[tier]), "B"))),
    row("launches", ({ launches }) => grouped(launches)),
    row("launch time", ({ launch_seconds }) => duration(launch_seconds)),
    figure(hasIntegers ? "op/byte" : "FLOP/byte", ({ operations_per_byte }) => ratio(operations_per_byte)),
    figure("energy", ({ energy_pJ }) => energy(energy_pJ)),
    figure("power", ({ power_watts }) => `${Number(power_watts.toPrecision(3))} W`),
    figure("EDP", ({ edp_joule_seconds }) => `${edp_joule_seconds.toExponential(2)} J s`),
    figure("limit", ({ limit }) => limit.resource),
  ];
  return textTable(["", ...sides.map(headOf)], rows, (words) => words.split("\n").map(paint.bold).join("\n"));
}

const ratio = (value: number | null): string => (value === null ? "no bytes" : `${Number(value.toPrecision(3))}`);

/** Of each sentence the part before its details. */
function limits(sides: readonly SideReport[]): string {
  const lines = sides.flatMap(({ name, simulated }) => (simulated === null ? [] : [wrapped(`  ${name}: ${headline(simulated.limit.sentence)}`, "    ")]));
  return lines.length === 0 ? "" : ["What limits each:", ...lines].join("\n");
}

function headline(sentence: string): string {
  return sentence.split("; ").slice(0, 2).join("; ");
}

function sectionTable({ name, simulated }: SideReport, paint: Paint): string {
  if (simulated === null) return "";
  const { sections } = simulated;
  const rows = sections.slice(0, MOST_SECTIONS).map(sectionRow);
  const more = sections.length > MOST_SECTIONS ? [[`... ${sections.length - MOST_SECTIONS} more`, "", "", "", "", "", "", ""]] : [];
  return textTable([name, "operators", "runs", "time", "off chip", "FLOP done", "FLOP/byte", "limit"], [...rows, ...more], paint.dim);
}

function sectionRow({ name, ops, runs, seconds, tiers, operations, operations_per_byte, limit }: SectionReport): readonly string[] {
  const bytes = offChipBytes(tiers);
  return [
    shortened(name, 24),
    operatorWords(ops),
    grouped(runs),
    duration(seconds),
    scaled(bytes, "B"),
    scaled(countedOperations(operations), "").trim(),
    ratio(operations_per_byte),
    limit.resource,
  ];
}

/** As many names as there is room for, and how many more there are. */
function operatorWords(ops: readonly string[]): string {
  const whole = ops.join(", ");
  if (whole.length <= OPERATOR_LETTERS) return whole;
  let shown = 1;
  while (shown < ops.length && `${ops.slice(0, shown + 1).join(", ")} and ${ops.length - shown - 1} more`.length <= OPERATOR_LETTERS) shown++;
  const rest = ops.length - shown;
  return rest === 0 ? shortened(whole, OPERATOR_LETTERS) : `${shortened(ops.slice(0, shown).join(", "), OPERATOR_LETTERS - 12)} and ${rest} more`;
}

const shortened = (words: string, most: number): string => (words.length <= most ? words : `${words.slice(0, most - 3)}...`);

function retimingTable({ machine, assumed_seconds, reconfiguration_seconds, rows, sentence }: Retiming, paint: Paint): string {
  const words = "With others and the same plans (a run of a section may differ by one refresh of the memory):";
  const title = wrapped(`A reconfiguration of ${machine} is assumed to take ${duration(assumed_seconds)}. ${words}`, "  ");
  const head = ["", ...reconfiguration_seconds.map((at) => (at === 0 ? "0" : duration(at)))];
  const lines = rows.map(({ side, seconds }) => [side, ...seconds.map((time) => duration(time))]);
  return [title, textTable(head, lines, paint.dim), wrapped(`  ${sentence}.`, "    ")].join("\n");
}
