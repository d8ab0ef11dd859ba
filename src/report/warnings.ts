/** What a reader of the numbers must know: figures that are assumed and decide, and what the models leave out. */

import type { EnergyTable } from "../energy/table.ts";
import type { Fabric } from "../fabric/fabric.ts";
import { type DramFidelity, fidelitiesOf } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { indicesOf } from "../pattern/analysis.ts";
import type { Program } from "../pattern/program.ts";
import type { PartialRun } from "../result/counters.ts";
import type { EnergyResult, UnitResult } from "../result/result.ts";
import { waitedByRoot } from "./causes.ts";
import { listed, percent } from "./format.ts";
import { RING } from "./roots.ts";

const TIER_PACE = ["channels", "clock_hz", "burst_bytes", "burst_clocks", "interleave_bytes", "interleave", "refresh", "dram"] as const;

/** Key paths of the figures in a machine's config that set the pace of a limiting resource. */
const DECIDES: Readonly<Record<string, readonly string[]>> = {
  compute: ["clock_hz", "pcu.count", "pcu.lanes", "pcu.stages", "pcu.registers", "pcu.special_stages", "pcu.modes", "pcu.tail"],
  sram: ["clock_hz", "pmu.count", "pmu.banks", "pmu.vector_in", "pmu.vector_out", "pmu.diagonal"],
  ag: ["clock_hz", "ag.count", "ag.outstanding"],
  hbm: TIER_PACE.map((key) => `tiers.hbm.${key}`),
  ddr: TIER_PACE.map((key) => `tiers.ddr.${key}`),
  network: ["clock_hz", "network.vector_links", "network.scalar_links", "network.vector_bytes"],
  reconfiguration: ["reconfiguration_seconds"],
  latency: [
    "network.hop_cycles",
    "pcu.fifo_depth",
    "pmu.fifo_depth",
    "ag.fifo_depth",
    "ag.outstanding",
    "pmu.latency_cycles",
    "ag.latency_cycles",
    "tiers.hbm.latency_seconds",
    "tiers.ddr.latency_seconds",
  ],
};

export interface WarningParts {
  readonly machine: Machine;
  readonly program: Program;
  readonly fabric: Fabric;
  /** Largest length that each collection had, by its size tensor. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly table: EnergyTable;
  readonly limit: string;
  /** Special functions that the program asks for: where there are none, what paces them decides nothing. */
  readonly special_ops: number;
  readonly energy: EnergyResult;
  readonly units: readonly UnitResult[];
  readonly partial: PartialRun | null;
}

export function warningsOf(parts: WarningParts): readonly string[] {
  return [
    ...assumedFigures(parts),
    ...raggedTiles(parts),
    ...looseBounds(parts),
    ...stopped(parts),
    ...rings(parts),
    ...atHome(parts),
    ...models(parts),
    ...assumedEnergy(parts),
  ];
}

const SPECIAL_PACE: readonly string[] = ["pcu.special_stages", "pcu.tail"];

function assumedFigures({ machine, limit, special_ops }: WarningParts): readonly string[] {
  const keys = (DECIDES[limit] ?? []).filter((key) => special_ops > 0 || !SPECIAL_PACE.includes(key));
  const paths = Object.keys(machine.sources).filter((path) => machine.sources[path]?.assumed && keys.some((key) => path === key || path.startsWith(`${key}.`)));
  return paths.length === 0 ? [] : [`${limit} decides, and these figures of ${machine.name} are assumed: ${listed(paths)}`];
}

function raggedTiles({ fabric }: WarningParts): readonly string[] {
  const nests = fabric.sections.flatMap(({ units }) => units.flatMap((unit) => unit.nests));
  const ragged = nests.filter(({ guards }) => guards.length > 0).length;
  return ragged === 0 ? [] : [`${ragged} of ${nests.length} loop nests overhang an extent; their ragged tiles are timed as full ones`];
}

