/** A part: an organisation and a speed grade of a standard, resolved to counts and ticks, so that a device can be made of it. */

import { UserError } from "../../base/errors.ts";
import { suggestion } from "../../base/suggest.ts";
import { standards } from "./index.ts";
import { type Command, evaluate, type Level, type Organization, type Rule, type SpeedGrade, type Standard, type Timings } from "./standard.ts";

/** Which part: names of the tables, and what deviates from them. */
export interface PartChoice {
  /** Such as "DDR4_8Gb_x8". It names the standard too. */
  readonly organization: string;
  /** Such as "DDR4_3200AA". */
  readonly speed: string;
  /** Counts other than the organisation's, such as two ranks. */
  readonly counts?: Organization["counts"];
  /** Timings in clocks other than the tables'. */
  readonly timings?: Timings;
}

/** A rule between two commands, in ticks. A delay below 1 never binds. */
export interface TickRule {
  /** Index into the part's levels. */
  readonly level: number;
  readonly after: Command;
  readonly before: Command;
  readonly delay: number;
  readonly window: number;
  readonly siblings: boolean;
  readonly what: string;
}

export interface Part {
  readonly name: string;
  readonly standard: Standard;
  readonly organization: Organization;
  /** In clocks. */
  readonly timings: Timings;
  /** Picoseconds of a tick: tCK, or half of it where commands come on both edges. */
  readonly tick_ps: number;
  /** From the channel, which is one, down to the bank; how many nodes of a level one of the level above has. */
  readonly levels: readonly { readonly level: Level; readonly count: number }[];
  /** Banks of a channel; a flat bank counts them with the last level fastest. */
  readonly banks: number;
  /** Of each level: banks of one of its nodes. */
  readonly banksUnder: readonly number[];
  /** Index of the level that REFab and PREab take in, and its banks. */
  readonly allBankLevel: number;
  readonly allBanks: number;
  readonly rows: number;
  /** Accesses of a row. */
  readonly columns: number;
  readonly access_bytes: number;
  /** Ticks that an access holds its data pins. */
  readonly burst: number;
  /** Ticks from RD to the last of its data. */
  readonly readLatency: number;
  /** Ticks between refreshes of everything and between refreshes of one bank after another; 0 where the standard has no such refresh. */
  readonly refreshInterval: number;
  readonly bankRefreshInterval: number;
  /** Ticks that REFpb takes. */
  readonly bankRefreshTime: number;
  readonly rules: readonly TickRule[];
}

/** The part of that choice. Throws a UserError where a name is unknown. */
export function partOf(choice: PartChoice): Part {
  const standard = standardOf(choice.organization);
  const { counts = {}, timings: given = {} } = choice;
  const base = standard.organizations[choice.organization] as Organization;
  const organization = { ...base, counts: { ...base.counts, ...counts } };
  const speed = lookUp("speed grade", choice.speed, standard.speeds);
  const table = { ...speed.timings, ...standard.derive(organization, speed) };
  const stray = Object.keys(given).find((name) => !Object.hasOwn(table, name));
  if (stray !== undefined) throw unknown(`timing of ${standard.name}`, stray, Object.keys(table));
  const timings = { ...table, ...given };
  return resolvePart(`${choice.organization} ${choice.speed}`, standard, organization, speed, timings);
}

function standardOf(organization: string): Standard {
  const found = standards.find(({ organizations }) => Object.hasOwn(organizations, organization));
  if (found !== undefined) return found;
  throw unknown(
    "DRAM organisation",
    organization,
    standards.flatMap(({ organizations }) => Object.keys(organizations)),
  );
}

function lookUp(kind: string, name: string, table: { readonly [name: string]: SpeedGrade }): SpeedGrade {
  if (Object.hasOwn(table, name)) return table[name] as SpeedGrade;
  throw unknown(kind, name, Object.keys(table));
}

const unknown = (kind: string, found: string, choices: readonly string[]): UserError =>
  new UserError({ code: "unknown-dram-part", message: `there is no ${kind} "${found}"`, hint: suggestion(found, choices) });

export function resolvePart(name: string, standard: Standard, organization: Organization, { tCK_ps }: SpeedGrade, timings: Timings): Part {
  const ticks = standard.ticks_per_clock;
  const levels = standard.levels.map((level) => ({ level, count: level === "channel" ? 1 : (organization.counts[level] ?? 1) }));
  const banksFrom = (first: number): number => levels.slice(first).reduce((product, { count }) => product * count, 1);
  const allBankLevel = standard.levels.indexOf(standard.all_bank_level);
  return {
    name,
    standard,
    organization,
    timings,
    tick_ps: tCK_ps / ticks,
    levels,
    banks: banksFrom(0),
    banksUnder: levels.map((_, level) => banksFrom(level + 1)),
    allBankLevel,
    allBanks: banksFrom(allBankLevel + 1),
    rows: organization.rows,
    columns: organization.columns / standard.prefetch,
    access_bytes: (standard.prefetch * organization.width) / 8,
    burst: ticks * evaluate("nBL", timings),
    readLatency: ticks * evaluate(standard.read_latency, timings),
    refreshInterval: ticks * (timings.nREFI ?? 0),
    bankRefreshInterval: ticks * (timings.nREFIpb ?? 0),
    bankRefreshTime: ticks * (timings.nRFCpb ?? 0),
    rules: [...busRules(standard), ...standard.rules.flatMap((rule) => tickRules(standard, rule, timings))],
  };
}

/** JEDEC counts from a command's last clock, a device from its first: a command of n ticks begins n - 1 before it counts. */
function tickRules(standard: Standard, { level, after, before, delay, window, siblings, what }: Rule, timings: Timings): TickRule[] {
  const nominal = standard.ticks_per_clock * evaluate(delay, timings);
  const index = standard.levels.indexOf(level);
  return after.flatMap((a) =>
    before.map((b) => ({ level: index, after: a, before: b, delay: nominal + busTicks(standard, a) - busTicks(standard, b), window, siblings, what })),
  );
}

/** A command of several ticks holds its bus for as long. */
function busRules(standard: Standard): TickRule[] {
  return busesOf(standard).flatMap((commands) =>
    commands
      .filter((after) => busTicks(standard, after) > 1)
      .flatMap((after) =>
        commands.map((before) => ({ level: 0, after, before, delay: busTicks(standard, after), window: 1, siblings: false, what: "command bus" })),
      ),
  );
}

function busesOf(standard: Standard): readonly (readonly Command[])[] {
  const commands = commandsOf(standard);
  if (standard.command_bus === "one") return [commands];
  return [commands.filter((command) => !isColumnCommand(command)), commands.filter(isColumnCommand)];
}

const busTicks = (standard: Standard, command: Command): number => standard.ticks_per_clock * (standard.command_clocks[command] ?? 1);

/** The commands that a standard has: those of its rules. */
export const commandsOf = ({ rules }: Standard): readonly Command[] => [...new Set(rules.flatMap(({ after, before }) => [...after, ...before]))];

/** Goes over the column bus where there are two. */
export const isColumnCommand = (command: Command): boolean => command === "RD" || command === "WR" || command === "RDA" || command === "WRA";
