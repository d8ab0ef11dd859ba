/** DRAMsim3's configuration files: what is read from them, what is taken where they say nothing, and what its parts' currents cost. */

import { describe, expect, it } from "vitest";
import { memoryOfIni, parseIni } from "../../../src/machine/dram/dramsim3.ts";
import { dramsim3PartNames, iniOf } from "../../../src/machine/dram/dramsim3-parts.ts";
import { commandEnergy, dramEnergy, totalEnergy } from "../../../src/machine/dram/power.ts";

const TEXT = `; a comment
[dram_structure]
protocol = GDDR5
bankgroups = 4
banks_per_group = 4 ; sixteen
rows = 16384
columns = 128
device_width = 32
BL = 8
bankgroup_enable = false

[timing]
tCK = 0.5
tRPRE = 1; read preamble
CL = 24

[system]
channel_size = 8192
bus_width = 128
address_mapping = chrobabgraco
`;

describe("a configuration file", () => {
  it("has sections, keys and comments", () => {
    const ini = parseIni(TEXT);
    expect(ini.dram_structure?.banks_per_group).toBe("4");
    expect(ini.timing).toEqual({ tCK: "0.5", tRPRE: "1; read preamble", CL: "24" });
  });

  it("becomes a part: columns are bursts in GDDR, ranks fill the channel, groups that are off are one", () => {
    const { part, mapping, channels } = memoryOfIni("gddr", parseIni(TEXT));
    expect([part.tick_ps, part.burst, part.access_bytes, part.columns, part.rows]).toEqual([500, 2, 128, 128, 16384]);
    expect(part.levels.map(({ level, count }) => [level, count])).toEqual([
      ["channel", 1],
      ["rank", 2],
      ["bankgroup", 1],
      ["bank", 16],
    ]);
    expect([mapping, channels]).toEqual(["chrobabgraco", 1]);
    expect(part.timings.nREFI).toBe(7800);
  });

  it("is refused where its protocol is none", () => {
    expect(() => memoryOfIni("x", parseIni(TEXT.replace("GDDR5", "DDR6")))).toThrow('there is no DRAM protocol "DDR6"');
  });
});

describe("the parts of the table", () => {
  it("can all be made, with power-of-two organisations and a whole number of ranks", () => {
    for (const name of dramsim3PartNames) {
      const { part } = memoryOfIni(name, iniOf(name));
      for (const size of [part.banks, part.rows, part.columns, part.access_bytes]) expect(Number.isInteger(Math.log2(size)), `${name}: ${size}`).toBe(true);
      expect(
        part.rules.every(({ delay }) => Number.isInteger(delay)),
        name,
      ).toBe(true);
    }
  });

  it("have the sizes and ranks of their names", () => {
    const shape = (name: string): readonly number[] => {
      const { part } = memoryOfIni(name, iniOf(name));
      return [part.organization.density_Mb, part.banks / part.allBanks];
    };
    expect(shape("DDR4_8Gb_x8_3200")).toEqual([8192, 2]);
    expect(shape("DDR3_4Gb_x8_1600")).toEqual([4096, 2]);
    expect(shape("HBM2_8Gb_x128")).toEqual([8192, 1]);
  });
});

describe("energy from supply currents", () => {
  const { part, currents } = memoryOfIni("DDR4_8Gb_x8_3200", iniOf("DDR4_8Gb_x8_3200"));
  const each = commandEnergy(currents, part);
  const none = { activates: 0, reads: 0, writes: 0, refreshes: 0, bank_refreshes: 0, active_ticks: 0, idle_ticks: 0 };

  it("is voltage, current and time of eight dies", () => {
    expect(each.activate_pJ).toBeCloseTo(1.2 * (57 * 74 - 52 * 52 - 37 * 22) * 0.63 * 8, 6);
    expect(each.read_pJ).toBeCloseTo(1.2 * (168 - 52) * 4 * 0.63 * 8, 6);
    expect(each.refresh_pJ).toBeCloseTo(1.2 * (250 - 52) * 560 * 0.63 * 8, 6);
    expect(each.idle_tick_pJ).toBeCloseTo(1.2 * 37 * 0.63 * 8, 6);
  });

  it("adds up from its parts and is nothing where nothing was done", () => {
    expect(totalEnergy(dramEnergy(each, none))).toBe(0);
    const done = { ...none, activates: 3, reads: 5, active_ticks: 7 };
    expect(totalEnergy(dramEnergy(each, done))).toBeCloseTo(3 * each.activate_pJ + 5 * each.read_pJ + 7 * each.active_tick_pJ, 6);
  });

  it("is never negative, of any command of any part: a bank's refresh whose current is unknown is its share of a refresh of all", () => {
    for (const name of dramsim3PartNames) {
      const made = memoryOfIni(name, iniOf(name));
      const energy = commandEnergy(made.currents, made.part);
      for (const [what, value] of Object.entries(energy)) expect(value, `${name} ${what}`).toBeGreaterThanOrEqual(0);
      expect(energy.bank_refresh_pJ, name).toBeLessThanOrEqual(energy.refresh_pJ);
    }
  });
});
