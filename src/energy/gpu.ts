/** What kernels cost on a GPU, event by event, and the board's static power over their time, the waits for their launches included. */

import { type KernelRun, sumOfLaunches } from "../gpu/run.ts";
import { type GpuMachine, laneKindOf } from "../machine/gpu.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { SectionEnergy } from "../result/result.ts";
import { partsBy, withTotal } from "./energy.ts";

/** Compute: instructions of lanes and products of tensor cores; sram: L2; network: links to other GPUs. A part is the sum of its details, to the last digit. */
export function gpuEnergyOf(kernels: readonly KernelRun[], { power, clock_hz }: GpuMachine): Omit<SectionEnergy, "name"> {
  const sum = (of: (kernel: KernelRun) => number): number => sumOfLaunches(kernels, of);
  const lanes = ({ instructions: { f64, f32, i32 }, lane_macs, factors }: KernelRun): number =>
    f64 * power.lane_pJ.f64 + f32 * power.lane_pJ.f32 + i32 * power.lane_pJ.i32 + (factors === null ? 0 : lane_macs * power.lane_pJ[laneKindOf(factors)]);
  const tensor = ({ tensor_macs, factors }: KernelRun): number => (factors === null ? 0 : tensor_macs * power.tensor_pJ_per_mac * (bytesOf(factors) / 2));
  const none = { read: 0, write: 0, activate: 0, refresh: 0, background: 0 };
  const detail: SectionEnergy["detail_pJ"] = {
    compute: { operations: sum((kernel) => lanes(kernel) + tensor(kernel)), pcu: 0, ag: 0 },
    sram: {
      read: sum(({ l2_read_bytes }) => l2_read_bytes * power.l2_pJ_per_byte),
      write: sum(({ l2_write_bytes }) => l2_write_bytes * power.l2_pJ_per_byte),
      pmu: 0,
    },
    network: { switches: 0, wires: sum(({ link_bytes }) => link_bytes * power.link_pJ_per_byte) },
    hbm: {
      ...none,
      read: sum(({ hbm_read_bytes }) => hbm_read_bytes * power.hbm_pJ_per_byte),
      write: sum(({ hbm_write_bytes }) => hbm_write_bytes * power.hbm_pJ_per_byte),
    },
    ddr: none,
    static: { chip: (sum(({ cycles, launch_cycles }) => cycles + launch_cycles) / clock_hz) * power.static_W * 1e12 },
  };
  return { energy_pJ: withTotal(partsBy((part) => Object.values(detail[part]).reduce((total: number, one: number) => total + one, 0))), detail_pJ: detail };
}
