/** `weft validate dram`: bandwidth, latency and energy of memories under streams of accesses, beside what Ramulator 2.1 and DRAMsim3 made of the same streams. */

import { iniOf } from "../machine/dram/dramsim3-parts.ts";
import { totalEnergy } from "../machine/dram/power.ts";
import type { UnifiedPolicy } from "../memory/dram/controller.ts";
import type { Pattern } from "../memory/dram/streams.ts";
import { type ComparisonSuite, type Row, type RowProgress, readFigures } from "./comparison.ts";
import { type DramChoice, type DramReport, runDram } from "./dram-memory.ts";

type FigureRow = readonly [
  config: string,
  pattern: Exclude<Pattern["kind"], "stride">,
  mode: string,
  ports: number,
  lines: number,
  range_GiB: number,
  bandwidth_GB_per_second: number,
  latency_ns: number,
  million_per_cpu_second: number,
  energy_uJ?: number,
];

interface Peer<Config> {
  readonly source: string;
  readonly configs: { readonly [name: string]: Config };
  readonly rows: readonly FigureRow[];
}

interface IniConfig {
  readonly part: string;
  readonly system: { readonly [key: string]: string };
}

interface UnifiedConfig {
  readonly organization: string;
  readonly speed: string;
  readonly mapping: string;
  readonly scheduler: UnifiedPolicy["scheduler"];
  readonly refresh: UnifiedPolicy["refresh"];
  readonly channels: number;
  readonly entries: number;
}

export interface DramFigures {
  readonly seed: number;
  readonly dramsim3: Peer<IniConfig>;
  readonly ramulator2: Peer<UnifiedConfig>;
}

export const DRAM: ComparisonSuite = {
  kind: "comparison",
  name: "dram",
  title:
    "Streams of accesses, defined to the bit, on memories of the same parts, controllers and address mappings (src/memory/dram/) as in DRAMsim3 and Ramulator 2.1. " +
    "Sources: `max` offers accesses as fast as they are taken, `idle` one after the other, `rate:x` x a tick on average; latency counts from when an access is taken in.",
  leavesOut: [
    "self refresh, power-down and the thermal model of DRAMsim3; in its simultaneous refresh it refreshes the first rank only, weft all of them",
    "the energy of the pins, which DRAMsim3 does not count either",
  ],
  demands: [
    { kind: "share within", least: 0.9 },
    { kind: "share within", least: 0.9, what: "bandwidth, GB/s" },
    { kind: "share within", least: 0.9, what: "latency, ns" },
  ],
  rows: (progress) => compareDram(readFigures("dram.json") as DramFigures, progress),
};

/** All rows, or those that `wanted` says. */
export function compareDram(figures: DramFigures, progress: RowProgress, wanted: (row: FigureRow) => boolean = () => true): readonly Row[] {
  const { dramsim3, ramulator2, seed } = figures;
  const cases = [
    ...dramsim3.rows.map((row) => ({ row, peer: "DRAMsim3", source: dramsim3.source, choice: iniChoice(dramsim3.configs[row[0]]!) })),
    ...ramulator2.rows.map((row) => ({ row, peer: "Ramulator 2.1", source: ramulator2.source, choice: partChoice(ramulator2.configs[row[0]]!) })),
  ].filter(({ row }) => wanted(row));
  return cases.flatMap(({ row, peer, source, choice }, done) => {
    progress(done, cases.length, `${row[0]} ${row[1]} ${row[2]}`);
    return rowsOf(`${peer}: ${row[0]}`, source, row, runRow(choice, row, seed));
  });
}

function rowsOf(group: string, source: string, row: FigureRow, found: DramReport): readonly Row[] {
  const [, pattern, mode, , , , bandwidth, latency, , energy] = row;
  const common = { group, case: `${pattern}, ${mode}`, source };
  const figures: Row[] = [{ ...common, what: "bandwidth, GB/s", expected: bandwidth, measured: found.bytes_per_second / 1e9, tolerance: 0.05 }];
  if (latency > 0) figures.push({ ...common, what: "latency, ns", expected: latency, measured: found.mean_latency_ns, tolerance: 0.1 });
  if (energy !== undefined && found.energy_pJ !== undefined)
    figures.push({ ...common, what: "energy, uJ", expected: energy, measured: totalEnergy(found.energy_pJ) / 1e6, tolerance: 0.02 });
  return figures;
}

const iniChoice = ({ part, system }: IniConfig): DramChoice => ({ kind: "ini", name: part, ini: iniOf(part, system) });

function partChoice({ organization, speed, mapping, scheduler, refresh, channels, entries }: UnifiedConfig): DramChoice {
  return { kind: "part", part: { organization, speed }, policy: { scheduler, refresh, read_entries: entries, write_entries: entries }, mapping, channels };
}

function runRow(choice: DramChoice, [, pattern, source, ports, lines, range_GiB]: FigureRow, seed: number): DramReport {
  return runDram(choice, { pattern, source, ports, lines, range_bytes: range_GiB * 2 ** 30, seed });
}
