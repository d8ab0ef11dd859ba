/** Memories by name, and what streams of accesses make of them: behind `weft dram` and `weft validate dram`. */

import { type Ini, memoryOfIni } from "../machine/dram/dramsim3.ts";
import { type PartChoice, partOf } from "../machine/dram/part.ts";
import { commandEnergy, type DramEnergy, dramEnergy } from "../machine/dram/power.ts";
import { UNIFIED, type UnifiedPolicy } from "../memory/dram/controller.ts";
import { policyOfIni } from "../memory/dram/dramsim3.ts";
import { createMapping } from "../memory/dram/mapping.ts";
import { createMemory, type Measurement, type Memory, measure } from "../memory/dram/measure.ts";
import { perBank } from "../memory/dram/per-bank.ts";
import { LINE_BYTES, parseMode, parsePattern } from "../memory/dram/streams.ts";
import { unified } from "../memory/dram/unified.ts";

/** A configuration of DRAMsim3, or a part of the standards' tables with a controller as Ramulator 2.1 has it. */
export type DramChoice =
  | { readonly kind: "ini"; readonly name: string; readonly ini: Ini }
  | { readonly kind: "part"; readonly part: PartChoice; readonly policy: Partial<UnifiedPolicy>; readonly mapping: string; readonly channels: number };

export interface StreamChoice {
  /** As `parsePattern` and `parseMode` take them. */
  readonly pattern: string;
  readonly source: string;
  readonly ports: number;
  /** Of 64 bytes. */
  readonly lines: number;
  readonly range_bytes: number;
  readonly seed: number;
}

export interface DramReport extends Omit<Measurement, "latencies"> {
  readonly memory: string;
  readonly tick_ps: number;
  readonly mean_latency_ns: number;
  /** Latencies that half, 95 and 99 % of the reads do not exceed, and that none does. */
  readonly latency_ticks: { readonly p50: number; readonly p95: number; readonly p99: number; readonly most: number };
  /** Of parts whose supply currents are known. */
  readonly energy_pJ?: DramEnergy;
}

export function runDram(choice: DramChoice, stream: StreamChoice): DramReport {
  return choice.kind === "ini" ? runIni(choice, stream) : runPart(choice, stream);
}

function runIni({ name, ini }: Extract<DramChoice, { kind: "ini" }>, stream: StreamChoice): DramReport {
  const { part, currents, channels, mapping } = memoryOfIni(name, ini);
  const memory = createMemory(perBank, part, policyOfIni(ini), createMapping(part, { channels, order: mapping }), channels);
  const report = runStream(memory, stream);
  const standby = memory.channels.map(perBank.standby);
  const ticks = {
    active_ticks: standby.reduce((sum, { active }) => sum + active, 0),
    idle_ticks: standby.reduce((sum, { idle }) => sum + idle, 0),
  };
  return { ...report, energy_pJ: dramEnergy(commandEnergy(currents, part), { ...report.commands, ...ticks }) };
}

/** Channels take accesses in turn, as Ramulator's do. */
function runPart({ part: named, policy, mapping, channels }: Extract<DramChoice, { kind: "part" }>, stream: StreamChoice): DramReport {
  const part = partOf(named);
  const places = createMapping(part, { channels, order: mapping, interleave_bytes: part.access_bytes });
  return runStream(createMemory(unified, part, { ...UNIFIED, ...policy }, places, channels), stream);
}

function runStream<State>(memory: Memory<State>, { pattern, source, ports, lines, range_bytes, seed }: StreamChoice): DramReport {
  const { part } = memory;
  const { access_bytes } = part;
  const spec = { pattern: parsePattern(pattern, part), range_bytes, access_bytes, seed };
  const { latencies, ...found } = measure(memory, spec, parseMode(source, ports), lines * Math.max(1, LINE_BYTES / access_bytes));
  return {
    memory: part.name,
    tick_ps: part.tick_ps,
    mean_latency_ns: (found.mean_latency_ticks * part.tick_ps) / 1000,
    latency_ticks: { p50: quantile(latencies, 0.5), p95: quantile(latencies, 0.95), p99: quantile(latencies, 0.99), most: quantile(latencies, 1) },
    ...found,
  };
}

/** The least latency that such a share of the reads does not exceed; 0 where there are none. */
function quantile(latencies: readonly number[], share: number): number {
  const total = latencies.reduce((sum, count) => sum + (count ?? 0), 0);
  let seen = 0;
  for (const [ticks, count] of latencies.entries()) {
    seen += count ?? 0;
    if (seen >= share * total && seen > 0) return ticks;
  }
  return 0;
}
