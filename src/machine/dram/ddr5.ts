/** DDR5 (JESD79-5). Rules, organisations and speed grades as Ramulator 2.1 has them in python/ramulator/dram/ddr5.py (commit c5b1c3a). A channel is one 32-bit subchannel. */

import { atMost, clocksOf, type Organization, rule, type SpeedGrade, type Standard } from "./standard.ts";

const siblings = { siblings: true };

export const ddr5: Standard = {
  name: "DDR5",
  source: "JESD79-5 as in Ramulator 2.1, python/ramulator/dram/ddr5.py",
  levels: ["channel", "rank", "bankgroup", "bank"],
  prefetch: 16,
  ticks_per_clock: 1,
  command_bus: "one",
  command_clocks: { ACT: 2, RD: 2, RDA: 2, WR: 2, WRA: 2 },
  read_latency: "nCL + nBL",
  all_bank_level: "rank",
  // biome-ignore format: a table
  rules: [
    rule("channel",   "RD RDA",      "RD RDA",        "nBL",                      "data bus"),
    rule("channel",   "WR WRA",      "WR WRA",        "nBL",                      "data bus"),
    rule("rank",      "RD RDA",      "RD RDA",        "nCCDS",                    "tCCD_S"),
    rule("rank",      "WR WRA",      "WR WRA",        "nCCDS_WR",                 "tCCD_S"),
    rule("rank",      "RD RDA",      "WR WRA",        "nCL + nBL + 2 - nCWL + 2", "read to write: the bus turns in 2 clocks, tWPRE 2"),
    rule("rank",      "WR WRA",      "RD RDA",        "nCWL + nBL + nWTRS",       "tWTR_S from the last data"),
    rule("rank",      "RD RDA",      "RD RDA WR WRA", "nBL + nCS",                "rank switch", siblings),
    rule("rank",      "WR WRA",      "RD RDA",        "nCWL + nBL + nCS - nCL",   "rank switch", siblings),
    rule("rank",      "RD",          "PREab",         "nRTP",                     "tRTP"),
    rule("rank",      "WR",          "PREab",         "nCWL + nBL + nWR",         "tWR from the last data"),
    rule("rank",      "ACT",         "ACT",           "nRRDS",                    "tRRD_S"),
    rule("rank",      "ACT",         "ACT",           "nFAW",                     "tFAW", { window: 4 }),
    rule("rank",      "ACT",         "PREab",         "nRAS",                     "tRAS"),
    rule("rank",      "PREab",       "ACT",           "nRP",                      "tRP"),
    rule("rank",      "PREpb PREab", "PREpb PREab",   "nPPD",                     "tPPD"),
    rule("rank",      "ACT",         "REFab",         "nRC",                      "tRC"),
    rule("rank",      "PREpb PREab", "REFab",         "nRP",                      "tRP"),
    rule("rank",      "RDA",         "REFab",         "nRP + nRTP",               "tRTP, tRP"),
    rule("rank",      "WRA",         "REFab",         "nCWL + nBL + nWR + nRP",   "tWR from the last data, tRP"),
    rule("rank",      "REFab",       "ACT PREab",     "nRFC",                     "tRFC"),
    rule("bankgroup", "RD RDA",      "RD RDA",        "nCCDL",                    "tCCD_L"),
    rule("bankgroup", "WR WRA",      "WR WRA",        "nCCDL_WR",                 "tCCD_L_WR"),
    rule("bankgroup", "WR WRA",      "RD RDA",        "nCWL + nBL + nWTRL",       "tWTR_L from the last data"),
    rule("bankgroup", "ACT",         "ACT",           "nRRDL",                    "tRRD_L"),
    rule("bank",      "ACT",         "ACT",           "nRC",                      "tRC"),
    rule("bank",      "ACT",         "RD RDA WR WRA", "nRCD",                     "tRCD"),
    rule("bank",      "ACT",         "PREpb",         "nRAS",                     "tRAS"),
    rule("bank",      "PREpb",       "ACT",           "nRP",                      "tRP"),
    rule("bank",      "RD",          "PREpb",         "nRTP",                     "tRTP"),
    rule("bank",      "WR",          "PREpb",         "nCWL + nBL + nWR",         "tWR from the last data"),
    rule("bank",      "RDA",         "ACT",           "nRTP + nRP",               "tRTP, tRP"),
    rule("bank",      "WRA",         "ACT",           "nCWL + nBL + nWR + nRP",   "tWR from the last data, tRP"),
  ],
  // biome-ignore format: a table
  organizations: {
    DDR5_8Gb_x4: organization(8192, 4, 8, 2, 16, 11),
    DDR5_8Gb_x8: organization(8192, 8, 8, 2, 16, 10),
    DDR5_8Gb_x16: organization(8192, 16, 4, 2, 16, 10),
    DDR5_16Gb_x4: organization(16384, 4, 8, 4, 16, 11),
    DDR5_16Gb_x8: organization(16384, 8, 8, 4, 16, 10),
    DDR5_16Gb_x16: organization(16384, 16, 4, 4, 16, 10),
    DDR5_32Gb_x4: organization(32768, 4, 8, 4, 17, 11),
    DDR5_32Gb_x8: organization(32768, 8, 8, 4, 17, 10),
    DDR5_32Gb_x16: organization(32768, 16, 4, 4, 17, 10),
  },
  // biome-ignore format: a table
  speeds: {
    //              rate  tCK_ps CL RAS WR RTP CWL CCDL CCDL_WR WTRS WTRL
    DDR5_3200AN: speed(3200, 625, 24, 52, 48, 12, 22, 8, 32, 6, 16),
    DDR5_3200BN: speed(3200, 625, 26, 52, 48, 12, 24, 8, 32, 6, 16),
    DDR5_3200C: speed(3200, 625, 28, 52, 48, 12, 26, 8, 32, 6, 16),
    DDR5_4800AN: speed(4800, 416, 34, 77, 72, 18, 32, 12, 48, 6, 24),
    DDR5_4800BN: speed(4800, 416, 36, 77, 72, 18, 34, 12, 48, 6, 24),
    DDR5_4800C: speed(4800, 416, 38, 77, 72, 18, 36, 12, 48, 6, 24),
    DDR5_5600AN: speed(5600, 357, 40, 90, 84, 20, 38, 12, 56, 5, 28),
    DDR5_6400AN: speed(6400, 312, 46, 103, 96, 24, 44, 16, 64, 5, 32),
  },
  /** tRRD_S and tRRD_L by speed, 5 ns where the peer has no table, tFAW by page size (20 ns: x4, x8; 25 ns: x16), tRFC1 by density; tREFI 3.9 us. */
  derive: ({ dq, density_Mb }, { rate, tCK_ps }) => ({
    nRRDS: rate <= 4800 ? 8 : Math.max(8, nominalClocks(5, rate)),
    nRRDL: rate === 3200 ? 5 : rate === 4800 ? 12 : Math.max(8, nominalClocks(5, rate)),
    nFAW: Math.max(32, nominalClocks(dq <= 8 ? 20 : 25, rate)),
    nRFC: clocksOf(1000 * atMost(density_Mb, [8192, 195], [16384, 295], [32768, 410]), tCK_ps),
    nREFI: clocksOf(3_900_000, tCK_ps),
  }),
};

