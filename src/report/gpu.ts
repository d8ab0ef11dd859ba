/** What a run on a GPU left behind -> the RunResult that all machines share. A section is a kernel, with all its launches; a configuration is a launch. */

import { hashOf } from "../base/hash.ts";
import { sumOf } from "../energy/energy.ts";
import { gpuEnergyOf } from "../energy/gpu.ts";
import { type GpuRun, type KernelRun, sumOfLaunches } from "../gpu/run.ts";
import type { GpuMachine } from "../machine/gpu.ts";
import { countOperations, footprint } from "../pattern/analysis.ts";
import type { Program } from "../pattern/program.ts";
import { assertResult } from "../result/check.ts";
import type { Bounds, EnergyDetail, EnergyResult, GridResult, HostResult, Limit, RunResult, SectionResult } from "../result/result.ts";
import { grouped, listed, percent, scaled } from "./format.ts";
import { outputRows } from "./outputs.ts";

export interface GpuParts {
  /** Of weft. */
  readonly version: string;
  readonly program: Program;
  readonly workloadHash: string;
  readonly seed: number;
  readonly machine: GpuMachine;
  readonly run: GpuRun;
  /** Of this host, as it took to simulate. */
  readonly host: Pick<HostResult, "wall_seconds" | "peak_rss_bytes">;
}

/** All launches of a kernel. */
interface Launches {
  readonly name: string;
  readonly kernels: readonly KernelRun[];
}

/** Throws (a bug in weft) where the result contradicts itself. */
export function makeGpuResult({ version, program, workloadHash, seed, machine, run, host }: GpuParts): RunResult {
  const { sources: _, ...figures } = machine;
  const { kernels, cycles } = run;
  const seconds = cycles / machine.clock_hz;
  const groups = groupsOf(kernels);
  const energy_detail: EnergyDetail = {
    ...{ table: `power of ${machine.name}`, process_nm: machine.power.process_nm },
    sections: groups.map((group) => ({ name: group.name, ...gpuEnergyOf(group.kernels, machine) })),
  };
  const energy = sumOf(energy_detail);
  const total = (of: (kernel: KernelRun) => number): number => sumOfLaunches(kernels, of);
  const tier = (read_bytes: number, write_bytes: number, peak: number) => ({
    ...{ read_bytes, write_bytes },
    achieved_bytes_per_second: seconds === 0 ? 0 : (read_bytes + write_bytes) / seconds,
    peak_bytes_per_second: peak,
  });
  const limit = limitOf(kernels, cycles, machine);
  const busy =
    1 - (total(({ idle_sm_cycles }) => idle_sm_cycles) + total(({ launch_cycles }) => launch_cycles) * machine.sm.count) / (cycles * machine.sm.count);
  const result: RunResult = {
    schemaVersion: 1,
    weft: { version },
    workload: { name: program.name, hash: workloadHash, params: program.params, seed },
    machine: { name: machine.name, hash: hashOf(figures), kind: machine.kind },
    style: "kernel-by-kernel",
    fidelity: { dram: "rate", network: "rate" },
    partial: null,
    ...{ cycles, seconds, clock_hz: machine.clock_hz },
    ops: countOperations(program),
    ...{ kernels: total(() => 1), launches: total(() => 1) },
    launch_seconds: total(({ launch_cycles }) => launch_cycles) / machine.clock_hz,
    tiers: {
      sram: tier(
        total(({ l2_read_bytes }) => l2_read_bytes),
        total(({ l2_write_bytes }) => l2_write_bytes),
        machine.l2.read_bytes_per_cycle * machine.clock_hz,
      ),
      hbm: tier(
        total(({ hbm_read_bytes }) => hbm_read_bytes),
        total(({ hbm_write_bytes }) => hbm_write_bytes),
        machine.hbm.bytes_per_second,
      ),
    },
    units: [],
    utilization: { pcu: cycles === 0 ? 0 : Math.max(0, busy), pmu: 0, ag: 0, network: 0 },
    bounds_cycles: boundsOf(kernels, machine),
    limit,
    energy_pJ: energy,
    energy_detail,
    sections: groups.map((group) => sectionRow(group, machine)),
    outputs: outputRows(program, null),
    warnings: warningsOf(run, machine, program, energy, seconds, limit),
    host: {
      ...host,
      ...{ firings: total(({ blocks }) => blocks), skipped_firings: 0, periods: [], forward: null },
      simulated_cycles_per_second: host.wall_seconds === 0 ? 0 : cycles / host.wall_seconds,
    },
  };
  assertResult(result);
  return result;
}

