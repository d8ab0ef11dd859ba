/**
 * A grid of thread blocks on the SMs of a GPU, event by event. Blocks of a class are alike; those of a grid start in order, each on the SM with most free slots, and an SM's
 * blocks share its pipes, all blocks the bandwidths of L2 and HBM. Between events (blocks end, others start) every block goes on at a constant pace, so nothing is stepped through.
 * SMs that hold the same are one group.
 */

export interface BlockClass {
  readonly count: number;
  /** Cycles in which it keeps the pipes of its SM to itself. */
  readonly sm_cycles: number;
  /** The least time it takes with an SM of its own and memory at its latency alone: at least `sm_cycles`. */
  readonly chain_cycles: number;
  /** Found in L2. */
  readonly l2_read_bytes: number;
  readonly l2_write_bytes: number;
  /** Not found there, or thrown out of it. */
  readonly hbm_bytes: number;
}

export interface Rates {
  /** Bytes a cycle, of all SMs together. */
  readonly l2_read: number;
  readonly l2_write: number;
  readonly hbm: number;
  /** Of the shorter of memory and compute time, what the longer hides. */
  readonly overlap: number;
}

export interface GridResult {
  /** From the first block's start to the last one's end. */
  readonly cycles: number;
  /** Cycles of SMs with no block, added up, from the first start to the last end. */
  readonly idle_sm_cycles: number;
  /** Rounds in which all SMs are filled, were all blocks alike: blocks / (SMs x slots), rounded up. */
  readonly waves: number;
}

/** Blocks of one class on one SM. */
interface Resident {
  readonly block: BlockClass;
  readonly copies: number;
  /** Share of its work that is left, 1 .. 0. */
  left: number;
}

/** SMs that hold the same. */
interface Group {
  sms: number;
  residents: Resident[];
  used: number;
}

/** `slots`: blocks that an SM holds at a time. */
export function runGrid(classes: readonly BlockClass[], sms: number, slots: number, rates: Rates): GridResult {
  const queue = classes.filter(({ count }) => count > 0).map((block) => ({ block, count: block.count }));
  const blocks = queue.reduce((sum, { count }) => sum + count, 0);
  const groups: Group[] = [{ sms, residents: [], used: 0 }];
  let [cycles, idle] = [0, 0];
  while (true) {
    if (isEmpty(groups)) cycles += wholeWaves(queue, sms, slots, rates);
    fill(groups, queue, slots);
    if (groups.every(({ residents }) => residents.length === 0)) break;
    const memory = memoryTime(groups, rates);
    const paces = groups.map((group) => group.residents.map((resident) => durationOf(group, resident, memory, rates)));
    let step = Number.POSITIVE_INFINITY;
    groups.forEach((group, g) => {
      group.residents.forEach((resident, r) => {
        step = Math.min(step, resident.left * paces[g]![r]!);
      });
    });
    if (!Number.isFinite(step)) throw new Error(`a grid of ${blocks} blocks takes ${step} cycles`);
    cycles += step;
    groups.forEach((group, g) => {
      if (group.residents.length === 0) idle += step * group.sms;
      group.residents.forEach((resident, r) => {
        resident.left -= step / paces[g]![r]!;
      });
      const ended = group.residents.filter(({ left }) => left <= DONE);
      if (ended.length === 0) return;
      group.used -= ended.reduce((sum, { copies }) => sum + copies, 0);
      group.residents = group.residents.filter(({ left }) => left > DONE);
    });
    merge(groups);
  }
  return { cycles: Math.max(0, Math.ceil(cycles - DONE)), idle_sm_cycles: idle, waves: Math.ceil(blocks / (sms * slots)) };
}

/** What rounding leaves of a block's work is none. */
const DONE = 1e-9;

interface Waiting {
  readonly block: BlockClass;
  count: number;
}

const isEmpty = (groups: readonly Group[]): boolean => groups.length === 1 && groups[0]!.residents.length === 0;