/** Nanoseconds as clocks of the exact rate, not of the rounded tCK. */
const nominalClocks = (ns: number, rate: number): number => Math.ceil((ns * rate) / 2000);

function organization(density_Mb: number, dq: number, bankgroup: number, bank: number, rowBits: number, columnBits: number): Organization {
  return { density_Mb, dq, width: 32, counts: { rank: 1, bankgroup, bank }, rows: 2 ** rowBits, columns: 2 ** columnBits };
}

/** nRCD = nRP = nCL in every bin, and nRC = nRAS + nRP. Writes to one bank group stand nCCDL_WR apart, as the array must be read before it is written. */
function speed(
  rate: number,
  tCK_ps: number,
  nCL: number,
  nRAS: number,
  nWR: number,
  nRTP: number,
  nCWL: number,
  ...more: readonly [number, number, number, number]
): SpeedGrade {
  const [nCCDL, nCCDL_WR, nWTRS, nWTRL] = more;
  const core = { nBL: 8, nCL, nRCD: nCL, nRP: nCL, nRAS, nRC: nRAS + nCL, nWR, nRTP, nCWL, nPPD: 2, nCS: 2 };
  return { rate, tCK_ps, timings: { ...core, nCCDS: 8, nCCDL, nCCDS_WR: 8, nCCDL_WR, nWTRS, nWTRL } };
}
