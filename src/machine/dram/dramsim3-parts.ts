/**
 * Parts of DRAMsim3's configs/*.ini (umd-memsys/DRAMsim3; GDDR5 to GDDR6 as in hplp/DRAMsim3), one a line. Times are in clocks, currents in milliamperes, VDD in
 * volts, tCK in nanoseconds, a channel's size in megabytes. DDR3 and LPDDR3 name their refresh interval REFI, which DRAMsim3 does not read: it takes
 * its default of 7800 clocks, and so does weft; HBM has no tRTP and no tRTRS likewise. DDR4_8Gb_x8_2400: timings as its neighbours', currents of an older commit.
 */

import { UserError } from "../../base/errors.ts";
import { suggestion } from "../../base/suggest.ts";
import type { Ini } from "./dramsim3.ts";

const DDR = "tCK CL CWL tRCD tRP tRAS tRFC tRRD_S tRRD_L tWTR_S tWTR_L tFAW tWR tRTP tCCD_S tCCD_L tRTRS tREFI";
const HBM = "tCK CL CWL tRCDRD tRCDWR tRP tRAS tRFC tRRD_S tRRD_L tWTR_S tWTR_L tFAW tWR tCCD_S tCCD_L tREFI tREFIb";
const GDDR = "tCK CL CWL tRCDRD tRCDWR tRP tRAS tRFC tRRD_S tRRD_L tWTR_S tWTR_L tFAW tWR tCCD_S tCCD_L tRTRS tPPD t32AW tREFI tRFCb tREFIb";
const LPDDR = "tCK CL CWL tRCD tRP tRAS tRFC tRRD_S tRRD_L tWTR_S tWTR_L tFAW tWR tRTP tCCD_S tCCD_L tRTRS tRFCb tREFIb";

