/** `weft validate dram`: bandwidth, latency and energy of memories under streams of accesses, beside what Ramulator 2.1 and DRAMsim3 made of the same streams. */

import { memoryOfIni } from "../machine/dram/dramsim3.ts";
import { iniOf } from "../machine/dram/dramsim3-parts.ts";
import { partOf } from "../machine/dram/part.ts";
import { commandEnergy, dramEnergy, totalEnergy } from "../machine/dram/power.ts";
import { UNIFIED, type UnifiedPolicy } from "../memory/dram/controller.ts";
import { policyOfIni } from "../memory/dram/dramsim3.ts";
import { createMapping } from "../memory/dram/mapping.ts";
import { createMemory, type Measurement, type Memory, measure } from "../memory/dram/measure.ts";
import { perBank } from "../memory/dram/per-bank.ts";
import { LINE_BYTES, type Mode, type Pattern } from "../memory/dram/streams.ts";
import { unified } from "../memory/dram/unified.ts";
import { type ComparisonSuite, type Row, type RowProgress, readFigures } from "./comparison.ts";

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
    ...dramsim3.rows.map((row) => ({ row, peer: "DRAMsim3", source: dramsim3.source, run: () => runIni(dramsim3.configs[row[0]]!, row, seed) })),
    ...ramulator2.rows.map((row) => ({ row, peer: "Ramulator 2.1", source: ramulator2.source, run: () => runUnified(ramulator2.configs[row[0]]!, row, seed) })),
  ].filter(({ row }) => wanted(row));
  return cases.flatMap(({ row, peer, source, run }, done) => {
    progress(done, cases.length, `${row[0]} ${row[1]} ${row[2]}`);
    return rowsOf(`${peer}: ${row[0]}`, source, row, run());
  });
}

interface Found {
  readonly bandwidth_GB_per_second: number;
  readonly latency_ns: number;
  readonly energy_uJ?: number;
}

function rowsOf(group: string, source: string, row: FigureRow, found: Found): readonly Row[] {
  const [, pattern, mode, , , , bandwidth, latency, , energy] = row;
  const common = { group, case: `${pattern}, ${mode}`, source };
  const figures: Row[] = [{ ...common, what: "bandwidth, GB/s", expected: bandwidth, measured: found.bandwidth_GB_per_second, tolerance: 0.05 }];
  if (latency > 0) figures.push({ ...common, what: "latency, ns", expected: latency, measured: found.latency_ns, tolerance: 0.1 });
  if (energy !== undefined && found.energy_uJ !== undefined)
    figures.push({ ...common, what: "energy, uJ", expected: energy, measured: found.energy_uJ, tolerance: 0.02 });
  return figures;
}

function runIni({ part: name, system }: IniConfig, row: FigureRow, seed: number): Found {
  const ini = iniOf(name, system);
  const { part, currents, channels, mapping } = memoryOfIni(name, ini);
  const memory = createMemory(perBank, part, policyOfIni(ini), createMapping(part, { channels, order: mapping }), channels);
  const result = runRow(memory, row, seed);
  const standby = memory.channels.map(perBank.standby);
  const energy = dramEnergy(commandEnergy(currents, part), {
    ...result.commands,
    active_ticks: standby.reduce((sum, { active }) => sum + active, 0),
    idle_ticks: standby.reduce((sum, { idle }) => sum + idle, 0),
  });
  return { ...foundIn(memory, result), energy_uJ: totalEnergy(energy) / 1e6 };
}

function runUnified({ organization, speed, mapping, scheduler, refresh, channels, entries }: UnifiedConfig, row: FigureRow, seed: number): Found {
  const part = partOf({ organization, speed });
  const policy = { ...UNIFIED, scheduler, refresh, read_entries: entries, write_entries: entries };
  const order = createMapping(part, { channels, order: mapping, interleave_bytes: part.access_bytes });
  const memory = createMemory(unified, part, policy, order, channels);
  return foundIn(memory, runRow(memory, row, seed));
}

function runRow<State>(memory: Memory<State>, [, kind, mode, ports, lines, range_GiB]: FigureRow, seed: number): Measurement {
  const { access_bytes } = memory.part;
  const accesses = lines * Math.max(1, LINE_BYTES / access_bytes);
  return measure(memory, { pattern: { kind }, range_bytes: range_GiB * 2 ** 30, access_bytes, seed }, modeOf(mode, ports), accesses);
}

function modeOf(word: string, ports: number): Mode {
  if (word === "max") return { kind: "max", ports };
  if (word === "idle") return { kind: "idle" };
  return { kind: "rate", accesses_per_tick: Number(word.slice("rate:".length)), ports };
}

function foundIn<State>({ part }: Memory<State>, { bytes_per_second, mean_latency_ticks }: Measurement): Found {
  return { bandwidth_GB_per_second: bytes_per_second / 1e9, latency_ns: (mean_latency_ticks * part.tick_ps) / 1000 };
}
