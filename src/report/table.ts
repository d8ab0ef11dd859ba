/** RunResult -> tables for a terminal. Plain text unless colours are asked for. */

import pico from "picocolors";
import type { HostResult, RoutesResult, RunResult, UnitResult } from "../result/result.ts";
import { toldName, waitedByRoot } from "./causes.ts";
import { counted, duration, energy, grouped, percent, scaled } from "./format.ts";
import { partialWords } from "./partial.ts";
import { textTable } from "./text-table.ts";

type Colors = ReturnType<typeof pico.createColors>;
type Row = readonly string[];

const STATES = ["busy", "starved", "blocked", "memory", "configuring", "idle", "unattributed"] as const;
const PARTS = ["compute", "sram", "network", "hbm", "ddr", "static"] as const;

/** Rows beyond these are summed up in one line: the JSON has them all. */
const MOST_SECTIONS = 24;
const MOST_OPERATORS = 24;

/** The whole report, ending in a line break. */
export function printReport(result: RunResult, colors = false): string {
  const paint = pico.createColors(colors);
  const blocks = [
    summary(result, paint),
    table(paint, ["tier", "read", "written", "achieved", "peak", "of peak"], tierRows(result)),
    table(paint, ["energy", "", "share", "average power"], energyRows(result)),
    ...(result.machine.kind === "gpu" ? [kernelTable(result, paint)] : fabricTables(result, paint)),
    table(paint, ["output", "shape", "dtype", "checksum"], outputRows(result)),
    notes(result, paint),
  ];
  return `${blocks.filter((block) => block !== "").join("\n\n")}\n`;
}

function fabricTables(result: RunResult, paint: Colors): readonly string[] {
  return [
    table(
      paint,
      ["section", "runs", "cycles", "configuring", "energy", "pcu", "pmu", "ag", "hops", "longest", "fullest link", "limit"],
      cut(sectionRows(result), MOST_SECTIONS, "sections"),
    ),
    table(paint, ["operator", "kind", "units", "firings", ...STATES.slice(0, 6), "waits most for"], cut(operatorRows(result), MOST_OPERATORS, "groups")),
  ];
}

