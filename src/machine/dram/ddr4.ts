/** DDR4 (JESD79-4). Rules, organisations and speed bins as Ramulator 2.1 has them in python/ramulator/dram/ddr4.py (commit c5b1c3a). */

import { atMost, clocksOf, type Organization, rule, type SpeedGrade, type Standard } from "./standard.ts";

const siblings = { siblings: true };

export const ddr4: Standard = {
  name: "DDR4",
  source: "JESD79-4 as in Ramulator 2.1, python/ramulator/dram/ddr4.py",
  levels: ["channel", "rank", "bankgroup", "bank"],
  prefetch: 8,
  ticks_per_clock: 1,
  command_bus: "one",
  command_clocks: {},
  read_latency: "nCL + nBL",
  all_bank_level: "rank",
  // biome-ignore format: a table
  rules: [
    rule("channel",   "RD RDA",      "RD RDA",       "nBL",                     "data bus"),
    rule("channel",   "WR WRA",      "WR WRA",       "nBL",                     "data bus"),
    rule("rank",      "RD RDA",      "RD RDA",       "nCCDS",                   "tCCD_S"),
    rule("rank",      "WR WRA",      "WR WRA",       "nCCDS",                   "tCCD_S"),
    rule("rank",      "RD RDA",      "WR WRA",       "nCL + nBL + 2 - nCWL",    "read to write: the bus turns in 2 clocks"),
    rule("rank",      "WR WRA",      "RD RDA",       "nCWL + nBL + nWTRS",      "tWTR_S from the last data"),
    rule("rank",      "RD RDA",      "RD RDA WR WRA", "nBL + nCS",              "rank switch", siblings),
    rule("rank",      "WR WRA",      "RD RDA",       "nCWL + nBL + nCS - nCL",  "rank switch", siblings),
    rule("rank",      "RD",          "PREab",        "nRTP",                    "tRTP"),
    rule("rank",      "WR",          "PREab",        "nCWL + nBL + nWR",        "tWR from the last data"),
    rule("rank",      "ACT",         "ACT",          "nRRDS",                   "tRRD_S"),
    rule("rank",      "ACT",         "ACT",          "nFAW",                    "tFAW", { window: 4 }),
    rule("rank",      "ACT",         "PREab",        "nRAS",                    "tRAS"),
    rule("rank",      "PREab",       "ACT",          "nRP",                     "tRP"),
    rule("rank",      "ACT",         "REFab",        "nRC",                     "tRC"),
    rule("rank",      "PREpb PREab", "REFab",        "nRP",                     "tRP"),
    rule("rank",      "RDA",         "REFab",        "nRP + nRTP",              "tRTP, tRP"),
    rule("rank",      "WRA",         "REFab",        "nCWL + nBL + nWR + nRP",  "tWR from the last data, tRP"),
    rule("rank",      "REFab",       "ACT PREab",    "nRFC",                    "tRFC"),
    rule("bankgroup", "RD RDA",      "RD RDA",       "nCCDL",                   "tCCD_L"),
    rule("bankgroup", "WR WRA",      "WR WRA",       "nCCDL",                   "tCCD_L"),
    rule("bankgroup", "WR WRA",      "RD RDA",       "nCWL + nBL + nWTRL",      "tWTR_L from the last data"),
    rule("bankgroup", "ACT",         "ACT",          "nRRDL",                   "tRRD_L"),
    rule("bank",      "ACT",         "ACT",          "nRC",                     "tRC"),
    rule("bank",      "ACT",         "RD RDA WR WRA", "nRCD",                   "tRCD"),
    rule("bank",      "ACT",         "PREpb",        "nRAS",                    "tRAS"),
    rule("bank",      "PREpb",       "ACT",          "nRP",                     "tRP"),
    rule("bank",      "RD",          "PREpb",        "nRTP",                    "tRTP"),
    rule("bank",      "WR",          "PREpb",        "nCWL + nBL + nWR",        "tWR from the last data"),
    rule("bank",      "RDA",         "ACT",          "nRTP + nRP",              "tRTP, tRP"),
    rule("bank",      "WRA",         "ACT",          "nCWL + nBL + nWR + nRP",  "tWR from the last data, tRP"),
  ],
  // biome-ignore format: a table
  organizations: {
    DDR4_2Gb_x4:   organization(2048,  4,  4, 15),
    DDR4_2Gb_x8:   organization(2048,  8,  4, 14),
    DDR4_2Gb_x16:  organization(2048,  16, 2, 14),
    DDR4_4Gb_x4:   organization(4096,  4,  4, 16),
    DDR4_4Gb_x8:   organization(4096,  8,  4, 15),
    DDR4_4Gb_x16:  organization(4096,  16, 2, 15),
    DDR4_8Gb_x4:   organization(8192,  4,  4, 17),
    DDR4_8Gb_x8:   organization(8192,  8,  4, 16),
    DDR4_8Gb_x16:  organization(8192,  16, 2, 16),
    DDR4_16Gb_x4:  organization(16384, 4,  4, 18),
    DDR4_16Gb_x8:  organization(16384, 8,  4, 17),
    DDR4_16Gb_x16: organization(16384, 16, 2, 17),
  },
  // biome-ignore format: a table
  speeds: {
    //               rate tCK_ps CL RAS  WR RTP CWL CCDL WTRS WTRL
    DDR4_1600J:  speed(1600, 1250, 10, 28, 12, 6,  9,  5, 2, 6),
    DDR4_1600K:  speed(1600, 1250, 11, 28, 12, 6,  9,  5, 2, 6),
    DDR4_1600L:  speed(1600, 1250, 12, 28, 12, 6,  9,  5, 2, 6),
    DDR4_1866L:  speed(1866, 1071, 12, 32, 14, 7,  10, 5, 3, 7),
    DDR4_1866M:  speed(1866, 1071, 13, 32, 14, 7,  10, 5, 3, 7),
    DDR4_1866N:  speed(1866, 1071, 14, 32, 14, 7,  10, 5, 3, 7),
    DDR4_2133N:  speed(2133, 937,  14, 36, 16, 8,  11, 6, 3, 8),
    DDR4_2133P:  speed(2133, 937,  15, 36, 16, 8,  11, 6, 3, 8),
    DDR4_2133R:  speed(2133, 937,  16, 36, 16, 8,  11, 6, 3, 8),
    DDR4_2400P:  speed(2400, 833,  15, 39, 18, 9,  12, 6, 3, 9),
    DDR4_2400R:  speed(2400, 833,  16, 39, 18, 9,  12, 6, 3, 9),
    DDR4_2400U:  speed(2400, 833,  17, 39, 18, 9,  12, 6, 3, 9),
    DDR4_2400T:  speed(2400, 833,  18, 39, 18, 9,  12, 6, 3, 9),
    DDR4_2666T:  speed(2666, 750,  17, 43, 20, 10, 14, 7, 4, 10),
    DDR4_2666U:  speed(2666, 750,  18, 43, 20, 10, 14, 7, 4, 10),
    DDR4_2666V:  speed(2666, 750,  19, 43, 20, 10, 14, 7, 4, 10),
    DDR4_2666W:  speed(2666, 750,  20, 43, 20, 10, 14, 7, 4, 10),
    DDR4_2933V:  speed(2933, 682,  19, 47, 22, 11, 16, 8, 4, 11),
    DDR4_2933W:  speed(2933, 682,  20, 47, 22, 11, 16, 8, 4, 11),
    DDR4_2933Y:  speed(2933, 682,  21, 47, 22, 11, 16, 8, 4, 11),
    DDR4_2933AA: speed(2933, 682,  22, 47, 22, 11, 16, 8, 4, 11),
    DDR4_3200W:  speed(3200, 625,  20, 52, 24, 12, 16, 8, 4, 12),
    DDR4_3200AA: speed(3200, 625,  22, 52, 24, 12, 16, 8, 4, 12),
    DDR4_3200AC: speed(3200, 625,  24, 52, 24, 12, 16, 8, 4, 12),
  },
  /** tRRD, tFAW by page size (1 KB: x4, x8; 2 KB: x16) and speed; tRFC by density; tREFI 7.8 us. */
  derive: ({ dq, density_Mb }, { rate, tCK_ps }) => ({
    nRRDS: dq <= 8 ? 4 : atMost(rate, [1866, 5], [2133, 6], [2400, 7], [2933, 8], [3200, 9]),
    nRRDL:
      dq <= 8 ? atMost(rate, [1866, 5], [2400, 6], [2666, 7], [3200, 8]) : atMost(rate, [1866, 6], [2133, 7], [2400, 8], [2666, 9], [2933, 10], [3200, 11]),
    nFAW: dq <= 4 ? 16 : dq <= 8 ? smallPageWindow(rate) : atMost(rate, [1866, 28], [2133, 32], [2400, 36], [2666, 40], [2933, 44], [3200, 48]),
    nRFC: clocksOf(1000 * atMost(density_Mb, [2048, 160], [4096, 260], [8192, 360], [16384, 550]), tCK_ps),
    nREFI: clocksOf(7_800_000, tCK_ps),
  }),
};

const smallPageWindow = (rate: number): number => atMost(rate, [1600, 20], [1866, 22], [2133, 23], [2400, 26], [2666, 28], [2933, 31], [3200, 34]);

function organization(density_Mb: number, dq: number, bankgroup: number, rowBits: number): Organization {
  return { density_Mb, dq, width: 64, counts: { rank: 1, bankgroup, bank: 4 }, rows: 2 ** rowBits, columns: 1024 };
}

/** nRCD = nRP = nCL in every bin, and nRC = nRAS + nRP. */
function speed(
  rate: number,
  tCK_ps: number,
  nCL: number,
  nRAS: number,
  nWR: number,
  nRTP: number,
  nCWL: number,
  nCCDL: number,
  nWTRS: number,
  nWTRL: number,
): SpeedGrade {
  const timings = { nBL: 4, nCL, nRCD: nCL, nRP: nCL, nRAS, nRC: nRAS + nCL, nWR, nRTP, nCWL, nCCDS: 4, nCCDL, nWTRS, nWTRL, nCS: 2 };
  return { rate, tCK_ps, timings };
}
