/**
 * The rules of a part as unified.ts reads them: for each command and where it goes, which entries of one array of ready times it pushes, and by how much.
 * An entry is a command and a bank group (what any bank of the group waits for), a command and a bank (what only that bank waits for besides), or an
 * all-bank command and its node. So asking when a command may issue takes two reads, however deep the tree.
 */

import type { Part, TickRule } from "../../machine/dram/part.ts";
import type { Command } from "../../machine/dram/standard.ts";

/** Commands by number. */
export const ACT = 0;
export const PRE = 1;
export const RD = 2;
export const WR = 3;
export const RDA = 4;
export const WRA = 5;
export const REFPB = 6;
export const PREAB = 7;
export const REFAB = 8;
const NUMBERED: readonly Command[] = ["ACT", "PREpb", "RD", "WR", "RDA", "WRA", "REFpb", "PREab", "REFab"];
/** Those that go to one bank come first. */
const SINGLE = 7;

/** Pairs of an index and a delay in ticks, one after the other. */
export type Pushes = Int32Array;

export interface Window {
  readonly after: number;
  readonly delay: number;
  /** How many of `after` back it counts, less one. */
  readonly back: number;
  readonly nodeOfBank: Int32Array;
  /** Of each node: the entries of its groups. */
  readonly entries: readonly Int32Array[];
  readonly nodes: number;
}

export interface Tables {
  readonly groups: number;
  readonly groupOf: Int32Array;
  readonly nodeOf: Int32Array;
  /** Entries: command * groups + group, then bankBase + command * banks + bank, then nodeBase + (command - PREAB) * nodes + node. */
  readonly bankBase: number;
  readonly nodeBase: number;
  readonly nodes: number;
  readonly entries: number;
  /** Of each command and group (node for PREab, REFab): what it pushes of groups and nodes. */
  readonly shared: readonly (readonly Pushes[])[];
  /** Of each command: what it pushes of its own bank, counted from bankBase + bank. */
  readonly own: readonly Pushes[];
  readonly windows: readonly Window[];
}

/** `used`: whether a command is ever issued; entries of others are never read, so nothing pushes them. */
export function tablesOf(part: Part, used: (command: number) => boolean): Tables {
  const { banks, allBanks, banksUnder, levels } = part;
  if (part.rules.some(({ siblings, level }) => siblings && level === levels.length - 1))
    throw new Error("rules between banks of a group are not told apart here");
  const size = banksUnder[levels.length - 2]!;
  const groups = banks / size;
  const nodes = banks / allBanks;
  const bankBase = SINGLE * groups;
  const nodeBase = bankBase + SINGLE * banks;
  const shape = { part, size, groups, nodes, bankBase, nodeBase, used };
  return {
    groups,
    nodes,
    bankBase,
    nodeBase,
    entries: nodeBase + 2 * nodes,
    groupOf: Int32Array.from({ length: banks }, (_, bank) => Math.floor(bank / size)),
    nodeOf: Int32Array.from({ length: banks }, (_, bank) => Math.floor(bank / allBanks)),
    shared: NUMBERED.map((_, after) => Array.from({ length: after < SINGLE ? groups : nodes }, (_, at) => sharedPushes(shape, after, at))),
    own: NUMBERED.map((_, after) => ownPushes(shape, after)),
    windows: part.rules.filter(({ window }) => window > 1).map((rule) => windowOf(shape, rule)),
  };
}

interface Shape {
  readonly part: Part;
  /** Banks of a group. */
  readonly size: number;
  readonly groups: number;
  readonly nodes: number;
  readonly bankBase: number;
  readonly nodeBase: number;
  readonly used: (command: number) => boolean;
}

/** The longest delay from `after` to `before` where the two meet at this level and no deeper. */
function delayBetween({ rules }: Part, after: number, before: number, meeting: number): number {
  const binding = rules.filter(
    ({ after: a, before: b, window, siblings, level }) =>
      window === 1 && a === NUMBERED[after] && b === NUMBERED[before] && (siblings ? level === meeting + 1 : level <= meeting),
  );
  return Math.max(0, ...binding.map(({ delay }) => delay));
}

/** The deepest level at which two banks have a node in common. */
const meetingOf = ({ banksUnder }: Part, one: number, other: number): number =>
  banksUnder.findLastIndex((under) => Math.floor(one / under) === Math.floor(other / under));

function sharedPushes({ part, size, groups, nodes, nodeBase, used }: Shape, after: number, at: number): Pushes {
  const own = after < SINGLE ? at * size : at * part.allBanks;
  const deepest = part.levels.length - 1;
  const pushes: number[] = [];
  const push = (entry: number, before: number, meeting: number): void => {
    const delay = delayBetween(part, after, before, meeting);
    if (delay > 0 && used(before)) pushes.push(entry, delay);
  };
  const covers = (bank: number): boolean => after >= SINGLE && Math.floor(bank / part.allBanks) === at;
  for (let before = 0; before < SINGLE; before++) {
    for (let group = 0; group < groups; group++) {
      const bank = group * size;
      push(before * groups + group, before, covers(bank) ? deepest : Math.min(meetingOf(part, own, bank), deepest - 1));
    }
  }
  for (const before of [PREAB, REFAB]) {
    for (let node = 0; node < nodes; node++) {
      const inside = Math.floor(own / part.allBanks) === node;
      push(nodeBase + (before - PREAB) * nodes + node, before, inside ? deepest : meetingOf(part, own, node * part.allBanks));
    }
  }
  return Int32Array.from(pushes);
}

/** What its own bank waits for beyond what its group does. */
function ownPushes({ part, used }: Shape, after: number): Pushes {
  const deepest = part.levels.length - 1;
  const pushes: number[] = [];
  for (let before = 0; after < SINGLE && before < SINGLE; before++) {
    const delay = delayBetween(part, after, before, deepest);
    if (used(before) && delay > delayBetween(part, after, before, deepest - 1)) pushes.push(before * part.banks, delay);
  }
  return Int32Array.from(pushes);
}

function windowOf({ part, size, groups }: Shape, { level, after, before, delay, window }: TickRule): Window {
  const under = part.banksUnder[level]!;
  if (under < size) throw new Error("a window of one bank is not told apart here");
  const nodes = part.banks / under;
  const numbered = NUMBERED.indexOf(before);
  const perNode = under / size;
  return {
    after: NUMBERED.indexOf(after),
    delay,
    back: window - 1,
    nodes,
    nodeOfBank: Int32Array.from({ length: part.banks }, (_, bank) => Math.floor(bank / under)),
    entries: Array.from({ length: nodes }, (_, node) => Int32Array.from({ length: perNode }, (_, i) => numbered * groups + node * perNode + i)),
  };
}