function kernelTable({ sections, clock_hz, energy_detail }: RunResult, paint: Colors): string {
  const rows = sections.map(({ name, runs, cycles, configuring_cycles, limit, grid, tiers }, s): Row => {
    const time = (of: number): string => duration(of / clock_hz);
    const moved = (tiers.hbm?.read_bytes ?? 0) + (tiers.hbm?.write_bytes ?? 0);
    const shape = grid === undefined ? ["", ""] : [`${grouped(grid.blocks)} in ${grouped(grid.waves)}`, grid.tiling];
    return [
      ...[
        name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME - 3)}...`,
        grouped(runs),
        time(cycles - configuring_cycles),
        time(configuring_cycles),
      ],
      ...[energy(energy_detail.sections[s]?.energy_pJ.total ?? 0), scaled(moved, "B"), ...shape, limit.resource],
    ];
  });
  return table(paint, ["kernel", "runs", "time", "launching", "energy", "hbm", "blocks, waves", "tiling", "limit"], cut(rows, MOST_SECTIONS, "kernels"));
}

/** Letters of a kernel that many operators share. */
const LONGEST_NAME = 40;

function summary(result: RunResult, paint: Colors): string {
  const { workload, machine, partial, cycles, bounds_cycles, ops } = result;
  const params = Object.entries(workload.params).map(([name, value]) => `${name}=${value}`);
  const bounds = Object.entries(bounds_cycles).filter(([, bound]) => bound > 0);
  const [tightest, bound] = bounds.reduce((best, one) => (one[1] > best[1] ? one : best), ["none", 0] as [string, number]);
  const lines = [
    ...(partial === null ? [] : [["partial", paint.yellow(partialWords(partial))] as const]),
    ["cycles", `${grouped(cycles)} (${duration(result.seconds)} at ${scaled(result.clock_hz, "Hz")})`],
    [
      "bound",
      `${grouped(bound)} by ${tightest}, ${percent(cycles === 0 ? 0 : bound / cycles)} of the cycles (${bounds.map(([name, value]) => `${name} ${grouped(value)}`).join(", ")})`,
    ],
    ["limit", `${paint.yellow(result.limit.resource)}: ${result.limit.sentence}`],
    ["operations", `${counted(ops.flops)} on floats, ${counted(ops.int_ops)} on integers, ${counted(ops.special_ops)} special`],
    ...(machine.kind === "gpu" ? gpuLines(result) : fabricLines(result)),
  ] as const;
  const title = paint.bold([workload.name, ...params, "on", machine.name, `(${result.style})`].join(" "));
  return [title, ...lines.map(([name, text]) => `  ${name.padEnd(11)}${text}`)].join("\n");
}

function fabricLines({ utilization, host }: RunResult): readonly (readonly [string, string])[] {
  return [
    ["busy", (["pcu", "pmu", "ag", "network"] as const).map((kind) => `${kind} ${percent(utilization[kind])}`).join(", ")],
    ["simulated", `${counted(host.firings)} firings in ${duration(host.wall_seconds)}${skipWords(host)}`],
  ];
}

function gpuLines({ utilization, host }: RunResult): readonly (readonly [string, string])[] {
  return [
    ["busy", `SMs hold blocks ${percent(utilization.pcu)} of the time`],
    ["simulated", `${counted(host.firings)} blocks in ${duration(host.wall_seconds)}`],
  ];
}

/** What fast-forward saved, and of large sections of which it saved less than half, why not more. */
function skipWords({ firings, skipped_firings, periods, forward }: HostResult): string {
  if (forward === null) return ", each of them by itself";
  const share =
    skipped_firings === 0 ? "" : `, ${percent(skipped_firings / firings)} of them skipped in periods of ${periods.slice(0, 3).map(grouped).join(", ")} cycles`;
  const slow = forward.filter((section) => section.firings >= LARGE && section.skipped_firings < section.firings / 2);
  const why = slow
    .slice(0, 3)
    .map(({ section, computing_nests: nests }) => `${section}: ${nests > 0 ? `${nests} nests compute on data` : "its state did not recur often"}`);
  return `${share}${why.length === 0 ? "" : `; not in ${why.join(", ")}`}`;
}

/** Firings from which on it is worth a word that a section was not skipped. */
const LARGE = 1e6;

function tierRows({ tiers }: RunResult): readonly Row[] {
  return (["sram", "hbm", "ddr"] as const).flatMap((name) => {
    const tier = tiers[name];
    if (tier === undefined) return [];
    const { read_bytes, write_bytes, achieved_bytes_per_second: achieved, peak_bytes_per_second: peak } = tier;
    return [[name, scaled(read_bytes, "B"), scaled(write_bytes, "B"), scaled(achieved, "B/s"), scaled(peak, "B/s"), percent(achieved / peak)]];
  });
}

/** Each part, and below it what it consists of, summed over the sections, where that is more than one figure. */
function energyRows({ energy_pJ, energy_detail, seconds, tiers }: RunResult): readonly Row[] {
  const row = (name: string, picojoules: number): Row => {
    const watts = seconds === 0 ? 0 : picojoules / 1e12 / seconds;
    return [name, energy(picojoules), percent(energy_pJ.total === 0 ? 0 : picojoules / energy_pJ.total), `${Number(watts.toPrecision(3))} W`];
  };
  const details = (part: (typeof PARTS)[number]): readonly Row[] => {
    const sums = detailSums(energy_detail, part).filter(([, picojoules]) => picojoules > 0);
    return sums.length < 2 ? [] : sums.map(([name, picojoules]) => row(`  ${name}`, picojoules));
  };
  const shown = PARTS.filter((part) => (part !== "hbm" && part !== "ddr") || tiers[part] !== undefined);
  return [...shown.flatMap((part) => [row(part, energy_pJ[part]), ...details(part)]), row("total", energy_pJ.total)];
}

function detailSums({ sections }: RunResult["energy_detail"], part: (typeof PARTS)[number]): readonly (readonly [string, number])[] {
  const names = Object.keys(sections[0]?.detail_pJ[part] ?? {});
  const of = (section: (typeof sections)[number], name: string): number => Object.entries(section.detail_pJ[part]).find(([key]) => key === name)?.[1] ?? 0;
  return names.map((name) => [name, sections.reduce((sum, section) => sum + of(section, name), 0)]);
}

function sectionRows({ sections, energy_detail }: RunResult): readonly Row[] {
  return sections.map(({ name, runs, cycles, configuring_cycles, units, limit, routes }, s) => [
    name,
    grouped(runs),
    grouped(cycles),
    grouped(configuring_cycles),
    energy(energy_detail.sections[s]?.energy_pJ.total ?? 0),
    `${units.pcu}`,
    `${units.pmu}`,
    `${units.ag}`,
    grouped(routes.wirelength_hops),
    grouped(routes.longest_route_hops),
    trackWords(routes),
    limit.resource,
  ]);
}

/** "2 of 2 vector": tracks that the section's channels take of its fullest link. */
function trackWords({ busiest_link: link }: RoutesResult): string {
  return link === null ? "none" : `${Number(link.used_tracks.toFixed(2))} of ${link.tracks} ${link.width}`;
}

/** Units of a kind that work for the same operator, the most starved first. */
function operatorRows({ units, cycles }: RunResult): readonly Row[] {
  const groups = grouping(units, ({ op, kind }) => `${op} ${kind}`);
  const starved = (group: readonly UnitResult[]): number => meanShare(group, "starved", cycles);
  const nameOf = toldName(units);
  const sorted = [...groups.values()].sort((a, b) => starved(b) - starved(a));
  return sorted.map((group) => {
    const [{ op, kind }] = group as [UnitResult];
    const firings = group.reduce((total, unit) => total + unit.firings, 0);
    const states = STATES.slice(0, 6).map((state) => percent(meanShare(group, state, cycles)));
    return [op, kind, `${group.length}`, counted(firings), ...states, waitedByRoot(group, nameOf)[0]?.[0] ?? ""];
  });
}

function grouping<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function meanShare(group: readonly UnitResult[], state: (typeof STATES)[number], cycles: number): number {
  return cycles === 0 ? 0 : group.reduce((total, unit) => total + unit[`${state}_cycles`], 0) / (group.length * cycles);
}

function outputRows({ outputs }: RunResult): readonly Row[] {
  return Object.entries(outputs).map(([name, { shape, dtype, checksum }]) => [name, shape.join(" x ") || "scalar", dtype, checksum ?? "not computed"]);
}

function notes({ warnings }: RunResult, paint: Colors): string {
  return warnings.map((warning) => `${paint.yellow("note")} ${warning}`).join("\n");
}

function cut(rows: readonly Row[], most: number, what: string): readonly Row[] {
  return rows.length <= most ? rows : [...rows.slice(0, most), [`... ${rows.length - most} more ${what}`, ...Array(rows[0]!.length - 1).fill("")]];
}

function table(paint: Colors, head: Row, rows: readonly Row[]): string {
  return textTable(head, rows, paint.dim);
}
