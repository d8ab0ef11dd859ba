/** HBM4 (JESD270). Rules, organisations and speed grades as Ramulator 2.1 has them in python/ramulator/dram/hbm4.py (commit c5b1c3a). A channel is two pseudochannels of 32 pins; a tick is half a clock. Refresh management (RFM) is left out. */

import { atMost, clocksOf, type Organization, rule, type Standard } from "./standard.ts";

const siblings = { siblings: true };

export const hbm4: Standard = {
  name: "HBM4",
  source: "JESD270 as in Ramulator 2.1, python/ramulator/dram/hbm4.py",
  levels: ["channel", "pseudochannel", "stack", "bankgroup", "bank"],
  prefetch: 8,
  ticks_per_clock: 2,
  command_bus: "edges",
  command_clocks: { ACT: 1.5, PREpb: 0.5, PREab: 0.5, REFab: 0.5, REFpb: 0.5 },
  read_latency: "nCL + nBL",
  all_bank_level: "pseudochannel",
  // biome-ignore format: a table
  rules: [
    rule("pseudochannel", "RD RDA",      "RD RDA",          "nBL",                    "data bus"),
    rule("pseudochannel", "WR WRA",      "WR WRA",          "nBL",                    "data bus"),
    rule("pseudochannel", "RD RDA",      "WR WRA",          "nRTW",                   "tRTW"),
    rule("pseudochannel", "WR WRA",      "RD RDA",          "nCWL + nBL + nWTRS",     "tWTR_S from the last data"),
    rule("pseudochannel", "RD",          "PREab",           "nRTP",                   "tRTP"),
    rule("pseudochannel", "WR",          "PREab",           "nCWL + nBL + nWR",       "tWR from the last data"),
    rule("pseudochannel", "ACT",         "ACT",             "nRRDS",                  "tRRD_S"),
    rule("pseudochannel", "ACT",         "ACT",             "nFAW",                   "tFAW", { window: 4 }),
    rule("pseudochannel", "ACT",         "PREab",           "nRAS",                   "tRAS"),
    rule("pseudochannel", "PREab",       "ACT",             "nRP",                    "tRP"),
    rule("pseudochannel", "PREpb PREab", "PREpb PREab",     "nPPD",                   "tPPD"),
    rule("pseudochannel", "ACT",         "REFab",           "nRC",                    "tRC"),
    rule("pseudochannel", "PREpb PREab", "REFab",           "nRP",                    "tRP"),
    rule("pseudochannel", "RDA",         "REFab",           "nRP + nRTP",             "tRTP, tRP"),
    rule("pseudochannel", "WRA",         "REFab",           "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("pseudochannel", "REFab",       "ACT PREab REFpb", "nRFC",                   "tRFC"),
    rule("pseudochannel", "REFpb",       "REFpb",           "nRREFD",                 "tRREFD"),
    rule("pseudochannel", "REFpb",       "ACT",             "nRREFD",                 "tRREFD, other bank"),
    rule("pseudochannel", "ACT",         "REFpb",           "nRRDS",                  "tRRD_S, other bank"),
    rule("stack",         "RD RDA",      "RD RDA",          "nCCDS",                  "tCCD_S"),
    rule("stack",         "WR WRA",      "WR WRA",          "nCCDS",                  "tCCD_S"),
    rule("stack",         "RD RDA",      "RD RDA",          "nCCDR",                  "tCCD_R", siblings),
    rule("stack",         "WR WRA",      "WR WRA",          "nCCDR",                  "tCCD_R", siblings),
    rule("bankgroup",     "RD RDA",      "RD RDA",          "nCCDL",                  "tCCD_L"),
    rule("bankgroup",     "WR WRA",      "WR WRA",          "nCCDL",                  "tCCD_L"),
    rule("bankgroup",     "WR WRA",      "RD RDA",          "nCWL + nBL + nWTRL",     "tWTR_L from the last data"),
    rule("bankgroup",     "ACT",         "ACT",             "nRRDL",                  "tRRD_L"),
    rule("bankgroup",     "ACT",         "REFpb",           "nRRDL",                  "tRRD_L"),
    rule("bankgroup",     "REFpb",       "ACT",             "nRRDL",                  "tRRD_L"),
    rule("bank",          "ACT",         "ACT",             "nRC",                    "tRC"),
    rule("bank",          "ACT",         "RD RDA",          "nRCDRD",                 "tRCDRD"),
    rule("bank",          "ACT",         "WR WRA",          "nRCDWR",                 "tRCDWR"),
    rule("bank",          "ACT",         "PREpb",           "nRAS",                   "tRAS"),
    rule("bank",          "PREpb",       "ACT",             "nRP",                    "tRP"),
    rule("bank",          "RD",          "PREpb",           "nRTP",                   "tRTP"),
    rule("bank",          "WR",          "PREpb",           "nCWL + nBL + nWR",       "tWR from the last data"),
    rule("bank",          "RDA",         "ACT REFpb",       "nRTP + nRP",             "tRTP, tRP"),
    rule("bank",          "WRA",         "ACT REFpb",       "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("bank",          "REFpb",       "ACT",             "nRFCpb",                 "tRFCpb"),
    rule("bank",          "ACT",         "REFpb",           "nRC",                    "tRC"),
    rule("bank",          "PREpb",       "REFpb",           "nRP",                    "tRP"),
  ],
  // biome-ignore format: a table
  organizations: {
    HBM4_32Gb_4Hi: organization(1),
    HBM4_32Gb_8Hi: organization(2),
    HBM4_32Gb_16Hi: organization(4),
  },
  // biome-ignore format: a table
  speeds: {
    HBM4_8000Mbps: {
      rate: 8000,
      tCK_ps: 500,
      timings: { nBL: 2, nCL: 20, nCWL: 10, nRCDRD: 39, nRCDWR: 19, nRP: 33, nRAS: 57, nRC: 90, nWR: 42, nRTP: 12, nCCDS: 2, nCCDL: 4, nCCDR: 2, nRRDS: 5, nRRDL: 7, nFAW: 30, nWTRS: 9, nWTRL: 13, nRTW: 25, nPPD: 2, nRFCpb: 560 },
    },
    HBM4_16000Mbps: {
      rate: 16000,
      tCK_ps: 250,
      timings: { nBL: 2, nCL: 40, nCWL: 20, nRCDRD: 78, nRCDWR: 38, nRP: 66, nRAS: 114, nRC: 180, nWR: 84, nRTP: 24, nCCDS: 2, nCCDL: 4, nCCDR: 2, nRRDS: 10, nRRDL: 14, nFAW: 60, nWTRS: 18, nWTRL: 26, nRTW: 50, nPPD: 2, nRFCpb: 1120 },
    },
  },
  /** tRFC by the density of a channel (4 Gb a stack); tRREFD 8 ns; tREFI 3.9 us, shared among the banks of a pseudochannel. */
  derive: ({ counts: { stack = 1, bankgroup = 1, bank = 1 } }, { tCK_ps }) => ({
    nRFC: clocksOf(1000 * atMost(4096 * stack, [4096, 400], [8192, 450], [16384, 530]), tCK_ps),
    nRREFD: Math.max(3, clocksOf(8000, tCK_ps)),
    nREFI: clocksOf(3_900_000, tCK_ps),
    nREFIpb: clocksOf(3_900_000 / (bank * bankgroup * stack), tCK_ps),
  }),
};

/** A column address of HBM names a whole access: 32 of them are 256 columns. */
function organization(stack: number): Organization {
  return { density_Mb: 32768, dq: 32, width: 32, counts: { pseudochannel: 2, stack, bankgroup: 2, bank: 8 }, rows: 2 ** 14, columns: 256 };
}
