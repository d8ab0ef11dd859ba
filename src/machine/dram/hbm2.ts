/** HBM2 (JESD235). Rules, organisations and speed grades as Ramulator 2.1 has them in python/ramulator/dram/hbm2.py (commit c5b1c3a). A channel is two pseudochannels of 64 pins that share its command buses. */

import { atMost, clocksOf, type Organization, rule, type SpeedGrade, type Standard } from "./standard.ts";

export const hbm2: Standard = {
  name: "HBM2",
  source: "JESD235 as in Ramulator 2.1, python/ramulator/dram/hbm2.py",
  levels: ["channel", "pseudochannel", "bankgroup", "bank"],
  prefetch: 4,
  ticks_per_clock: 1,
  command_bus: "row-column",
  command_clocks: { ACT: 2 },
  read_latency: "nCL + nBL",
  all_bank_level: "pseudochannel",
  // biome-ignore format: a table
  rules: [
    rule("pseudochannel", "RD RDA",      "RD RDA",    "nBL",                    "data bus"),
    rule("pseudochannel", "WR WRA",      "WR WRA",    "nBL",                    "data bus"),
    rule("pseudochannel", "RD RDA",      "RD RDA",    "nCCDS",                  "tCCD_S"),
    rule("pseudochannel", "WR WRA",      "WR WRA",    "nCCDS",                  "tCCD_S"),
    rule("pseudochannel", "RD RDA",      "WR WRA",    "nCL + nBL + 2 - nCWL",   "read to write: the bus turns in 2 clocks"),
    rule("pseudochannel", "WR WRA",      "RD RDA",    "nCWL + nBL + nWTRS",     "tWTR_S from the last data"),
    rule("pseudochannel", "RD",          "PREab",     "nRTP",                   "tRTP"),
    rule("pseudochannel", "WR",          "PREab",     "nCWL + nBL + nWR",       "tWR from the last data"),
    rule("pseudochannel", "ACT",         "ACT",       "nRRDS",                  "tRRD_S"),
    rule("pseudochannel", "ACT",         "ACT",       "nFAW",                   "tFAW", { window: 4 }),
    rule("pseudochannel", "ACT",         "PREab",     "nRAS",                   "tRAS"),
    rule("pseudochannel", "PREab",       "ACT",       "nRP",                    "tRP"),
    rule("pseudochannel", "ACT",         "REFab",     "nRC",                    "tRC"),
    rule("pseudochannel", "PREpb PREab", "REFab",     "nRP",                    "tRP"),
    rule("pseudochannel", "RDA",         "REFab",     "nRP + nRTP",             "tRTP, tRP"),
    rule("pseudochannel", "WRA",         "REFab",     "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("pseudochannel", "REFab",       "ACT PREab", "nRFC",                   "tRFC"),
    rule("pseudochannel", "REFpb",       "ACT",       "nRREFD",                 "tRREFD, other bank"),
    rule("pseudochannel", "ACT",         "REFpb",     "nRRDS",                  "tRRD, other bank"),
    rule("bankgroup",     "RD RDA",      "RD RDA",    "nCCDL",                  "tCCD_L"),
    rule("bankgroup",     "WR WRA",      "WR WRA",    "nCCDL",                  "tCCD_L"),
    rule("bankgroup",     "WR WRA",      "RD RDA",    "nCWL + nBL + nWTRL",     "tWTR_L from the last data"),
    rule("bankgroup",     "ACT",         "ACT",       "nRRDL",                  "tRRD_L"),
    rule("bank",          "ACT",         "ACT",       "nRC",                    "tRC"),
    rule("bank",          "ACT",         "RD RDA",    "nRCDRD",                 "tRCDRD"),
    rule("bank",          "ACT",         "WR WRA",    "nRCDWR",                 "tRCDWR"),
    rule("bank",          "ACT",         "PREpb",     "nRAS",                   "tRAS"),
    rule("bank",          "PREpb",       "ACT",       "nRP",                    "tRP"),
    rule("bank",          "RD",          "PREpb",     "nRTP",                   "tRTP"),
    rule("bank",          "WR",          "PREpb",     "nCWL + nBL + nWR",       "tWR from the last data"),
    rule("bank",          "RDA",         "ACT",       "nRTP + nRP",             "tRTP, tRP"),
    rule("bank",          "WRA",         "ACT",       "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("bank",          "REFpb",       "ACT",       "nRFCpb",                 "tRFCpb"),
    rule("bank",          "ACT",         "REFpb",     "nRC",                    "tRC"),
    rule("bank",          "PREpb",       "REFpb",     "nRP",                    "tRP"),
  ],
  // biome-ignore format: a table
  organizations: {
    HBM2_1Gb: organization(1024, 13),
    HBM2_2Gb: organization(2048, 14),
    HBM2_4Gb: organization(4096, 15),
    HBM2_8Gb: organization(8192, 16),
  },
  // biome-ignore format: a table
  speeds: {
    //                rate  tCK_ps BL CL RCDWR RAS WR RTP CWL CCDL WTRS WTRL
    HBM2_1600Mbps: speed(1600, 1250, 2, 10, 8,  24, 12, 4, 4, 4, 5, 6),
    HBM2_2000Mbps: speed(2000, 1000, 2, 14, 12, 34, 16, 5, 5, 4, 6, 8),
    HBM2_2400Mbps: speed(2400, 833,  2, 17, 14, 40, 19, 6, 6, 4, 8, 10),
  },
  /** tRRD 4 ns, tFAW 15 ns (typical: it is the vendor's), tRFC and tRFCSB by density, tRREFD 8 ns; tREFI 3.9 us, shared among the banks for one bank after another. */
  derive: ({ density_Mb, counts }, { tCK_ps }) => ({
    nRRDS: Math.max(4, clocksOf(4000, tCK_ps)),
    nRRDL: Math.max(4, clocksOf(4000, tCK_ps)),
    nFAW: Math.max(8, clocksOf(15_000, tCK_ps)),
    nRFC: clocksOf(1000 * atMost(density_Mb, [1024, 110], [2048, 160], [4096, 260], [8192, 350], [16384, 450]), tCK_ps),
    nRFCpb: clocksOf(density_Mb <= 8192 ? 160_000 : 200_000, tCK_ps),
    nRREFD: Math.max(4, clocksOf(8000, tCK_ps)),
    nREFI: clocksOf(3_900_000, tCK_ps),
    nREFIpb: clocksOf(3_900_000 / ((counts.pseudochannel ?? 1) * (counts.bankgroup ?? 1) * (counts.bank ?? 1)), tCK_ps),
  }),
};

/** A column address of HBM names a whole access: 32 of them are 128 columns. */
function organization(density_Mb: number, rowBits: number): Organization {
  return { density_Mb, dq: 64, width: 64, counts: { pseudochannel: 2, bankgroup: 4, bank: 4 }, rows: 2 ** rowBits, columns: 128 };
}

/** nRP = nRCDRD = nCL, and nRC = nRAS + nRP. */
function speed(
  rate: number,
  tCK_ps: number,
  nBL: number,
  nCL: number,
  nRCDWR: number,
  nRAS: number,
  nWR: number,
  nRTP: number,
  nCWL: number,
  ...more: readonly number[]
): SpeedGrade {
  const [nCCDL = 0, nWTRS = 0, nWTRL = 0] = more;
  const core = { nBL, nCL, nRCDRD: nCL, nRCDWR, nRP: nCL, nRAS, nRC: nRAS + nCL, nWR, nRTP, nCWL };
  return { rate, tCK_ps, timings: { ...core, nCCDS: nBL, nCCDL, nWTRS, nWTRL } };
}
