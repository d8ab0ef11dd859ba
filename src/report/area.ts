/** The area of a machine -> a table for a terminal, and JSON. */

import type { AreaReport, KindArea } from "../energy/area.ts";
import { percent } from "./format.ts";
import { textTable } from "./text-table.ts";

const KINDS: readonly (readonly [keyof AreaReport["kinds"], string])[] = [
  ["pcu", "PCU"],
  ["pmu", "PMU"],
  ["switch", "switch"],
  ["ag", "address generator"],
  ["coalescer", "coalescing unit"],
];

export function printArea(report: AreaReport): string {
  const { machine, table, process_nm, kinds, total_mm2, tile_pitch_mm, leaves_out } = report;
  const rows = KINDS.flatMap(([kind, name]) => rowsOf(name, kinds[kind], total_mm2));
  const total = ["total", "", "", millimetres(total_mm2), "100.0 %"];
  return [
    `${machine}: ${millimetres(total_mm2)} mm2 at ${process_nm} nm, ${tile_pitch_mm.toFixed(3)} mm from unit to unit (energy table ${table})`,
    textTable(["part", "count", "each, mm2", "all, mm2", "share"], [...rows, total]),
    ...leaves_out.map((line) => `note left out: ${line}`),
    "",
  ].join("\n");
}

/** A kind of unit, and below it its parts where it has several. */
function rowsOf(name: string, { count, each, each_mm2, total_mm2 }: KindArea, chip: number): readonly (readonly string[])[] {
  const row = (title: string, one: number): readonly string[] => [title, `${count}`, millimetres(one), millimetres(count * one), percent((count * one) / chip)];
  const parts = Object.entries(each);
  if (count === 0) return [];
  return [
    [name, `${count}`, millimetres(each_mm2), millimetres(total_mm2), percent(total_mm2 / chip)],
    ...(parts.length < 2 ? [] : parts.map(([part, one]) => row(`  ${part}`, one))),
  ];
}

const millimetres = (mm2: number): string => mm2.toFixed(3);

export function printAreaJson(report: AreaReport): string {
  return `${JSON.stringify({ schemaVersion: 1, ...report }, null, 1)}\n`;
}
