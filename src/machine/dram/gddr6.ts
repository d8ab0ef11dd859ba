/** GDDR6 (JESD250). Rules, organisations and speed grades as Ramulator 2.1 has them in python/ramulator/dram/gddr6.py (commit c5b1c3a). The peer gives no interval for refresh of one bank, so there is none; tRFCab is its guess. */

import { type Organization, rule, type SpeedGrade, type Standard } from "./standard.ts";

export const gddr6: Standard = {
  name: "GDDR6",
  source: "JESD250 and a Samsung 8 Gb data sheet as in Ramulator 2.1, python/ramulator/dram/gddr6.py",
  levels: ["channel", "bankgroup", "bank"],
  prefetch: 16,
  ticks_per_clock: 1,
  command_bus: "one",
  command_clocks: {},
  read_latency: "nCL + nBL",
  all_bank_level: "channel",
  // biome-ignore format: a table
  rules: [
    rule("channel",   "RD RDA", "RD RDA",    "nBL",                    "data bus"),
    rule("channel",   "WR WRA", "WR WRA",    "nBL",                    "data bus"),
    rule("channel",   "RD RDA", "RD RDA",    "nCCDS",                  "tCCD_S"),
    rule("channel",   "WR WRA", "WR WRA",    "nCCDS",                  "tCCD_S"),
    rule("channel",   "RD RDA", "WR WRA",    "nCL + 1",                "read to write: the bus turns in 1 clock"),
    rule("channel",   "WR WRA", "RD RDA",    "nCWL + nBL + nWTRS",     "tWTR_S from the last data"),
    rule("channel",   "RD",     "PREab",     "nRTP",                   "tRTP"),
    rule("channel",   "WR",     "PREab",     "nCWL + nBL + nWR",       "tWR from the last data"),
    rule("channel",   "ACT",    "ACT",       "nRRDS",                  "tRRD_S"),
    rule("channel",   "ACT",    "ACT",       "nFAW",                   "tFAW", { window: 4 }),
    rule("channel",   "ACT",    "PREab",     "nRAS",                   "tRAS"),
    rule("channel",   "PREab",  "ACT",       "nRP",                    "tRP"),
    rule("channel",   "ACT",    "REFab",     "nRC",                    "tRC"),
    rule("channel",   "PREab",  "REFab",     "nRP",                    "tRP"),
    rule("channel",   "RDA",    "REFab",     "nRP + nRTP",             "tRTP, tRP"),
    rule("channel",   "WRA",    "REFab",     "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("channel",   "REFab",  "ACT",       "nRFC",                   "tRFC"),
    rule("channel",   "ACT",    "REFpb",     "nRRDL",                  "tRRD_L, other bank"),
    rule("channel",   "PREab",  "REFpb",     "nRP",                    "tRP"),
    rule("channel",   "RDA",    "REFpb",     "nRP + nRTP",             "tRTP, tRP"),
    rule("channel",   "WRA",    "REFpb",     "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("channel",   "REFpb",  "ACT",       "nRREFD",                 "tRREFD"),
    rule("channel",   "REFpb",  "REFpb",     "nRREFD",                 "tRREFD"),
    rule("channel",   "REFab",  "ACT REFab", "nRFCab",                 "tRFCab"),
    rule("bankgroup", "RD RDA", "RD RDA",    "nCCDL",                  "tCCD_L"),
    rule("bankgroup", "WR WRA", "WR WRA",    "nCCDL",                  "tCCD_L"),
    rule("bankgroup", "WR WRA", "RD RDA",    "nCWL + nBL + nWTRL",     "tWTR_L from the last data"),
    rule("bankgroup", "ACT",    "ACT",       "nRRDL",                  "tRRD_L"),
    rule("bank",      "ACT",    "ACT",       "nRC",                    "tRC"),
    rule("bank",      "ACT",    "RD RDA",    "nRCDRD",                 "tRCDRD"),
    rule("bank",      "ACT",    "WR WRA",    "nRCDWR",                 "tRCDWR"),
    rule("bank",      "ACT",    "PREpb",     "nRAS",                   "tRAS"),
    rule("bank",      "PREpb",  "ACT",       "nRP",                    "tRP"),
    rule("bank",      "RD",     "PREpb",     "nRTP",                   "tRTP"),
    rule("bank",      "WR",     "PREpb",     "nCWL + nBL + nWR",       "tWR from the last data"),
    rule("bank",      "RDA",    "ACT",       "nRTP + nRP",             "tRTP, tRP"),
    rule("bank",      "WRA",    "ACT",       "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("bank",      "ACT",    "REFpb",     "nRC",                    "tRC"),
    rule("bank",      "PREpb",  "REFpb",     "nRP",                    "tRP"),
    rule("bank",      "RDA",    "REFpb",     "nRP + nRTP",             "tRTP, tRP"),
    rule("bank",      "WRA",    "REFpb",     "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("bank",      "REFpb",  "ACT",       "nRFCpb",                 "tRFCpb"),
  ],
  // biome-ignore format: a table
  organizations: {
    GDDR6_8Gb_x8: organization(8192, 8, 14, 11),
    GDDR6_8Gb_x16: organization(8192, 16, 14, 10),
    GDDR6_16Gb_x8: organization(16384, 8, 15, 11),
    GDDR6_16Gb_x16: organization(16384, 16, 14, 11),
    GDDR6_32Gb_x8: organization(32768, 8, 16, 11),
    GDDR6_32Gb_x16: organization(32768, 16, 15, 11),
  },
  // biome-ignore format: a table
  speeds: {
    //                              BL RCDRD RCDWR RP RAS RC WR RRDS RRDL FAW RREFD
    GDDR6_2000_1350mV_double: speed(4, 26, 16, 26, 53, 79, 26, 7, 7, 28, 14),
    GDDR6_2000_1250mV_double: speed(4, 30, 19, 30, 60, 89, 30, 11, 17, 42, 21),
    GDDR6_2000_1350mV_quad: speed(2, 26, 16, 26, 53, 79, 26, 7, 7, 28, 14),
    GDDR6_2000_1250mV_quad: speed(2, 30, 19, 30, 60, 89, 30, 11, 11, 42, 21),
  },
  derive: () => ({}),
};

function organization(density_Mb: number, dq: number, rowBits: number, columnBits: number): Organization {
  return { density_Mb, dq, width: 32, counts: { bankgroup: 4, bank: 4 }, rows: 2 ** rowBits, columns: 2 ** columnBits };
}

function speed(nBL: number, nRCDRD: number, nRCDWR: number, nRP: number, nRAS: number, nRC: number, nWR: number, ...more: readonly number[]): SpeedGrade {
  const [nRRDS = 0, nRRDL = 0, nFAW = 0, nRREFD = 0] = more;
  const fixed = { nCL: 24, nRTP: 4, nCWL: 6, nCCDS: 4, nCCDL: 6, nWTRS: 9, nWTRL: 11, nRFC: 210, nRFCpb: 105, nRFCab: 315, nREFI: 3333 };
  return { rate: 2000, tCK_ps: 570, timings: { ...fixed, nBL, nRCDRD, nRCDWR, nRP, nRAS, nRC, nWR, nRRDS, nRRDL, nFAW, nRREFD } };
}
