/**
 * The rules of a part, compiled for controllers that must be fast: what device.ts looks up rule by rule stands here as the earliest tick of each command at each
 * node, raised when a command issues. It knows nothing of rows.
 *
 * Hot path: typed arrays, lists of registers laid out end to end. per-bank.ts asks it some fifteen times for each request (bench "dram").
 */

import type { Instant } from "../../base/units.ts";
import type { Part, TickRule } from "../../machine/dram/part.ts";
import type { Command } from "../../machine/dram/standard.ts";

export interface Timetable {
  readonly banks: number;
  /** Earliest tick by register: one for each command and node that some rule ends at. */
  readonly earliest: Float64Array;
  /** Registers that hold for command c at bank b: `asked` from `askedFrom[c * banks + b]` up to the next. */
  readonly askedFrom: Int32Array;
  readonly asked: Int32Array;
  /** Registers that command c at bank b raises, and to how long after it: laid out likewise. */
  readonly raisedFrom: Int32Array;
  readonly raised: Int32Array;
  readonly delays: Float64Array;
  /** Of the windows that command c at bank b fills, by c * banks + b. */
  readonly windows: readonly (readonly Window[])[];
}

/** The last few times of a command at a node: the oldest of them holds back what its rule names. */
interface Window {
  readonly times: Float64Array;
  /** Where the oldest stands: one number, shared by all banks of the node. */
  readonly oldest: { at: number };
  readonly register: number;
  readonly delay: number;
}

/** `commands`: those that the controller issues; their places in the list are their numbers. */
export function createTimetable(part: Part, commands: readonly Command[]): Timetable {
  const registers = new Map<string, number>();
  const registerOf = ({ before, level }: TickRule, node: number): number => numbered(registers, `${before} ${level} ${node}`);
  const rules = part.rules.filter(({ after, before, delay }) => delay > 0 && commands.includes(after) && commands.includes(before));
  const each = <T>(of: (command: Command, bank: number) => T): T[] =>
    commands.flatMap((command) => Array.from({ length: part.banks }, (_, bank) => of(command, bank)));
  const asked = each((command, bank) => {
    const before = rules.filter((rule) => rule.before === command);
    return [...new Set(before.flatMap((rule) => nodesOf(part, command, rule.level, bank).map((node) => registerOf(rule, node))))];
  });
  const raised = each((command, bank) => raises(part, rules, command, bank, registerOf));
  const windows = new Map<string, Omit<Window, "register" | "delay">>();
  return {
    banks: part.banks,
    askedFrom: offsets(asked),
    asked: Int32Array.from(asked.flat()),
    raisedFrom: offsets(raised),
    raised: Int32Array.from(raised.flat(), ([register]) => register),
    delays: Float64Array.from(raised.flat(), ([, delay]) => delay),
    windows: each((command, bank) => windowsOf(part, rules, command, bank, registerOf, windows)),
    earliest: new Float64Array(registers.size),
  };
}

/** The first tick at which the rules allow the command; 0 where none ever held it back. */
export function earliestOf(table: Timetable, command: number, bank: number): Instant {
  const { earliest, asked, askedFrom } = table;
  const key = command * table.banks + bank;
  const end = askedFrom[key + 1]!;
  let latest = 0;
  for (let index = askedFrom[key]!; index < end; index++) {
    const at = earliest[asked[index]!]!;
    if (at > latest) latest = at;
  }
  return latest;
}

/** The command issued. */
export function recordIssue(table: Timetable, command: number, bank: number, at: Instant): void {
  const { earliest, raised, raisedFrom, delays } = table;
  const key = command * table.banks + bank;
  const end = raisedFrom[key + 1]!;
  for (let index = raisedFrom[key]!; index < end; index++) {
    const until = at + delays[index]!;
    const register = raised[index]!;
    if (until > earliest[register]!) earliest[register] = until;
  }
  const windows = table.windows[key]!;
  for (let index = 0; index < windows.length; index++) fill(earliest, windows[index]!, at);
}

function fill(earliest: Float64Array, { times, oldest, register, delay }: Window, at: Instant): void {
  times[oldest.at] = at;
  oldest.at = oldest.at + 1 === times.length ? 0 : oldest.at + 1;
  const until = times[oldest.at]! + delay;
  if (until > earliest[register]!) earliest[register] = until;
}

type RegisterOf = (rule: TickRule, node: number) => number;

/** Registers and delays, each register once: the longest delay counts. */
function raises(part: Part, rules: readonly TickRule[], command: Command, bank: number, registerOf: RegisterOf): (readonly [number, number])[] {
  const longest = new Map<number, number>();
  for (const rule of rules) {
    if (rule.after !== command || rule.window > 1) continue;
    for (const node of rule.siblings ? siblingsOf(part, rule.level, bank) : nodesOf(part, command, rule.level, bank)) {
      const register = registerOf(rule, node);
      longest.set(register, Math.max(longest.get(register) ?? 0, rule.delay));
    }
  }
  return [...longest];
}

function windowsOf(
  part: Part,
  rules: readonly TickRule[],
  command: Command,
  bank: number,
  registerOf: RegisterOf,
  made: Map<string, Omit<Window, "register" | "delay">>,
): Window[] {
  return rules
    .filter((rule) => rule.after === command && rule.window > 1)
    .map((rule) => {
      const [node = 0] = nodesOf(part, command, rule.level, bank);
      const key = `${rule.after} ${rule.before} ${rule.level} ${node} ${rule.window}`;
      const window = made.get(key) ?? { times: new Float64Array(rule.window).fill(Number.NEGATIVE_INFINITY), oldest: { at: 0 } };
      made.set(key, window);
      return { ...window, register: registerOf(rule, node), delay: rule.delay };
    });
}

function numbered(numbers: Map<string, number>, key: string): number {
  const found = numbers.get(key) ?? numbers.size;
  numbers.set(key, found);
  return found;
}

function offsets(lists: readonly (readonly unknown[])[]): Int32Array {
  const from = new Int32Array(lists.length + 1);
  for (const [index, { length }] of lists.entries()) from[index + 1] = from[index]! + length;
  return from;
}

/** The nodes of a level that a command concerns: the one above the bank, or all below an all-bank command's node. */
function nodesOf(part: Part, command: Command, level: number, bank: number): readonly number[] {
  const size = part.banksUnder[level]!;
  if (level <= part.allBankLevel || (command !== "REFab" && command !== "PREab")) return [Math.floor(bank / size)];
  const first = (bank - (bank % part.allBanks)) / size;
  return Array.from({ length: part.allBanks / size }, (_, index) => first + index);
}

function siblingsOf(part: Part, level: number, bank: number): readonly number[] {
  const own = Math.floor(bank / part.banksUnder[level]!);
  const { count } = part.levels[level]!;
  const first = own - (own % count);
  return Array.from({ length: count }, (_, index) => first + index).filter((node) => node !== own);
}
