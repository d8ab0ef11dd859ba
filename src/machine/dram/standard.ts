/**
 * What a DRAM standard is, as data in JEDEC's terms: the tree of its nodes, its commands, and one rule a line for how far apart two commands must
 * stand. The engine that reads these tables is memory/dram/device.ts. Refresh management (RFM) and power-down are left out, as no controller here uses them; so is LPDDR5, whose
 * ACT comes in two halves and whose data clock must be synchronised, which takes a controller of its own.
 */

export type StandardName = "DDR3" | "DDR4" | "DDR5" | "GDDR6" | "HBM1" | "HBM2" | "HBM3" | "HBM4";

/** Levels of the tree from the channel (one command bus) down to the bank (one row buffer). A standard has some of them, in this order. */
export type Level = "channel" | "pseudochannel" | "rank" | "stack" | "bankgroup" | "bank";

/**
 * ACT opens a row, PREpb and PREab close one bank's and all banks', RD and WR access it, RDA and WRA also close it; REFab and REFpb refresh all banks and one.
 */
export type Command = "ACT" | "PREpb" | "PREab" | "RD" | "WR" | "RDA" | "WRA" | "REFab" | "REFpb";

/** JEDEC's parameters, counted in clocks (nRCD is tRCD in clocks of tCK). S, L and R: other bank group, same bank group, other stack. */
export type Timing =
  | "nBL"
  | "nCL"
  | "nCWL"
  | "nRCD"
  | "nRCDRD"
  | "nRCDWR"
  | "nRP"
  | "nRAS"
  | "nRC"
  | "nWR"
  | "nRTP"
  | "nPPD"
  | "nCCD"
  | "nCCDS"
  | "nCCDL"
  | "nCCDR"
  | "nCCDS_WR"
  | "nCCDL_WR"
  | "nRRD"
  | "nRRDS"
  | "nRRDL"
  | "nFAW"
  | "nWTR"
  | "nWTRS"
  | "nWTRL"
  | "nRTW"
  | "nCS"
  | "nRFC"
  | "nRFCab"
  | "nRFCpb"
  | "nRREFD"
  | "nREFI"
  | "nREFIpb";

export type Timings = { readonly [T in Timing]?: number };

/** After one of `after`, none of `before` may issue for `delay`, at the same node of `level`. */
export interface Rule {
  readonly level: Level;
  readonly after: readonly Command[];
  readonly before: readonly Command[];
  /** A sum of timings and clocks, such as "nCL + nBL + 2 - nCWL". */
  readonly delay: string;
  /** JEDEC's name for it, or where it comes from. */
  readonly what: string;
  /** Counted from the last but `window - 1` of `after`: four for tFAW. */
  readonly window: number;
  /** It holds between a node and the others under the same parent, in place of the node itself. */
  readonly siblings: boolean;
}

/** How many of each level there are under one of the level above; rows of a bank, columns of a row. */
export interface Organization {
  /** Capacity of a die, in megabit. */
  readonly density_Mb: number;
  /** Data pins of a die. */
  readonly dq: number;
  /** Data pins of a channel, or of a pseudochannel where there are such. */
  readonly width: number;
  readonly counts: { readonly [L in Level]?: number };
  readonly rows: number;
  readonly columns: number;
}

/** A speed grade: its clock and its timings in clocks. What the organisation decides besides is derived. */
export interface SpeedGrade {
  /** Megatransfers a second and pin. */
  readonly rate: number;
  readonly tCK_ps: number;
  readonly timings: Timings;
}

export interface Standard {
  readonly name: StandardName;
  /** Where the rules and figures were read. */
  readonly source: string;
  readonly levels: readonly Level[];
  /** Columns that one access transfers. */
  readonly prefetch: number;
  /** Ticks a clock: two where commands come on both edges. */
  readonly ticks_per_clock: 1 | 2;
  /** one: a command a tick. row-column: a command a tick on each of two buses. edges: row-column, with columns on rising edges, and on falling ones PRE only (JESD238 pairing). */
  readonly command_bus: "one" | "row-column" | "edges";
  /** Clocks that a command holds its bus where that is not one. Delays count from a command's last clock. */
  readonly command_clocks: { readonly [C in Command]?: number };
  /** From RD to the last of its data. */
  readonly read_latency: string;
  /** What REFab and PREab take in. */
  readonly all_bank_level: Level;
  readonly rules: readonly Rule[];
  readonly organizations: { readonly [name: string]: Organization };
  readonly speeds: { readonly [name: string]: SpeedGrade };
  /** Timings that follow from organisation and speed together. */
  readonly derive: (organization: Organization, speed: SpeedGrade) => Timings;
}

/** A rule in one line: `rule("rank", "RD RDA", "WR WRA", "nRTW", "tRTW")`. */
export function rule(level: Level, after: string, before: string, delay: string, what: string, more: { window?: number; siblings?: boolean } = {}): Rule {
  const { window = 1, siblings = false } = more;
  return { level, after: after.split(" ") as Command[], before: before.split(" ") as Command[], delay, what, window, siblings };
}

/** A sum such as "nCL + nBL + 2 - nCWL" in these timings. */
export function evaluate(sum: string, timings: Timings): number {
  let total = 0;
  let sign = 1;
  for (const word of sum.split(" ")) {
    if (word === "+" || word === "-") sign = word === "+" ? 1 : -1;
    else total += sign * termOf(word, timings);
  }
  return total;
}

function termOf(word: string, timings: Timings): number {
  const value = /^\d+$/.test(word) ? Number(word) : timings[word as Timing];
  if (value === undefined) throw new Error(`there is no timing ${word} among ${Object.keys(timings).join(", ")}`);
  return value;
}

/** A time in picoseconds as clocks, rounded up. */
export const clocksOf = (ps: number, tCK_ps: number): number => Math.ceil(ps / tCK_ps);

/** The value beside the first bound that `key` does not exceed. */
export function atMost(key: number, ...steps: readonly (readonly [bound: number, value: number])[]): number {
  const found = steps.find(([bound]) => key <= bound);
  if (found === undefined) throw new Error(`no figure is known beyond ${steps.at(-1)?.[0]}: asked for ${key}`);
  return found[1];
}