/** All SMs are empty: rounds that fill them with blocks alike take the same time each, so all but the last are taken at once. */
function wholeWaves(queue: readonly Waiting[], sms: number, slots: number, rates: Rates): number {
  const first = queue.find(({ count }) => count > 0);
  if (first === undefined) return 0;
  const rounds = Math.floor(first.count / (sms * slots)) - 1;
  if (rounds < 1) return 0;
  first.count -= rounds * sms * slots;
  const full: Group = { sms, residents: [{ block: first.block, copies: slots, left: 1 }], used: slots };
  return rounds * durationOf(full, full.residents[0]!, memoryTime([full], rates), rates);
}

/** Gives waiting blocks to the SMs with most free slots, a block an SM and round. */
function fill(groups: Group[], queue: readonly Waiting[], slots: number): void {
  for (const waiting of queue) {
    while (waiting.count > 0) {
      const group = groups.reduce((best, one) => (one.used < best.used ? one : best));
      if (group.used >= slots) return;
      const rounds = roundsFor(groups, group, waiting.count, slots);
      const taking = Math.min(waiting.count, group.sms);
      if (taking < group.sms) {
        groups.push({ sms: group.sms - taking, residents: group.residents.map((one) => ({ ...one })), used: group.used });
        group.sms = taking;
      }
      add(group, waiting.block, rounds);
      waiting.count -= taking * rounds;
    }
  }
}

/** Rounds in a row that the emptiest group takes before another one is as empty, or its blocks run out. */
function roundsFor(groups: readonly Group[], group: Group, waiting: number, slots: number): number {
  const next = groups.reduce((least, one) => (one === group ? least : Math.min(least, one.used)), slots);
  return Math.max(1, Math.min(next - group.used, Math.floor(waiting / group.sms)));
}

function add(group: Group, block: BlockClass, copies: number): void {
  const same = group.residents.findIndex((one) => one.block === block && one.left === 1);
  if (same < 0) group.residents.push({ block, copies, left: 1 });
  else group.residents[same] = { block, copies: group.residents[same]!.copies + copies, left: 1 };
  group.used += copies;
}

/** Cycles in which memory serves all resident blocks once. What L2 has and what it must fetch go one after the other: measured bandwidths between the two plateaus (V02) are those. */
function memoryTime(groups: readonly Group[], { l2_read, l2_write, hbm }: Rates): number {
  let [read, written, off] = [0, 0, 0];
  for (const { sms, residents } of groups) {
    for (const { block, copies } of residents) {
      read += sms * copies * block.l2_read_bytes;
      written += sms * copies * block.l2_write_bytes;
      off += sms * copies * block.hbm_bytes;
    }
  }
  return read / l2_read + written / l2_write + off / hbm;
}

/** Cycles that a resident block takes from start to end while everything stays as it is. */
function durationOf({ used }: Group, { block }: Resident, memory: number, { overlap }: Rates): number {
  const pipes = used * block.sm_cycles;
  const own = block.l2_read_bytes + block.l2_write_bytes + block.hbm_bytes > 0 ? memory : 0;
  return Math.max(block.chain_cycles, pipes, own) + (1 - overlap) * Math.min(pipes, own);
}

/** Groups that hold the same become one. */
function merge(groups: Group[]): void {
  for (let a = 0; a < groups.length; a++) {
    for (let b = groups.length - 1; b > a; b--) {
      if (!holdsTheSame(groups[a]!, groups[b]!)) continue;
      groups[a]!.sms += groups[b]!.sms;
      groups.splice(b, 1);
    }
  }
}

function holdsTheSame(a: Group, b: Group): boolean {
  if (a.used !== b.used || a.residents.length !== b.residents.length) return false;
  return a.residents.every(({ block, copies, left }, r) => {
    const other = b.residents[r]!;
    return other.block === block && other.copies === copies && Math.abs(other.left - left) <= DONE;
  });
}