/** Columns: bank groups, banks a group, rows, columns, die width, burst; timings as named above; VDD IDD0 IDD2N IDD3N IDD4W IDD4R IDD5AB (IDD5PB); channel size, channels, bus width. */
// biome-ignore format: a table
const PARTS: { readonly [name: string]: Ini } = {
  DDR3_1Gb_x8_1333:  ddr("DDR3", "1 8 16384 1024 8 8",   "1.5  10 7  10 10 24 74  4 4 5 5 20 10 5 4 4 1 5200", "1.35 33 17 23 77 72 155",   "1024 1 64"),
  DDR3_4Gb_x8_1600:  ddr("DDR3", "1 8 65536 1024 8 8",   "1.25 11 8  11 11 28 208 5 5 6 6 24 12 6 4 4 1",      "1.35 55 32 38 125 157 235", "8192 1 64"),
  DDR3_4Gb_x8_1866:  ddr("DDR3", "1 8 65536 1024 8 8",   "1.07 13 9  13 13 32 243 5 5 7 7 26 15 6 4 4 1",      "1.35 62 35 41 141 174 242", "8192 1 64"),
  DDR3_8Gb_x8_1600:  ddr("DDR3", "1 8 65536 2048 8 8",   "1.25 11 8  11 11 28 280 6 6 6 6 32 12 6 4 4 1",      "1.35 67 36 51 125 125 245", "16384 1 64"),
  DDR3_8Gb_x8_1866:  ddr("DDR3", "1 8 65536 2048 8 8",   "1.07 13 9  13 13 32 328 6 6 7 7 33 15 7 4 4 1",      "1.35 69 38 53 135 135 250", "16384 1 64"),
  DDR3_8Gb_x16_1600: ddr("DDR3", "1 8 65536 1024 16 8",  "1.25 11 8  11 11 28 280 6 6 6 6 32 12 6 4 4 1",      "1.35 67 36 51 185 185 270", "8192 1 64"),
  DDR4_4Gb_x8_1866:  ddr("DDR4", "4 4 32768 1024 8 8",   "1.07 13 10 13 13 32 243 4 5 3 7 22 14 7 4 5 1 7285",   "1.2 55 40 55 140 125 170", "8192 1 64"),
  DDR4_4Gb_x8_2133:  ddr("DDR4", "4 4 32768 1024 8 8",   "0.94 16 11 16 16 36 278 4 6 3 8 23 16 8 4 6 1 8328",   "1.2 55 42 55 155 135 170", "8192 1 64"),
  DDR4_4Gb_x8_2400:  ddr("DDR4", "4 4 32768 1024 8 8",   "0.83 17 12 17 17 39 312 4 6 3 9 26 18 9 4 6 1 9360",   "1.2 60 45 60 175 145 175", "8192 1 64"),
  DDR4_4Gb_x8_2666:  ddr("DDR4", "4 4 32768 1024 8 8",   "0.75 19 14 19 19 43 347 4 7 4 10 28 20 10 4 7 1 10398", "1.2 65 50 65 195 170 175", "8192 1 64"),
  DDR4_4Gb_x16_2400: ddr("DDR4", "2 4 32768 1024 16 8",  "0.83 17 12 17 17 39 312 7 8 3 9 36 18 9 4 6 1 9360",   "1.2 65 45 60 285 205 175", "4096 1 64"),
  DDR4_8Gb_x4_2400:  ddr("DDR4", "4 4 131072 1024 4 8",  "0.83 17 12 17 17 39 420 4 6 3 9 16 18 9 4 6 1 9360",   "1.2 43 34 38 103 110 250", "32768 1 64"),
  DDR4_8Gb_x4_3200:  ddr("DDR4", "4 4 131072 1024 4 8",  "0.63 22 16 22 22 52 560 4 8 4 12 16 24 12 4 8 1 12480", "1.2 52 37 47 130 143 250", "32768 1 64"),
  DDR4_8Gb_x8_2133:  ddr("DDR4", "4 4 65536 1024 8 8",   "0.94 16 11 16 16 36 374 4 6 3 8 23 16 8 4 6 1 8328",   "1.2 45 33 40 115 125 250", "16384 1 64"),
  DDR4_8Gb_x8_2400:  ddr("DDR4", "4 4 65536 1024 8 8",   "0.83 17 12 17 17 39 420 4 6 3 9 26 18 9 4 6 1 9360",   "1.2 48 34 43 123 135 250", "16384 1 64"),
  DDR4_8Gb_x8_2666:  ddr("DDR4", "4 4 65536 1024 8 8",   "0.75 19 14 19 19 43 467 4 7 4 10 28 20 10 4 7 1 10398", "1.2 51 35 46 132 146 250", "16384 1 64"),
  DDR4_8Gb_x8_2933:  ddr("DDR4", "4 4 65536 1024 8 8",   "0.68 21 16 21 21 47 514 4 8 4 11 31 22 11 4 8 1 11439", "1.2 54 36 49 141 157 250", "16384 1 64"),
  DDR4_8Gb_x8_3200:  ddr("DDR4", "4 4 65536 1024 8 8",   "0.63 22 16 22 22 52 560 4 8 4 12 34 24 12 4 8 1 12480", "1.2 57 37 52 150 168 250", "16384 1 64"),
  DDR4_8Gb_x16_2400: ddr("DDR4", "2 4 65536 1024 16 8",  "0.83 17 12 17 17 39 420 7 8 3 9 36 18 9 4 6 1 9360",   "1.2 80 34 47 228 243 280", "8192 1 64"),
  DDR4_8Gb_x16_3200: ddr("DDR4", "2 4 65536 1024 16 8",  "0.63 22 16 22 22 52 560 9 11 4 12 48 24 12 4 8 1 12480", "1.2 95 37 56 278 302 280", "8192 1 64"),
  LPDDR3_8Gb_x32_1333: lpddr("1 8 32768 1024 32 8", "1.5  10 8  12 12 28 140 7  7  5 5 34 10 5 4 4 1 60 325", "1.2 40 20 20.5 215 220 150",   "2048 1 64"),
  LPDDR3_8Gb_x32_1600: lpddr("1 8 32768 1024 32 8", "1.25 12 9  15 15 34 168 8  8  6 6 40 12 6 4 4 1 72 390", "1.2 40 20.5 21 245 250 150",   "2048 1 64"),
  LPDDR3_8Gb_x32_1866: lpddr("1 8 32768 1024 32 8", "1.07 14 11 17 17 40 196 10 10 7 7 47 15 7 4 4 1 85 456", "1.2 41.5 21.5 22 285 290 150", "2048 1 64"),
  GDDR5_1Gb_x32:  gddr("GDDR5",  "4 4 4096 64 32 8",   "0.667 24 7  18 15 18 42 98  9  9  8  8  35 18 2 3 0 2 280 11699",        "1.5 490 250 450 1160 1080 450 45", "1024 1 256"),
  GDDR5_8Gb_x32:  gddr("GDDR5",  "4 4 16384 128 32 8", "0.667 24 7  24 20 24 56 74  10 10 10 10 40 24 2 3 1 5 360 3800 30 238",  "1.5 71 60 61 231 248 286 45",      "4096 1 128"),
  GDDR5X_8Gb_x32: gddr("GDDR5X", "4 4 16384 64 32 16", "0.666 24 7  18 15 18 42 98  9  9  8  8  35 18 2 3 0 2 280 11699",        "1.35 500 260 480 2320 2160 600 60", "4096 1 128"),
  GDDR6_8Gb_x16:  gddr("GDDR6",  "4 4 16384 128 16 16", "0.66 24 16 24 20 24 54 126 9  9  7  7  32 16 3 4 1 2 420 11862 30 238", "1.35 71 60 61 231 248 286 45",     "4096 1 128"),
  HBM1_4Gb_x128: hbm("4 4 16384 64 128 4", "2 7  2 7  7  7  17 130 2 3 3 4 15 8  1 1 1950 64",  "1.2 65 40 55 440 360 250", "512 8 128"),
  HBM2_4Gb_x128: hbm("4 4 16384 64 128 4", "1 14 4 14 14 14 34 260 4 6 6 8 30 16 1 2 3900 128", "1.2 65 40 55 500 390 250", "512 8 128"),
  HBM2_8Gb_x128: hbm("4 4 32768 64 128 4", "1 14 4 14 14 14 34 260 4 6 6 8 30 16 1 2 3900 128", "1.2 65 40 55 500 390 250", "1024 8 128"),
};

