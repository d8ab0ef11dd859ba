/**
 * What the commands of a DRAM cost, from the supply currents (IDD) of its data sheet: VDD x current x time, after Micron's TN-40-07 and as DRAMsim3 counts it
 * (src/configuration.cc), but in picojoules: DRAMsim3 multiplies by ticks, not nanoseconds. The pins' own energy, self refresh and power-down are left out.
 */

import type { Picojoules } from "../../base/units.ts";
import type { Part } from "./part.ts";

/** Of one die. */
export interface Currents {
  readonly name: string;
  /** Data pins of the die. */
  readonly width: number;
  readonly VDD_V: number;
  /** Activates and precharges of one bank, tRC apart. */
  readonly IDD0_mA: number;
  /** Standby: all banks closed, and at least one open. */
  readonly IDD2N_mA: number;
  readonly IDD3N_mA: number;
  /** Reads and writes without a gap. */
  readonly IDD4R_mA: number;
  readonly IDD4W_mA: number;
  /** Refreshes of all banks, tRFC apart; and of one bank, where it is known. */
  readonly IDD5AB_mA: number;
  readonly IDD5PB_mA?: number;
}

/** Beyond standby, of all dies that a command goes to. */
export interface CommandEnergy {
  /** An activate and the precharge that follows it. */
  readonly activate_pJ: Picojoules;
  readonly read_pJ: Picojoules;
  readonly write_pJ: Picojoules;
  readonly refresh_pJ: Picojoules;
  readonly bank_refresh_pJ: Picojoules;
  /** A tick of a rank with a row open, and with none. */
  readonly active_tick_pJ: Picojoules;
  readonly idle_tick_pJ: Picojoules;
}

export function commandEnergy({ width, VDD_V, ...mA }: Currents, part: Part): CommandEnergy {
  const { nRC = 0, nRAS = 0, nRP = 0, nBL = 0, nRFC = 0, nRFCab = nRFC } = part.timings;
  const clock_ns = (part.tick_ps * part.standard.ticks_per_clock) / 1000;
  const dies = part.organization.width / width;
  const energy = (charge_mA_clocks: number): Picojoules => VDD_V * charge_mA_clocks * clock_ns * dies;
  const refresh_pJ = energy((mA.IDD5AB_mA - mA.IDD3N_mA) * nRFCab);
  return {
    activate_pJ: energy(mA.IDD0_mA * nRC - mA.IDD3N_mA * nRAS - mA.IDD2N_mA * nRP),
    read_pJ: energy((mA.IDD4R_mA - mA.IDD3N_mA) * nBL),
    write_pJ: energy((mA.IDD4W_mA - mA.IDD3N_mA) * nBL),
    refresh_pJ,
    bank_refresh_pJ: bankRefresh(mA, part, energy) ?? refresh_pJ / part.allBanks,
    active_tick_pJ: energy(mA.IDD3N_mA) / part.standard.ticks_per_clock,
    idle_tick_pJ: energy(mA.IDD2N_mA) / part.standard.ticks_per_clock,
  };
}

/** From IDD5PB where it is known and above standby; else it is taken as the bank's share of a refresh of all (assumed). */
function bankRefresh(
  { IDD5PB_mA, IDD3N_mA }: Omit<Currents, "width" | "VDD_V">,
  { timings }: Part,
  energy: (charge: number) => Picojoules,
): Picojoules | undefined {
  if (IDD5PB_mA === undefined || timings.nRFCpb === undefined || IDD5PB_mA <= IDD3N_mA) return undefined;
  return energy((IDD5PB_mA - IDD3N_mA) * timings.nRFCpb);
}

/** What a channel, or several, did. Ticks are summed over ranks. */
export interface DramActivity {
  readonly activates: number;
  readonly reads: number;
  readonly writes: number;
  readonly refreshes: number;
  readonly bank_refreshes: number;
  readonly active_ticks: number;
  readonly idle_ticks: number;
}

export interface DramEnergy {
  readonly activate_pJ: Picojoules;
  readonly read_pJ: Picojoules;
  readonly write_pJ: Picojoules;
  readonly refresh_pJ: Picojoules;
  readonly bank_refresh_pJ: Picojoules;
  readonly active_standby_pJ: Picojoules;
  readonly idle_standby_pJ: Picojoules;
}

export function dramEnergy(each: CommandEnergy, done: DramActivity): DramEnergy {
  return {
    activate_pJ: done.activates * each.activate_pJ,
    read_pJ: done.reads * each.read_pJ,
    write_pJ: done.writes * each.write_pJ,
    refresh_pJ: done.refreshes * each.refresh_pJ,
    bank_refresh_pJ: done.bank_refreshes * each.bank_refresh_pJ,
    active_standby_pJ: done.active_ticks * each.active_tick_pJ,
    idle_standby_pJ: done.idle_ticks * each.idle_tick_pJ,
  };
}

export const totalEnergy = (energy: DramEnergy): Picojoules => Object.values(energy).reduce((sum, part) => sum + part, 0);
