/**
 * DRAMsim3's configuration files as parts: any of them, or one of the table in dramsim3-parts.ts. The rules between commands are those of its src/timing.cc
 * and the defaults those of its src/configuration.cc (umd-memsys/DRAMsim3, commit 2981759); both differ in places from JEDEC's, and are kept as they are,
 * so that a part behaves as it does there. Left out: HMC, self refresh, power-down and the thermal model.
 */

import { UserError } from "../../base/errors.ts";
import { either, suggestion } from "../../base/suggest.ts";
import { type Part, resolvePart } from "./part.ts";
import type { Currents } from "./power.ts";
import { type Organization, type Rule, rule, type Standard, type StandardName, type Timings } from "./standard.ts";

/** Sections, keys and values of a configuration file; sections and keys that are not known are left alone. */
export type Ini = { readonly [section: string]: { readonly [key: string]: string } | undefined };

/** What a configuration file says of the memory; of the controller, see memory/dram/dramsim3.ts. */
export interface IniMemory {
  readonly part: Part;
  readonly currents: Currents;
  readonly channels: number;
  /** Such as "rochrababgco", most significant field first. */
  readonly mapping: string;
}

const PROTOCOLS = ["DDR3", "DDR4", "GDDR5", "GDDR5X", "GDDR6", "LPDDR3", "LPDDR4", "HBM"] as const;
type Protocol = (typeof PROTOCOLS)[number];