function groupsOf(kernels: readonly KernelRun[]): readonly Launches[] {
  const groups = new Map<string, KernelRun[]>();
  for (const kernel of kernels) {
    const group = groups.get(kernel.name);
    if (group === undefined) groups.set(kernel.name, [kernel]);
    else group.push(kernel);
  }
  return [...groups].map(([name, all]) => ({ name, kernels: all }));
}

// --- sections ---

function sectionRow({ name, kernels }: Launches, machine: GpuMachine): SectionResult {
  const sum = (of: (kernel: KernelRun) => number): number => sumOfLaunches(kernels, of);
  const cycles = sum((kernel) => kernel.cycles + kernel.launch_cycles);
  return {
    name,
    ops: kernels[0]!.ops,
    runs: sum(() => 1),
    cycles,
    configuring_cycles: sum(({ launch_cycles }) => launch_cycles),
    units: { pcu: 0, pmu: 0, ag: 0 },
    operations: {
      flops: sum(({ operations }) => operations.flops),
      int_ops: sum(({ operations }) => operations.int_ops),
      special_ops: sum(({ operations }) => operations.special_ops),
    },
    tiers: { hbm: { read_bytes: sum(({ hbm_read_bytes }) => hbm_read_bytes), write_bytes: sum(({ hbm_write_bytes }) => hbm_write_bytes) } },
    bounds_cycles: boundsOf(kernels, machine),
    limit: limitOf(kernels, cycles, machine),
    routes: { wirelength_hops: 0, longest_route_hops: 0, busiest_link: null },
    grid: gridOf(kernels, machine),
  };
}

function gridOf(kernels: readonly KernelRun[], { sm }: GpuMachine): GridResult {
  const [{ kind, tiling, blocks, slots, waves }] = kernels as [KernelRun];
  const sum = (of: (kernel: KernelRun) => number): number => sumOfLaunches(kernels, of);
  return {
    ...{ kind, tiling, blocks, slots, waves },
    idle_cycles: sum(({ idle_sm_cycles }) => idle_sm_cycles) / sm.count,
    needs_cycles: {
      tensor: sum(({ needs }) => needs.tensor),
      lanes: sum(({ needs }) => needs.lanes),
      l2: sum(({ needs }) => needs.l2),
      hbm: sum(({ needs }) => needs.hbm),
    },
    ...{ l2_read_bytes: sum(({ l2_read_bytes }) => l2_read_bytes), l2_write_bytes: sum(({ l2_write_bytes }) => l2_write_bytes) },
  };
}

/** Products at the peak of tensor cores, bytes at the rate of the pins. */
function boundsOf(kernels: readonly KernelRun[], machine: GpuMachine): Bounds {
  const bytes = sumOfLaunches(kernels, ({ hbm_read_bytes, hbm_write_bytes }) => hbm_read_bytes + hbm_write_bytes);
  const compute = sumOfLaunches(kernels, ({ bound_cycles }) => bound_cycles);
  return { compute, hbm: (bytes * machine.clock_hz) / machine.hbm.bytes_per_second, ddr: 0, network: 0 };
}

// --- limits ---

const NEEDS = ["hbm", "l2", "tensor", "lanes"] as const;

/** The resource whose own time is the longest share of the run; "launch" where waiting for launches is; "latency" where nothing takes half of the time. */
function limitOf(kernels: readonly KernelRun[], cycles: number, { sm }: GpuMachine): Limit {
  if (cycles === 0) return { resource: "none", sentence: "nothing ran" };
  const sum = (of: (kernel: KernelRun) => number): number => sumOfLaunches(kernels, of);
  const launches = sum(() => 1);
  const launch = sum(({ launch_cycles }) => launch_cycles);
  const rows = [
    ...NEEDS.map((name) => ({ name: name as string, cycles: sum(({ needs }) => needs[name]) })),
    { name: "launch", cycles: launch },
    { name: "link", cycles: sum(exchangeCycles) },
  ];
  const top = rows.reduce((most, one) => (one.cycles > most.cycles ? one : most));
  const idle = sum(({ idle_sm_cycles }) => idle_sm_cycles) / sm.count;
  const blocks = sum((kernel) => kernel.blocks);
  const slots = sum((kernel) => kernel.waves * kernel.slots * sm.count);
  const rest = [
    `${launches === 1 ? "one launch takes" : `${grouped(launches)} launches take`} ${percent(launch / cycles)}`,
    `SMs are idle ${percent(idle / cycles)}`,
    `${grouped(blocks)} blocks fill ${percent(slots === 0 ? 0 : blocks / slots)} of the places in their waves`,
    `alone, ${listed(rows.filter((row) => row !== top && row.cycles > 0).map((row) => `${WORDS[row.name]} would take ${percent(row.cycles / cycles)}`))}`,
  ];
  const head = `${WORDS[top.name]} take${top.name === "hbm" || top.name === "l2" ? "s" : ""} ${percent(top.cycles / cycles)} of ${grouped(cycles)} cycles`;
  const resource = top.cycles * 2 >= cycles ? RESOURCES[top.name]! : "latency";
  const lead = resource === "latency" ? `nothing takes half of the time (${head})` : head;
  return { resource, sentence: [lead, ...rest].join("; ") };
}

