/** DDR3 (JESD79-3). Rules, organisations and speed grades as Ramulator 2.1 has them in python/ramulator/dram/ddr3.py (commit c5b1c3a). */

import { atMost, clocksOf, type Organization, rule, type SpeedGrade, type Standard } from "./standard.ts";

const siblings = { siblings: true };

export const ddr3: Standard = {
  name: "DDR3",
  source: "JESD79-3 as in Ramulator 2.1, python/ramulator/dram/ddr3.py",
  levels: ["channel", "rank", "bank"],
  prefetch: 8,
  ticks_per_clock: 1,
  command_bus: "one",
  command_clocks: {},
  read_latency: "nCL + nBL",
  all_bank_level: "rank",
  // biome-ignore format: a table
  rules: [
    rule("channel", "RD RDA",      "RD RDA",        "nBL",                    "data bus"),
    rule("channel", "WR WRA",      "WR WRA",        "nBL",                    "data bus"),
    rule("rank",    "RD RDA",      "RD RDA",        "nCCD",                   "tCCD"),
    rule("rank",    "WR WRA",      "WR WRA",        "nCCD",                   "tCCD"),
    rule("rank",    "RD RDA",      "WR WRA",        "nCL + nBL + 2 - nCWL",   "read to write: the bus turns in 2 clocks"),
    rule("rank",    "WR WRA",      "RD RDA",        "nCWL + nBL + nWTR",      "tWTR from the last data"),
    rule("rank",    "RD RDA",      "RD RDA WR WRA", "nBL + nCS",              "rank switch", siblings),
    rule("rank",    "WR WRA",      "RD RDA",        "nCWL + nBL + nCS - nCL", "rank switch", siblings),
    rule("rank",    "RD",          "PREab",         "nRTP",                   "tRTP"),
    rule("rank",    "WR",          "PREab",         "nCWL + nBL + nWR",       "tWR from the last data"),
    rule("rank",    "ACT",         "ACT",           "nRRD",                   "tRRD"),
    rule("rank",    "ACT",         "ACT",           "nFAW",                   "tFAW", { window: 4 }),
    rule("rank",    "ACT",         "PREab",         "nRAS",                   "tRAS"),
    rule("rank",    "PREab",       "ACT",           "nRP",                    "tRP"),
    rule("rank",    "ACT",         "REFab",         "nRC",                    "tRC"),
    rule("rank",    "PREpb PREab", "REFab",         "nRP",                    "tRP"),
    rule("rank",    "RDA",         "REFab",         "nRP + nRTP",             "tRTP, tRP"),
    rule("rank",    "WRA",         "REFab",         "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("rank",    "REFab",       "ACT",           "nRFC",                   "tRFC"),
    rule("bank",    "ACT",         "ACT",           "nRC",                    "tRC"),
    rule("bank",    "ACT",         "RD RDA WR WRA", "nRCD",                   "tRCD"),
    rule("bank",    "ACT",         "PREpb",         "nRAS",                   "tRAS"),
    rule("bank",    "PREpb",       "ACT",           "nRP",                    "tRP"),
    rule("bank",    "RD",          "PREpb",         "nRTP",                   "tRTP"),
    rule("bank",    "WR",          "PREpb",         "nCWL + nBL + nWR",       "tWR from the last data"),
    rule("bank",    "RDA",         "ACT",           "nRTP + nRP",             "tRTP, tRP"),
    rule("bank",    "WRA",         "ACT",           "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
  ],
  // biome-ignore format: a table
  organizations: {
    DDR3_1Gb_x4: organization(1024, 4, 14, 11),
    DDR3_1Gb_x8: organization(1024, 8, 14, 10),
    DDR3_1Gb_x16: organization(1024, 16, 13, 10),
    DDR3_2Gb_x4: organization(2048, 4, 15, 11),
    DDR3_2Gb_x8: organization(2048, 8, 15, 10),
    DDR3_2Gb_x16: organization(2048, 16, 14, 10),
    DDR3_4Gb_x4: organization(4096, 4, 16, 11),
    DDR3_4Gb_x8: organization(4096, 8, 16, 10),
    DDR3_4Gb_x16: organization(4096, 16, 15, 10),
    DDR3_8Gb_x4: organization(8192, 4, 17, 11),
    DDR3_8Gb_x8: organization(8192, 8, 17, 10),
    DDR3_8Gb_x16: organization(8192, 16, 16, 10),
  },
  // biome-ignore format: a table
  speeds: {
    //              rate  tCK_ps CL RAS WR RTP CWL WTR
    DDR3_800D: speed(800, 2500, 5, 15, 6, 4, 5, 4),
    DDR3_800E: speed(800, 2500, 6, 15, 6, 4, 5, 4),
    DDR3_1066E: speed(1066, 1875, 6, 20, 8, 4, 6, 4),
    DDR3_1066F: speed(1066, 1875, 7, 20, 8, 4, 6, 4),
    DDR3_1066G: speed(1066, 1875, 8, 20, 8, 4, 6, 4),
    DDR3_1333G: speed(1333, 1500, 8, 24, 10, 5, 7, 5),
    DDR3_1333H: speed(1333, 1500, 9, 24, 10, 5, 7, 5),
    DDR3_1600H: speed(1600, 1250, 9, 28, 12, 6, 8, 6),
    DDR3_1600J: speed(1600, 1250, 10, 28, 12, 6, 8, 6),
    DDR3_1600K: speed(1600, 1250, 11, 28, 12, 6, 8, 6),
    DDR3_1866K: speed(1866, 1071, 11, 32, 14, 7, 9, 7),
    DDR3_1866L: speed(1866, 1071, 12, 32, 14, 7, 9, 7),
    DDR3_2133L: speed(2133, 937, 12, 36, 16, 8, 10, 8),
    DDR3_2133M: speed(2133, 937, 13, 36, 16, 8, 10, 8),
  },
  /** tRRD and tFAW by page size (1 KB: x4, x8; 2 KB: x16) and speed; tRFC by density; tREFI 7.8 us. */
  derive: ({ dq, density_Mb }, { rate, tCK_ps }) => ({
    nRRD: dq <= 8 ? atMost(rate, [1333, 4], [1866, 5], [2133, 6]) : atMost(rate, [800, 4], [1066, 6], [1333, 5], [1866, 6], [2133, 7]),
    nFAW: dq <= 8 ? atMost(rate, [800, 16], [1333, 20], [1600, 24], [1866, 26], [2133, 27]) : largePageWindow(rate),
    nRFC: clocksOf(1000 * atMost(density_Mb, [1024, 110], [2048, 160], [4096, 260], [8192, 350]), tCK_ps),
    nREFI: clocksOf(7_800_000, tCK_ps),
  }),
};

const largePageWindow = (rate: number): number => atMost(rate, [800, 20], [1066, 27], [1333, 30], [1600, 32], [1866, 33], [2133, 34]);

function organization(density_Mb: number, dq: number, rowBits: number, columnBits: number): Organization {
  return { density_Mb, dq, width: 64, counts: { rank: 1, bank: 8 }, rows: 2 ** rowBits, columns: 2 ** columnBits };
}

/** nRCD = nRP = nCL in every bin, and nRC = nRAS + nRP. */
function speed(rate: number, tCK_ps: number, nCL: number, nRAS: number, nWR: number, nRTP: number, nCWL: number, nWTR: number): SpeedGrade {
  return { rate, tCK_ps, timings: { nBL: 4, nCL, nRCD: nCL, nRP: nCL, nRAS, nRC: nRAS + nCL, nWR, nRTP, nCWL, nCCD: 4, nWTR, nCS: 2 } };
}
