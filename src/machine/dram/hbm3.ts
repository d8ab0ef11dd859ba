/** HBM3 (JESD238). Rules, organisations and speed grades as Ramulator 2.1 has them in python/ramulator/dram/hbm3.py (commit c5b1c3a). A channel is two pseudochannels of 32 pins; a tick is half a clock. Refresh management (RFM) is left out. */

import { atMost, clocksOf, type Organization, rule, type Standard } from "./standard.ts";

const siblings = { siblings: true };

export const hbm3: Standard = {
  name: "HBM3",
  source: "JESD238 as in Ramulator 2.1, python/ramulator/dram/hbm3.py",
  levels: ["channel", "pseudochannel", "stack", "bankgroup", "bank"],
  prefetch: 8,
  ticks_per_clock: 2,
  command_bus: "edges",
  command_clocks: { ACT: 1.5, PREpb: 0.5, PREab: 0.5, REFab: 0.5, REFpb: 0.5 },
  read_latency: "nCL + nBL",
  all_bank_level: "pseudochannel",
  // biome-ignore format: a table
  rules: [
    rule("pseudochannel", "RD RDA",      "RD RDA",      "nBL",                    "data bus"),
    rule("pseudochannel", "WR WRA",      "WR WRA",      "nBL",                    "data bus"),
    rule("pseudochannel", "RD RDA",      "WR WRA",      "nRTW",                   "tRTW"),
    rule("pseudochannel", "WR WRA",      "RD RDA",      "nCWL + nBL + nWTRS",     "tWTR_S from the last data"),
    rule("pseudochannel", "RD",          "PREab",       "nRTP",                   "tRTP"),
    rule("pseudochannel", "WR",          "PREab",       "nCWL + nBL + nWR",       "tWR from the last data"),
    rule("pseudochannel", "ACT",         "ACT",         "nRRDS",                  "tRRD_S"),
    rule("pseudochannel", "ACT",         "ACT",         "nFAW",                   "tFAW", { window: 4 }),
    rule("pseudochannel", "ACT",         "PREab",       "nRAS",                   "tRAS"),
    rule("pseudochannel", "PREab",       "ACT",         "nRP",                    "tRP"),
    rule("pseudochannel", "PREpb PREab", "PREpb PREab", "nPPD",                   "tPPD"),
    rule("pseudochannel", "ACT",         "REFab",       "nRC",                    "tRC"),
    rule("pseudochannel", "PREpb PREab", "REFab",       "nRP",                    "tRP"),
    rule("pseudochannel", "RDA",         "REFab",       "nRP + nRTP",             "tRTP, tRP"),
    rule("pseudochannel", "WRA",         "REFab",       "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("pseudochannel", "REFab",       "ACT PREab",   "nRFC",                   "tRFC"),
    rule("pseudochannel", "REFpb",       "REFpb",       "nRREFD",                 "tRREFD"),
    rule("pseudochannel", "REFpb",       "ACT",         "nRREFD",                 "tRREFD, other bank"),
    rule("pseudochannel", "ACT",         "REFpb",       "nRRDS",                  "tRRD_S, other bank"),
    rule("stack",         "RD RDA",      "RD RDA",      "nCCDS",                  "tCCD_S"),
    rule("stack",         "WR WRA",      "WR WRA",      "nCCDS",                  "tCCD_S"),
    rule("stack",         "RD RDA",      "RD RDA",      "nCCDR",                  "tCCD_R", siblings),
    rule("stack",         "WR WRA",      "WR WRA",      "nCCDR",                  "tCCD_R", siblings),
    rule("bankgroup",     "RD RDA",      "RD RDA",      "nCCDL",                  "tCCD_L"),
    rule("bankgroup",     "WR WRA",      "WR WRA",      "nCCDL",                  "tCCD_L"),
    rule("bankgroup",     "WR WRA",      "RD RDA",      "nCWL + nBL + nWTRL",     "tWTR_L from the last data"),
    rule("bankgroup",     "ACT",         "ACT",         "nRRDL",                  "tRRD_L"),
    rule("bank",          "ACT",         "ACT",         "nRC",                    "tRC"),
    rule("bank",          "ACT",         "RD RDA",      "nRCDRD",                 "tRCDRD"),
    rule("bank",          "ACT",         "WR WRA",      "nRCDWR",                 "tRCDWR"),
    rule("bank",          "ACT",         "PREpb",       "nRAS",                   "tRAS"),
    rule("bank",          "PREpb",       "ACT",         "nRP",                    "tRP"),
    rule("bank",          "RD",          "PREpb",       "nRTP",                   "tRTP"),
    rule("bank",          "WR",          "PREpb",       "nCWL + nBL + nWR",       "tWR from the last data"),
    rule("bank",          "RDA",         "ACT",         "nRTP + nRP",             "tRTP, tRP"),
    rule("bank",          "WRA",         "ACT",         "nCWL + nBL + nWR + nRP", "tWR from the last data, tRP"),
    rule("bank",          "REFpb",       "ACT",         "nRFCpb",                 "tRFCpb"),
    rule("bank",          "ACT",         "REFpb",       "nRC",                    "tRC"),
    rule("bank",          "PREpb",       "REFpb",       "nRP",                    "tRP"),
  ],
  // biome-ignore format: a table
  organizations: {
    HBM3_4Gb: organization(4096, 1, 14),
    HBM3_8Gb_8hi: organization(8192, 2, 13),
    HBM3_16Gb_8hi: organization(16384, 2, 14),
    HBM3_32Gb_8hi: organization(32768, 2, 15),
    HBM3_32Gb_16hi: organization(32768, 4, 15),
  },
  // biome-ignore format: a table
  speeds: {
    HBM3_6400Mbps: {
      rate: 6400,
      tCK_ps: 625,
      timings: { nBL: 2, nCL: 20, nCWL: 10, nRCDRD: 31, nRCDWR: 15, nRP: 26, nRAS: 45, nRC: 72, nWR: 33, nRTP: 9, nCCDS: 2, nCCDL: 4, nCCDR: 3, nRRDS: 4, nRRDL: 5, nFAW: 24, nWTRS: 7, nWTRL: 10, nRTW: 20, nPPD: 2, nRFCpb: 320, nRREFD: 8, nREFI: 6240 },
    },
  },
  /** tRFC by the density of a channel, that of the die over the stacks (JESD238 table 84); tREFI 3.9 us, shared among the banks of a pseudochannel. */
  derive: ({ density_Mb, counts: { stack = 1, bankgroup = 1, bank = 1 } }, { tCK_ps }) => ({
    nRFC: clocksOf(1000 * atMost(density_Mb / stack, [4096, 260], [8192, 350], [16384, 450], [32768, 550]), tCK_ps),
    nREFIpb: clocksOf(3_900_000 / (bank * bankgroup * stack), tCK_ps),
  }),
};

/** A column address of HBM names a whole access: 32 of them are 256 columns. */
function organization(density_Mb: number, stack: number, rowBits: number): Organization {
  return { density_Mb, dq: 32, width: 32, counts: { pseudochannel: 2, stack, bankgroup: 4, bank: 4 }, rows: 2 ** rowBits, columns: 256 };
}