/** The text of a configuration file. A comment begins at a line's start, or behind a blank, with ; or #. */
export function parseIni(text: string): Ini {
  const sections: { [section: string]: { [key: string]: string } } = {};
  let section: { [key: string]: string } = {};
  for (const raw of text.split("\n")) {
    const line = raw.replace(/(^|\s)[;#].*$/, "").trim();
    const head = /^\[(.*)\]$/.exec(line);
    const pair = /^([^=]+)=(.*)$/.exec(line);
    if (head !== null) section = sections[head[1] as string] ??= {};
    else if (pair !== null) section[(pair[1] as string).trim()] = (pair[2] as string).trim();
  }
  return sections;
}

/** A whole number, of which what follows the digits is left alone, as the peer does; a key that is missing has its default. */
export function integerOf(ini: Ini, section: string, key: string, missing: number, [least, most]: Bounds = ANY): number {
  return numberOf(ini, section, key, Number.parseInt, missing, [least, most]);
}

const realOf = (ini: Ini, section: string, key: string, missing: number): number => numberOf(ini, section, key, Number.parseFloat, missing, ANY);

type Bounds = readonly [least: number, most: number];

const ANY: Bounds = [0, 1e7];
const SOME: Bounds = [1, 1e7];

/** The peer takes the default where the value is no number; that hides a slip of the pen, and is refused here. */
function numberOf(ini: Ini, section: string, key: string, read: (text: string) => number, missing: number, [least, most]: Bounds): number {
  const text = ini[section]?.[key];
  const found = text === undefined ? missing : read(text);
  if (found >= least && found <= most) return found;
  const message = `expected a number from ${least} to ${most}, found ${JSON.stringify(text)}`;
  throw new UserError({ code: "bad-number", message, place: { path: `${section}.${key}` } });
}

/** Off only where it says so. */
export const isOn = (word: string | undefined, missing: boolean): boolean =>
  word === undefined ? missing : ["true", "yes", "on", "1"].includes(word.toLowerCase());

const SECTIONS = ["dram_structure", "timing", "power", "system"] as const;

export function memoryOfIni(name: string, ini: Ini): IniMemory {
  if (!SECTIONS.some((section) => ini[section] !== undefined))
    throw new UserError({ code: "no-sections", message: `${name}: expected the sections ${either(SECTIONS)}, found none of them` });
  const protocol = protocolOf(ini);
  const { organization, burst } = organizationOf(ini, protocol);
  const tCK_ps = 1000 * realOf(ini, "timing", "tCK", 1);
  if (tCK_ps === 0) throw new UserError({ code: "bad-number", message: "expected more than 0, found 0", place: { path: "timing.tCK" } });
  const speed = { rate: (transfersPerClock(protocol) * 1e6) / tCK_ps, tCK_ps, timings: timingsOf(ini, protocol, burst, organization) };
  return {
    part: resolvePart(name, standardOf(ini, protocol), organization, speed, speed.timings),
    currents: currentsOf(name, ini),
    channels: integerOf(ini, "system", "channels", 1, [1, 1024]),
    mapping: ini.system?.address_mapping ?? "chrobabgraco",
  };
}

function protocolOf(ini: Ini): Protocol {
  const word = ini.dram_structure?.protocol ?? "DDR3";
  const found = PROTOCOLS.find((protocol) => protocol === (word === "HBM2" ? "HBM" : word === "LPDDR" ? "LPDDR3" : word));
  if (found !== undefined) return found;
  throw new UserError({ code: "unknown-dram-protocol", message: `there is no DRAM protocol "${word}"`, hint: suggestion(word, PROTOCOLS) });
}

const isHbm = (protocol: Protocol): boolean => protocol === "HBM";
const isGddr = (protocol: Protocol): boolean => protocol.startsWith("GDDR");

/** Transfers in a clock: two edges, of which GDDR5 has four, GDDR5X eight and GDDR6 sixteen. */
function transfersPerClock(protocol: Protocol): number {
  if (protocol === "GDDR5") return 4;
  if (protocol === "GDDR5X") return 8;
  return protocol === "GDDR6" ? 16 : 2;
}

const NO_RANK = "expected banks of whole megabytes, columns of whole bursts (BL) and devices (device_width) no wider than the bus, found others";

/** `burst`: clocks that an access holds its data pins. A column is a burst wide in GDDR, two transfers in HBM, one else; ranks fill the channel's size. */
function organizationOf(ini: Ini, protocol: Protocol): { organization: Organization; burst: number } {
  const structure = (key: string, missing: number): number => integerOf(ini, "dram_structure", key, missing, SOME);
  const groups = structure("bankgroups", 2);
  const perGroup = structure("banks_per_group", 2);
  const grouped = isOn(ini.dram_structure?.bankgroup_enable, true);
  const counts = grouped ? { bankgroup: groups, bank: perGroup } : { bankgroup: 1, bank: groups * perGroup };
  const prefetch = structure("BL", 8);
  const columns = structure("columns", 1024) * (isGddr(protocol) ? prefetch : isHbm(protocol) ? 2 : 1);
  const rows = structure("rows", 65536);
  const dq = structure("device_width", 8);
  const width = integerOf(ini, "system", "bus_width", 64);
  const bankMegabytes = Math.floor((Math.floor((columns * dq) / 8) * Math.floor(rows / 1024)) / 1024);
  const rankMegabytes = bankMegabytes * groups * perGroup * Math.floor(width / dq);
  if (rankMegabytes === 0 || columns % prefetch !== 0) throw new UserError({ code: "bad-structure", message: NO_RANK, place: { path: "dram_structure" } });
  const rank = Math.max(1, Math.floor(integerOf(ini, "system", "channel_size", 1024) / rankMegabytes));
  const density_Mb = 8 * bankMegabytes * groups * perGroup;
  return { organization: { density_Mb, dq, width, counts: { rank, ...counts }, rows, columns }, burst: prefetch / transfersPerClock(protocol) };
}

/** One bank group has no L timings. nCL and nCWL include the additive latency, nRTP too; nCS is tRTRS, and no two accesses are closer than a burst. */
function timingsOf(ini: Ini, protocol: Protocol, nBL: number, { counts }: Organization): Timings {
  const t = (key: string, missing: number): number => integerOf(ini, "timing", key, missing);
  const long = (key: string, missing: number, short: number): number => (counts.bankgroup === 1 ? short : t(key, missing));
  const nAL = t("AL", 0);
  const [nCCDS, nRRDS, nWTRS] = [t("tCCD_S", 4), t("tRRD_S", 4), t("tWTR_S", 5)];
  const [nRAS, nRP] = [t("tRAS", 24), t("tRP", 10)];
  const split = isGddr(protocol) || isHbm(protocol);
  const nRCD = t("tRCD", 10) - nAL;
  const [nRFC, nREFI] = [t("tRFC", 74), t("tREFI", 7800)];
  if (nREFI <= nRFC)
    throw new UserError({ code: "bad-refresh", message: `expected more than tRFC = ${nRFC}, found ${nREFI}`, place: { path: "timing.tREFI" } });
  return {
    ...{ nBL, nCL: nAL + t("CL", 12), nCWL: nAL + t("CWL", 12), nRP, nRAS, nRC: nRAS + nRP, nWR: t("tWR", 10), nRTP: nAL + t("tRTP", 5) },
    ...{ nRCDRD: split ? t("tRCDRD", 24) : nRCD, nRCDWR: split ? t("tRCDWR", 20) : nRCD, nPPD: t("tPPD", 0), nCS: t("tRTRS", 2) },
    ...{ nCCDS: Math.max(nBL, nCCDS), nCCDL: Math.max(nBL, long("tCCD_L", 6, nCCDS)) },
    ...{ nRRDS, nRRDL: long("tRRD_L", 4, nRRDS), nFAW: t("tFAW", 50), n32AW: t("t32AW", 330), nWTRS, nWTRL: long("tWTR_L", 5, nWTRS) },
    ...{ nRFC, nRFCpb: t("tRFCb", 20), nREFI, nREFIpb: integerOf(ini, "timing", "tREFIb", 1950, SOME) },
  };
}

function currentsOf(name: string, ini: Ini): Currents {
  const power = (key: string, missing: number): number => realOf(ini, "power", key, missing);
  return {
    ...{ name, width: integerOf(ini, "dram_structure", "device_width", 8), VDD_V: power("VDD", 1.2) },
    ...{ IDD0_mA: power("IDD0", 48), IDD2N_mA: power("IDD2N", 34), IDD3N_mA: power("IDD3N", 43) },
    ...{ IDD4R_mA: power("IDD4R", 135), IDD4W_mA: power("IDD4W", 123), IDD5AB_mA: power("IDD5AB", 250) },
    ...(ini.power?.IDD5PB === undefined ? {} : { IDD5PB_mA: power("IDD5PB", 0) }),
  };
}

const siblings = { siblings: true };

/** Bank groups of a rank and ranks of a channel have rules of their own in place of those within: hence the siblings. */
// biome-ignore format: a table
const RULES: readonly Rule[] = [
  rule("channel",   "RD RDA", "WR WRA",       "nCL + nBL + nCS - nCWL",       "the data bus turns"),
  rule("rank",      "RD RDA", "RD RDA",       "nBL + nCS",                    "tRTRS", siblings),
  rule("rank",      "WR WRA", "RD RDA",       "nCWL + nBL + nCS - nCL",       "the data bus turns, tRTRS", siblings),
  rule("rank",      "WR WRA", "WR WRA",       "nBL",                          "data bus", siblings),
  rule("bankgroup", "RD RDA", "RD RDA",       "nCCDL",                        "tCCD_L"),
  rule("bankgroup", "RD RDA", "RD RDA",       "nCCDS",                        "tCCD_S", siblings),
  rule("bankgroup", "WR WRA", "WR WRA",       "nCCDL",                        "tCCD_L"),
  rule("bankgroup", "WR WRA", "WR WRA",       "nCCDS",                        "tCCD_S", siblings),
  rule("bankgroup", "WR WRA", "RD RDA",       "nCWL + nBL + nWTRL",           "tWTR_L from the last data"),
  rule("bankgroup", "WR WRA", "RD RDA",       "nCWL + nBL + nWTRS",           "tWTR_S from the last data", siblings),
  rule("bankgroup", "ACT",    "ACT",          "nRRDL",                        "tRRD_L"),
  rule("bankgroup", "ACT",    "ACT",          "nRRDS",                        "tRRD_S", siblings),
  rule("rank",      "ACT",    "ACT",          "nFAW",                         "tFAW", { window: 4 }),
  rule("rank",      "ACT",    "REFpb",        "nRC",                          "tRC"),
  rule("bank",      "ACT",    "ACT",          "nRC",                          "tRC"),
  rule("bank",      "ACT",    "RD RDA",       "nRCDRD",                       "tRCD"),
  rule("bank",      "ACT",    "WR WRA",       "nRCDWR",                       "tRCD"),
  rule("bank",      "ACT",    "PREpb",        "nRAS",                         "tRAS"),
  rule("bank",      "RD",     "PREpb",        "nRTP",                         "tRTP"),
  rule("bank",      "WR",     "PREpb",        "nCWL + nBL + nWR",             "tWR from the last data"),
  rule("bank",      "RDA",    "ACT",          "nRTP + nBL + nRP",             "tRTP, tRP"),
  rule("bank",      "RDA",    "REFab REFpb",  "nRTP + nRP",                   "tRTP, tRP"),
  rule("bank",      "WRA",    "ACT REFab REFpb", "nCWL + nBL + nWR + nRP",    "tWR from the last data, tRP"),
  rule("bank",      "PREpb",  "ACT REFab REFpb", "nRP",                       "tRP"),
  rule("rank",      "REFab",  "ACT REFab",    "nRFC",                         "tRFC"),
  rule("bank",      "REFpb",  "ACT",          "nRFC",                         "tRFC, not of the bank itself", siblings),
  rule("bankgroup", "REFpb",  "ACT",          "nRFC",                         "tRFC, not of the bank itself", siblings),
  rule("bank",      "REFpb",  "REFpb",        "nREFI",                        "tREFI, not of the bank itself", siblings),
  rule("bankgroup", "REFpb",  "REFpb",        "nREFI",                        "tREFI, not of the bank itself", siblings),
];

const PRECHARGES = rule("rank", "PREpb", "PREpb", "nPPD", "tPPD");
const LONG_WINDOW = rule("rank", "ACT", "ACT", "n32AW", "t32AW", { window: 32 });

function rulesOf(protocol: Protocol): readonly Rule[] {
  if (isGddr(protocol)) return [...RULES, PRECHARGES, LONG_WINDOW];
  return protocol === "LPDDR4" ? [...RULES, PRECHARGES] : RULES;
}

function standardOf(ini: Ini, protocol: Protocol): Standard {
  const name: StandardName = protocol === "HBM" ? "HBM2" : protocol;
  const twoBuses = isHbm(protocol) && isOn(ini.dram_structure?.hbm_dual_cmd, true);
  return {
    name,
    source: "DRAMsim3, src/timing.cc (commit 2981759)",
    levels: ["channel", "rank", "bankgroup", "bank"],
    prefetch: integerOf(ini, "dram_structure", "BL", 8),
    ticks_per_clock: 1,
    command_bus: twoBuses ? "row-column" : "one",
    command_clocks: {},
    read_latency: "nCL + nBL",
    all_bank_level: "rank",
    rules: rulesOf(protocol),
    organizations: {},
    speeds: {},
    derive: () => ({}),
  };
}
