/** A run on a GPU -> the scene of its page: the program and its kernels. It has no fabric, so no units, sections or compiler passes, and a trace without columns. */

import type { Place } from "../base/errors.ts";
import type { GpuMachine } from "../machine/gpu.ts";
import type { Program } from "../pattern/program.ts";
import { compareSides } from "../report/compare.ts";
import type { RunResult } from "../result/result.ts";
import { ranOn } from "./gpu.ts";
import { programOf } from "./program.ts";
import type { RunBundle, SceneMachine } from "./scene.ts";

/** `report`: of the program on this machine. */
export function gpuBundle(program: Program, machine: GpuMachine, report: RunResult, placeOf: (place: Place) => Place = (place) => place): RunBundle {
  const { gpuSide, shown } = ranOn(machine, program, report);
  return {
    report,
    scene: {
      schemaVersion: 1,
      machine: machineOf(machine),
      program: programOf(program, { tensors: [] }, placeOf),
      ...{ passes: [], sections: [], actions: null, depths: null },
      gpu: { name: machine.name, why: null, sides: [shown], comparison: compareSides([gpuSide.side]) },
    },
    trace: { schemaVersion: 1, cycles: report.cycles, bin_cycles: 1, bins: 0, origin: "means", unrecorded_cycles: 0, spans: [], sections: [], tiers: [] },
  };
}

function machineOf({ name, sources }: GpuMachine): SceneMachine {
  return {
    name,
    ...{ grid: { columns: 0, rows: 0 }, units: { pcu: 0, pmu: 0, ag: 0 }, pmu_bytes: 0, lanes: 0, tracks: { vector: 0, scalar: 0, control: 0 } },
    tiers: [],
    figures: Object.entries(sources).map(([path, { text, assumed }]) => ({ path, value: "", source: text, assumed })),
  };
}