export const dramsim3PartNames: readonly string[] = Object.keys(PARTS);

/** The configuration file of that name, with these keys of its section `system` set otherwise. */
export function iniOf(name: string, system: { readonly [key: string]: string } = {}): Ini {
  if (!Object.hasOwn(PARTS, name))
    throw new UserError({ code: "unknown-dram-part", message: `DRAMsim3 has no configuration "${name}"`, hint: suggestion(name, dramsim3PartNames) });
  const ini = PARTS[name] as Ini;
  return { ...ini, system: { ...ini.system, ...system } };
}

function ddr(protocol: string, structure: string, timing: string, power: string, system: string): Ini {
  return ini(protocol, structure, keyed(DDR, timing), power, system, "rochrababgco");
}

function lpddr(structure: string, timing: string, power: string, system: string): Ini {
  return ini("LPDDR3", structure, keyed(LPDDR, timing), power, system, "rochrababgco");
}

/** Its bank groups are switched off. */
function gddr(protocol: string, structure: string, timing: string, power: string, system: string): Ini {
  const made = ini(protocol, structure, keyed(GDDR, timing), power, system, "rochrababgco");
  return { ...made, dram_structure: { ...made.dram_structure, bankgroup_enable: "false" } };
}

function hbm(structure: string, timing: string, power: string, system: string): Ini {
  return ini("HBM", structure, keyed(HBM, timing), power, system, "rorabgbachco");
}

function ini(protocol: string, structure: string, timing: Ini[string], power: string, system: string, address_mapping: string): Ini {
  return {
    dram_structure: { protocol, ...keyed("bankgroups banks_per_group rows columns device_width BL", structure) },
    timing,
    power: keyed("VDD IDD0 IDD2N IDD3N IDD4W IDD4R IDD5AB IDD5PB", power),
    system: { ...keyed("channel_size channels bus_width", system), address_mapping, cmd_queue_size: "8", trans_queue_size: "32" },
  };
}

/** Keys that have no value are left out. */
function keyed(keys: string, values: string): { readonly [key: string]: string } {
  const words = values.trim().split(/\s+/);
  return Object.fromEntries(
    keys
      .split(" ")
      .slice(0, words.length)
      .map((key, index) => [key, words[index] as string]),
  );
}