/** A bound this many times as long as what was there is worth a word: memory is laid out, and tiles are chosen, for the bound. */
const LOOSE = 4;

function looseBounds({ program, sizes }: WarningParts): readonly string[] {
  const bounds = new Map(program.operators.flatMap(indicesOf).flatMap(({ extent, count }) => (count === undefined ? [] : [[count, extent] as const])));
  return [...bounds].flatMap(([name, bound]) => {
    const size = sizes[name];
    if (size === undefined || bound < LOOSE * Math.max(1, size)) return [];
    return [`${name} was ${size} at most, its collection is planned for ${bound}: a tighter bound may run faster`];
  });
}

function stopped({ partial }: WarningParts): readonly string[] {
  return partial === null ? [] : ["the run was stopped: from its last firing to the end, what a unit did is not known, and attributed to nothing"];
}

/** Of the cycles waited, the share from which on a ring is worth a word. */
const RING_SHARE = 0.1;

function rings({ units }: WarningParts): readonly string[] {
  const roots = waitedByRoot(units);
  const total = roots.reduce((sum, [, cycles]) => sum + cycles, 0);
  const large = roots.filter(([root, cycles]) => root.startsWith(RING) && cycles >= RING_SHARE * total);
  return large.map(([root, cycles]) => {
    return `${percent(cycles / total)} of the cycles waited are units waiting for each other around channels ${root.slice(RING.length)}: more depth there may help`;
  });
}

/** Loading what has its home on the chip is no part of a run. */
function atHome({ fabric }: WarningParts): readonly string[] {
  const presets = fabric.sections.flatMap(({ units }) => units.flatMap(({ scratch }) => scratch.flatMap(({ preset }) => preset?.tensor ?? [])));
  const tensors = [...new Set(presets)];
  return tensors.length === 0
    ? []
    : [
        `${listed(tensors)} ${tensors.length === 1 ? "has its" : "have their"} home on the chip: there when the run begins, and no time or energy is counted for that`,
      ];
}

const MEMORY_MODELS: { readonly [F in DramFidelity]: string | null } = {
  detailed: null,
  stream:
    "DRAM serves each section's bursts at the mean rate and latency that its controller reaches on them; machine.tiers.<tier>.fidelity=detailed runs every command",
  fixed: "DRAM rows and banks are not modelled: channels stream bursts at the rate of their pins, less refresh",
};

function models({ machine }: WarningParts): readonly string[] {
  const dram = fidelitiesOf(machine).flatMap((fidelity) => MEMORY_MODELS[fidelity] ?? []);
  const network = "contention in the packet network is not modelled: routes are circuits, links are budgeted by rate";
  return machine.network.kind === "packet" ? [...dram, network] : dram;
}

function assumedEnergy({ table, energy }: WarningParts): readonly string[] {
  const left = table.leaves_out.length === 0 ? [] : [`energy (${table.name}) leaves out ${table.leaves_out.join("; ")}`];
  const largest = (["compute", "sram", "network", "hbm", "ddr", "static"] as const).reduce((best, part) => (energy[part] > energy[best] ? part : best));
  return sourcesOf(table, largest).some((source) => source.includes("assumed"))
    ? [...left, `${largest} is the largest part of the energy, and table ${table.name} assumes figures of it`]
    : left;
}

function sourcesOf(table: EnergyTable, part: Exclude<keyof EnergyResult, "total">): readonly string[] {
  switch (part) {
    case "compute":
      return Object.values(table.compute_pJ).flatMap((rows) => Object.values(rows).map(({ source }) => source));
    case "sram":
      return Object.values(table.sram_pJ_per_byte).map(({ source }) => source);
    case "network":
      return Object.values(table.network_pJ).map(({ source }) => source);
    case "hbm":
    case "ddr":
      return [table.tier_pJ_per_bit[part]?.source ?? ""];
    case "static":
      return [table.static.source];
  }
}
