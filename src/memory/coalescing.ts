/**
 * What a coalescing unit knows for one address generator: bursts that it has asked for, under way or there, by address, so that whoever wants one of them again asks memory for
 * nothing. Answers come in the order of the questions, so a vector that finds its bursts here still stands behind those that ask for them. The burst used longest ago gives way:
 * more entries never ask for more. An address generator has its share of a unit's entries to itself.
 * Hot path: called once for each burst that a firing touches; a table with linear probing and a list through it, since a JavaScript Map takes several times as long.
 */

export interface Coalescer {
  readonly entries: number;
  size: number;
  /** By entry: its burst, and the entries used just after and just before it. */
  readonly burst: Float64Array;
  readonly newer: Int32Array;
  readonly older: Int32Array;
  newest: number;
  oldest: number;
  /** Entry in each slot, -1: none. A burst stands in its own slot or in one behind it, with no gap between. */
  readonly slots: Int32Array;
}

const NONE = -1;

export function makeCoalescer(entries: number): Coalescer {
  return {
    ...{ entries, size: 0, newest: NONE, oldest: NONE },
    burst: new Float64Array(entries),
    newer: new Int32Array(entries),
    older: new Int32Array(entries),
    slots: new Int32Array(2 ** Math.ceil(Math.log2(4 * Math.max(1, entries)))).fill(NONE),
  };
}

/** Does it know the burst? It does now, and has used it last. */
export function useBurst(coalescer: Coalescer, burst: number): boolean {
  if (coalescer.entries === 0) return false;
  const slot = slotOf(coalescer, burst);
  const found = coalescer.slots[slot]!;
  if (found !== NONE) {
    if (found !== coalescer.newest) {
      unlink(coalescer, found);
      linkNewest(coalescer, found);
    }
    return true;
  }
  enter(coalescer, burst, slot);
  return false;
}

function enter(coalescer: Coalescer, burst: number, slot: number): void {
  const isFull = coalescer.size === coalescer.entries;
  const entry = isFull ? coalescer.oldest : coalescer.size++;
  if (isFull) {
    unlink(coalescer, entry);
    forget(coalescer, slotOf(coalescer, coalescer.burst[entry]!));
  }
  coalescer.burst[entry] = burst;
  coalescer.slots[isFull ? slotOf(coalescer, burst) : slot] = entry;
  linkNewest(coalescer, entry);
}

/** The slot that has the burst, or that would have it. */
function slotOf({ slots, burst: bursts }: Coalescer, burst: number): number {
  const mask = slots.length - 1;
  let slot = home(burst, mask);
  while (slots[slot] !== NONE && bursts[slots[slot]!] !== burst) slot = (slot + 1) & mask;
  return slot;
}

/** Neighbouring bursts in neighbouring slots. */
const home = (burst: number, mask: number): number => burst % (mask + 1);

/** Empties a slot; what stands behind it moves up, so that no gap parts it from its own (Knuth, The Art of Computer Programming 3, algorithm 6.4 R). */
function forget({ slots, burst }: Coalescer, empty: number): void {
  const mask = slots.length - 1;
  let gap = empty;
  for (let at = (gap + 1) & mask; slots[at] !== NONE; at = (at + 1) & mask) {
    const wanted = home(burst[slots[at]!]!, mask);
    if (((at - wanted) & mask) < ((at - gap) & mask)) continue;
    slots[gap] = slots[at]!;
    gap = at;
  }
  slots[gap] = NONE;
}

function unlink(coalescer: Coalescer, entry: number): void {
  const { newer, older } = coalescer;
  const [after, before] = [newer[entry]!, older[entry]!];
  if (after === NONE) coalescer.newest = before;
  else older[after] = before;
  if (before === NONE) coalescer.oldest = after;
  else newer[before] = after;
}

function linkNewest(coalescer: Coalescer, entry: number): void {
  const { newer, older, newest } = coalescer;
  newer[entry] = NONE;
  older[entry] = newest;
  if (newest === NONE) coalescer.oldest = entry;
  else newer[newest] = entry;
  coalescer.newest = entry;
}