const exchangeCycles = ({ kind, cycles }: KernelRun): number => (kind === "all-reduce" || kind === "all-gather" ? cycles : 0);

const WORDS: Readonly<Record<string, string>> = {
  hbm: "HBM",
  l2: "L2",
  tensor: "tensor cores",
  lanes: "vector lanes",
  launch: "launches",
  link: "exchanges between GPUs",
};
const RESOURCES: Readonly<Record<string, string>> = { hbm: "hbm", l2: "l2", tensor: "compute", lanes: "compute", launch: "launch", link: "link" };

// --- warnings ---

function warningsOf({ held_bytes }: GpuRun, machine: GpuMachine, program: Program, energy: EnergyResult, seconds: number, limit: Limit): readonly string[] {
  const { execution, launch, power } = machine;
  const watts = seconds === 0 ? 0 : energy.total / 1e12 / seconds;
  const counted = program.operators.some(({ kind }) => kind === "flatMap" || kind === "iterate" || kind === "hash");
  return [
    `kernels as ${execution.fusion === "operator" ? "operators are" : `of a ${execution.fusion === "fused" ? "compiler that fuses" : "library"}`} (machine.execution.fusion=${execution.fusion}), launched ${REGIMES[launch.regime]} (machine.launch.regime=${launch.regime})`,
    ...(machine.link.gpus > 1
      ? [
          `all figures are of one of ${machine.link.gpus} GPUs, which share the work by tensor parallelism: together they take ${machine.link.gpus} times the energy and the bytes`,
        ]
      : []),
    ...tooLarge(program, machine),
    ...assumedFigures(machine, limit.resource),
    ...(held_bytes >= 1 ? [`${scaled(Math.round(held_bytes), "B")} of what was written are still in L2 at the end: they are among no bytes of HBM`] : []),
    ...(watts > power.limit_W ? [`${watts.toFixed(0)} W on average are above the board's limit of ${power.limit_W} W: a real one would lower its clock`] : []),
    ...(counted ? ["collections count with their bounds, and loops with all their rounds: a GPU's run computes no values"] : []),
  ];
}

/** A board that does not have the room is not refused: kernels would still take what they take. */
function tooLarge(program: Program, { hbm, link }: GpuMachine): readonly string[] {
  const { inputs, intermediates, outputs } = footprint(program);
  const bytes = inputs + intermediates + outputs;
  return bytes <= hbm.bytes * link.gpus
    ? []
    : [
        `its tensors take ${scaled(bytes, "B")}, and the HBM of ${link.gpus === 1 ? "the board has" : `${link.gpus} boards have`} ${scaled(hbm.bytes * link.gpus, "B")}: unless they give room to each other, the program does not fit`,
      ];
}

/** Figures without a source that set the pace of what limits the run. */
function assumedFigures({ sources }: GpuMachine, resource: string): readonly string[] {
  const keys = DECIDES[resource] ?? [];
  const found = Object.entries(sources).filter(([path, { assumed }]) => assumed && keys.some((key) => path === key || path.startsWith(`${key}.`)));
  return found.length === 0
    ? []
    : [`${resource} decides, and of its figures ${listed(found.map(([path]) => `machine.${path}`))} ${found.length === 1 ? "is" : "are"} assumed`];
}

const DECIDES: Readonly<Record<string, readonly string[]>> = {
  hbm: ["hbm.bytes_per_second", "hbm.achievable_share"],
  l2: ["l2.read_bytes_per_cycle", "l2.write_bytes_per_cycle", "l2.usable_share", "clock_hz"],
  compute: [
    "clock_hz",
    "sm.count",
    "sm.tensor_macs",
    "sm.tensor_share",
    "sm.warp_tensor_share",
    "sm.lanes",
    "sm.special_lanes",
    "sm.instructions",
    "sm.phase_overlap",
  ],
  launch: ["launch"],
  latency: ["l2.latency_cycles", "hbm.latency_cycles", "launch"],
};

const REGIMES: Readonly<Record<GpuMachine["launch"]["regime"], string>> = {
  eager: "by the host one after the other",
  stream: "in a stream",
  graph: "in a graph",
  persistent: "by barriers of one persistent kernel",
};
