/** HBM1 (JESD235). Rules, organisations and speed grades as Ramulator 2.1 has them in python/ramulator/dram/hbm1.py (commit c5b1c3a). */

import { atMost, clocksOf, type Organization, rule, type SpeedGrade, type Standard } from "./standard.ts";

export const hbm1: Standard = {
  name: "HBM1",
  source: "JESD235 as in Ramulator 2.1, python/ramulator/dram/hbm1.py",
  levels: ["channel", "bankgroup", "bank"],
  prefetch: 2,
  ticks_per_clock: 1,
  command_bus: "row-column",
  command_clocks: { ACT: 2 },
  read_latency: "nCL + nBL",
  all_bank_level: "channel",
  // biome-ignore format: a table
  rules: [
    rule("channel",   "RD RDA",      "RD RDA",    "nBL",                    "data bus"),
    rule("channel",   "WR WRA",      "WR WRA",    "nBL",                    "data bus"),
    rule("channel",   "RD RDA",      "RD RDA",    "nCCDS",                  "tCCD_S"),
    rule("channel",   "WR WRA",      "WR WRA",    "nCCDS",                  "tCCD_S"),
    rule("channel",   "RD RDA",      "WR WRA",    "nCL + nBL + 2 - nCWL",   "read to write: the bus turns in 2 clocks"),
    rule("channel",   "WR WRA",      "RD RDA",    "nCWL + nBL + nWTRS",     "tWTR_S from the last data"),
    rule("channel",   "RD",          "PREab",     "nRTP",                   "tRTP"),
    rule("channel",   "WR",          "PREab",     "nCWL + nBL + nWR",       "tWR from the last data"),
    rule("channel",   "ACT",         "ACT",       "nRRDS",                  "tRRD_S"),
    rule("channel",   "ACT",         "ACT",       "nFAW",                   "tFAW", { window: 4 }),
    rule("channel",   "ACT",         "PREab",     "nRAS",                   "tRAS"),
    rule("channel",   "PREab",       "ACT",       "nRP",                    "tRP"),
    rule("channel",   "ACT",         "REFab",     "nRC",                    "tRC"),
    rule("channel",   "PREpb PREab", "REFab",     "nRP",                    "tRP"),
    rule("channel",   "RDA",         "REFab",     "nRP + nRTP",             "tRTP, tRP"),
    rule("channel",   "WRA",         "REFab",     "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("channel",   "REFab",       "ACT PREab", "nRFC",                   "tRFC"),
    rule("channel",   "REFpb",       "ACT",       "nRREFD",                 "tRREFD, other bank"),
    rule("channel",   "ACT",         "REFpb",     "nRRDS",                  "tRRD, other bank"),
    rule("bankgroup", "RD RDA",      "RD RDA",    "nCCDL",                  "tCCD_L"),
    rule("bankgroup", "WR WRA",      "WR WRA",    "nCCDL",                  "tCCD_L"),
    rule("bankgroup", "WR WRA",      "RD RDA",    "nCWL + nBL + nWTRL",     "tWTR_L from the last data"),
    rule("bankgroup", "ACT",         "ACT",       "nRRDL",                  "tRRD_L"),
    rule("bank",      "ACT",         "ACT",       "nRC",                    "tRC"),
    rule("bank",      "ACT",         "RD RDA",    "nRCDRD",                 "tRCDRD"),
    rule("bank",      "ACT",         "WR WRA",    "nRCDWR",                 "tRCDWR"),
    rule("bank",      "ACT",         "PREpb",     "nRAS",                   "tRAS"),
    rule("bank",      "PREpb",       "ACT",       "nRP",                    "tRP"),
    rule("bank",      "RD",          "PREpb",     "nRTP",                   "tRTP"),
    rule("bank",      "WR",          "PREpb",     "nCWL + nBL + nWR",       "tWR from the last data"),
    rule("bank",      "RDA",         "ACT",       "nRTP + nRP",             "tRTP, tRP"),
    rule("bank",      "WRA",         "ACT",       "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("bank",      "REFpb",       "ACT",       "nRFCpb",                 "tRFCpb"),
    rule("bank",      "ACT",         "REFpb",     "nRC",                    "tRC"),
    rule("bank",      "PREpb",       "REFpb",     "nRP",                    "tRP"),
  ],
  // biome-ignore format: a table
  organizations: {
    HBM1_1Gb: organization(1024, 13),
    HBM1_2Gb: organization(2048, 14),
    HBM1_4Gb: organization(4096, 15),
  },
  // biome-ignore format: a table
  speeds: {
    //             rate  tCK_ps BL CL RCDWR RAS WR RTP CWL CCDL WTRS WTRL
    HBM1_1Gbps: speed(1000, 2000, 1, 7, 6, 17, 8, 4, 4, 2, 3, 4),
    HBM1_2Gbps: speed(2000, 1000, 1, 14, 12, 34, 16, 5, 5, 2, 6, 8),
  },
  /** tRRD 4 ns, tFAW 15 ns (typical: it is the vendor's), tRFC and tRFCSB by density, tRREFD 8 ns; tREFI 3.9 us, shared among the banks for one bank after another. */
  derive: ({ density_Mb, counts }, { tCK_ps }) => ({
    nRRDS: Math.max(4, clocksOf(4000, tCK_ps)),
    nRRDL: Math.max(4, clocksOf(4000, tCK_ps)),
    nFAW: Math.max(8, clocksOf(15_000, tCK_ps)),
    nRFC: clocksOf(1000 * atMost(density_Mb, [1024, 110], [2048, 160], [4096, 260]), tCK_ps),
    nRFCpb: clocksOf(160_000, tCK_ps),
    nRREFD: Math.max(4, clocksOf(8000, tCK_ps)),
    nREFI: clocksOf(3_900_000, tCK_ps),
    nREFIpb: clocksOf(3_900_000 / ((counts.bankgroup ?? 1) * (counts.bank ?? 1)), tCK_ps),
  }),
};

function organization(density_Mb: number, rowBits: number): Organization {
  return { density_Mb, dq: 128, width: 128, counts: { bankgroup: 4, bank: 2 }, rows: 2 ** rowBits, columns: 64 };
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
