/**
 * What could make a run faster: other choices of the compiler, which a schedule pins, and a machine with more of one thing. None of them is known to help: `weft explain` estimates them,
 * and runs the most promising.
 */

import { UserError } from "../base/errors.ts";
import { mergeSchedules, otherChoices, scheduled } from "../compile/candidates.ts";
import { type Compiled, compile } from "../compile/index.ts";
import { reconfigurationCycles } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import type { Schedule } from "../pattern/program.ts";
import { plannedCycles, plannedLoads } from "../report/planned.ts";
import type { RowProgress } from "./comparison.ts";
import { readMachine } from "./machines.ts";
import { parseSettings } from "./settings.ts";
import { type Common, load } from "./target.ts";

export interface Change {
  readonly what: string;
  readonly of: "program" | "machine";
  /** Section of the compiler's own choice that it is about, by its name; null: all of the run. */
  readonly section: string | null;
  /** As `--set` takes them. */
  readonly set: readonly string[];
  /** The whole schedule of the program with it; null: as it is. */
  readonly schedule: Schedule | null;
  /** What a report may name as limit that it relieves: the cost model does not see all of them. */
  readonly relieves: readonly string[];
}

export interface ChangesJob extends Common {
  readonly kind: "changes";
}

/** What the run with each of them is expected to take. */
export interface EstimatesJob extends Common {
  readonly kind: "estimates";
  /** `--set` of the command, to which those of a change are added. */
  readonly set: readonly string[];
  readonly changes: readonly Pick<Change, "what" | "set" | "schedule">[];
}

export async function listChanges(job: ChangesJob): Promise<readonly Change[]> {
  const { machine, workload } = await load(job);
  return [...programChanges(compile(workload.program, machine, { style: job.style })), ...machineChanges(machine)];
}

/** Like `changes`: cycles, those included that load configurations, or null where there is no such plan, or a figure is more than a machine can have. Nothing is placed or run. */
export async function estimateChanges(job: EstimatesJob, progress: RowProgress): Promise<readonly (number | null)[]> {
  const { workload } = await load(job);
  return job.changes.map(({ what, set, schedule }, nth) => {
    progress(nth, job.changes.length, what);
    const program = schedule === null ? workload.program : scheduled(workload.program, schedule);
    try {
      const machine = readMachine(job.machine, parseSettings([...job.set, ...set]).machine);
      const { controllers } = compile(program, machine, { style: job.style });
      return plannedCycles(controllers) + plannedLoads(controllers) * reconfigurationCycles(machine);
    } catch (error) {
      if (error instanceof UserError) return null;
      throw error;
    }
  });
}

// --- of the program ---

/** Other choices of tiles and copies, and places to cut, of each section. */
const CHOICES = 3;
const CUTS = 4;

export function programChanges(compiled: Pick<Compiled, "program" | "controllers" | "searched">): readonly Change[] {
  const { program, controllers } = compiled;
  const own = program.schedule ?? {};
  const choices = otherChoices(compiled, CHOICES);
  const ofSections = controllers.sections.flatMap(({ name, operators }, s) => [
    ...choices[s]!.map((choice) => programChange(tileWords(choice), name, mergeSchedules([choice, own]))),
    ...spread(operators.slice(1), CUTS).map((at) => {
      return programChange(`a new section from ${at} on`, name, mergeSchedules([own, { cut: [...(own.cut ?? []), at] }]));
    }),
  ]);
  const uncut = (own.cut ?? []).map((at) =>
    programChange(`no cut at ${at}`, null, { ...mergeSchedules([own]), cut: own.cut!.filter((other) => other !== at) }),
  );
  const open = Object.keys(own).length === 0 ? [] : [programChange("no schedule", null, {})];
  return [...ofSections, ...uncut, ...open];
}

const programChange = (what: string, section: string | null, schedule: Schedule): Change => ({
  ...{ what, of: "program", section, set: [], schedule, relieves: [] },
});

/** "max.0 in tiles of 4, 16 copies". */
function tileWords({ tile = {}, par = {} }: Schedule): string {
  return Object.keys(tile)
    .map((loop) => `${loop} in tiles of ${tile[loop]}, ${par[loop] === 1 ? "one copy" : `${par[loop]} copies`}`)
    .join("; ");
}

/** At most `count` of them, evenly spread. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  return items.length <= count ? items : Array.from({ length: count }, (_, nth) => items[Math.floor(((nth + 0.5) * items.length) / count)]!);
}

// --- of the machine ---

export function machineChanges(machine: Machine): readonly Change[] {
  const { pcu, pmu, ag, network, tiers, reconfiguration_seconds } = machine;
  const tierChanges = (["hbm", "ddr"] as const).flatMap((name) => {
    const tier = tiers[name];
    if (tier === undefined) return [];
    return [
      machineChange(`twice the ${name} channels`, [name], { [`tiers.${name}.channels`]: 2 * tier.channels }),
      ...(tier.latency_seconds === 0
        ? []
        : [machineChange(`half the latency of ${name}`, ["latency"], { [`tiers.${name}.latency_seconds`]: tier.latency_seconds / 2 })]),
    ];
  });
  return [
    ...moreUnits(machine, "pcu"),
    ...moreUnits(machine, "pmu"),
    machineChange("twice the address generators", ["ag"], { "ag.count": 2 * ag.count }),
    machineChange("twice the lanes, with vectors and banks to match", ["compute", "sram", "ag", "network"], {
      "pcu.lanes": 2 * pcu.lanes,
      "network.vector_bytes": 2 * network.vector_bytes,
      "pmu.banks": 2 * pmu.banks,
    }),
    machineChange("PMUs of twice the size", ["sram"], { "pmu.bytes": 2 * pmu.bytes }),
    ...tierChanges,
    machineChange("twice the vector tracks of a link", ["network"], { "network.vector_links": 2 * network.vector_links }),
    ...(network.hop_cycles < 2 ? [] : [machineChange("hops of half the cycles", ["latency"], { "network.hop_cycles": Math.ceil(network.hop_cycles / 2) })]),
    machineChange("FIFOs of twice the depth", ["latency"], {
      "pcu.fifo_depth": 2 * pcu.fifo_depth,
      "pmu.fifo_depth": 2 * pmu.fifo_depth,
      "ag.fifo_depth": 2 * ag.fifo_depth,
    }),
    machineChange("twice the requests under way of an address generator", ["ag", "latency"], { "ag.outstanding": 2 * ag.outstanding }),
    ...(reconfiguration_seconds === 0 ? [] : [machineChange("no time to load a configuration", ["reconfiguration"], { reconfiguration_seconds: 0 })]),
  ];
}

/** Figures by key path. */
function machineChange(what: string, relieves: readonly string[], figures: Readonly<Record<string, number>>): Change {
  const set = Object.entries(figures).map(([path, value]) => `machine.${path}=${value}`);
  return { what, of: "machine", section: null, set, schedule: null, relieves };
}

/** Twice as many of a kind, on a grid that is wider or higher by as much. None where no such grid has a place for each. */
function moreUnits({ grid, pcu, pmu }: Machine, kind: "pcu" | "pmu"): readonly Change[] {
  const [before, added] = [pcu.count + pmu.count, { pcu, pmu }[kind].count];
  const axis = (["columns", "rows"] as const).find((one) => (grid[one] * (before + added)) % before === 0);
  if (axis === undefined) return [];
  const size = { [`${kind}.count`]: 2 * added, [`grid.${axis}`]: (grid[axis] * (before + added)) / before };
  return [machineChange(`twice the ${kind.toUpperCase()}s`, [kind === "pcu" ? "compute" : "sram"], size)];
}
