/**
 * A DRAM channel, command by command: ask when one may issue, then issue it. It reads the rules of a part and nothing else, in the plainest way: it
 * keeps when each command last came to each node and looks up every rule. The controller that must be fast keeps tables of its own (unified.ts).
 */

import type { Instant } from "../../base/units.ts";
import { commandsOf, type Part, type TickRule } from "../../machine/dram/part.ts";
import type { Command } from "../../machine/dram/standard.ts";

/** Where a command goes: a flat bank, and the row that ACT opens or an access needs. REFab and PREab go to all banks of the node that has this one. */
export interface Target {
  readonly bank: number;
  readonly row: number;
}

export interface DeviceState {
  readonly part: Part;
  /** The open row of each bank, or CLOSED. */
  readonly open: number[];
  /** The rules that a command has to keep. */
  readonly rules: ReadonlyMap<Command, readonly TickRule[]>;
  /** Of each command, level and node: its latest times, newest first, DEPTH of them. */
  readonly issued: ReadonlyMap<Command, readonly Float64Array[]>;
}

export const CLOSED = -1;
/** Longest window of any rule: four activates. */
const DEPTH = 4;

export function createDevice(part: Part): DeviceState {
  const open = Array.from({ length: part.banks }, () => CLOSED);
  const commands = commandsOf(part.standard);
  const rules = new Map(commands.map((command) => [command, part.rules.filter(({ before }) => before === command)]));
  const never = (): Float64Array[] => part.banksUnder.map((size) => new Float64Array((DEPTH * part.banks) / size).fill(Number.NEGATIVE_INFINITY));
  return { part, open, rules, issued: new Map(commands.map((command) => [command, never()])) };
}

/** The first tick, from `now` on, at which the command may issue; Infinity while the rows of the banks forbid it. Changes nothing. */
export function earliestIssue(device: DeviceState, command: Command, target: Target, now: Instant): Instant {
  if (!isLegal(device, command, target)) return Number.POSITIVE_INFINITY;
  let earliest = now;
  for (const rule of device.rules.get(command) ?? []) earliest = Math.max(earliest, lastOf(device, rule, command, target.bank) + rule.delay);
  return earliest;
}

/** When that last came which the rule counts from. */
function lastOf({ part, issued }: DeviceState, { level, after, window, siblings }: TickRule, command: Command, bank: number): Instant {
  const size = part.banksUnder[level]!;
  const times = issued.get(after)![level]!;
  const own = Math.floor(bank / size);
  if (!siblings && (level <= part.allBankLevel || !isAllBank(command))) return times[own * DEPTH + window - 1]!;
  const nodes = siblings ? siblingsOf(part, level, own) : nodesUnder(part, level, bank);
  return Math.max(...nodes.map((node) => times[node * DEPTH + window - 1]!));
}

/** Issues the command; throws where `earliestIssue` says no. */
export function issue(device: DeviceState, command: Command, target: Target, at: Instant): void {
  const earliest = earliestIssue(device, command, target, at);
  if (earliest !== at) throw new Error(`${command} to bank ${target.bank} at ${at}: may not issue before ${earliest}`);
  const { part, issued } = device;
  for (const [level, times] of issued.get(command)!.entries()) {
    const own = Math.floor(target.bank / part.banksUnder[level]!);
    for (const node of isAllBank(command) && level > part.allBankLevel ? nodesUnder(part, level, target.bank) : [own]) {
      times.copyWithin(node * DEPTH + 1, node * DEPTH, node * DEPTH + DEPTH - 1);
      times[node * DEPTH] = at;
    }
  }
  changeRows(device, command, target);
}

const isAllBank = (command: Command): boolean => command === "REFab" || command === "PREab";

/** What the banks' rows allow: an access needs its row open, an activate a closed bank, a refresh all of its banks closed. Precharging a closed bank does nothing. */
function isLegal({ part, open }: DeviceState, command: Command, { bank, row }: Target): boolean {
  switch (command) {
    case "RD":
    case "WR":
    case "RDA":
    case "WRA":
      return open[bank] === row;
    case "ACT":
    case "REFpb":
      return open[bank] === CLOSED;
    case "REFab":
      return allBanks(part, bank).every((other) => open[other] === CLOSED);
    case "PREpb":
    case "PREab":
      return true;
  }
}

function changeRows({ part, open }: DeviceState, command: Command, { bank, row }: Target): void {
  if (command === "ACT") open[bank] = row;
  else if (command === "PREpb" || command === "RDA" || command === "WRA") open[bank] = CLOSED;
  else if (command === "PREab") for (const other of allBanks(part, bank)) open[other] = CLOSED;
}

/** The banks that a REFab or PREab to this bank takes in. */
export const allBanks = (part: Part, bank: number): readonly number[] => nodesUnder(part, part.levels.length - 1, bank);

/** The nodes of a level, at or below that of all-bank commands, that such a command to this bank takes in. */
function nodesUnder({ allBanks: all, banksUnder }: Part, level: number, bank: number): readonly number[] {
  const size = banksUnder[level]!;
  return range((bank - (bank % all)) / size, all / size);
}

/** The other nodes under the same parent. */
function siblingsOf({ levels }: Part, level: number, node: number): readonly number[] {
  const count = levels[level]!.count;
  return range(node - (node % count), count).filter((other) => other !== node);
}

const range = (first: number, count: number): readonly number[] => Array.from({ length: count }, (_, i) => first + i);
