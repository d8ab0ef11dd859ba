/**
 * Datapaths that go where data says: gather and fetch read elements by number, append writes records one behind the other, hash numbers distinct keys.
 * What steers time is there in every run; what is only carried may be missing (0 words) and is then left alone.
 * Hot path: as storage.ts; a handful of steps a lane, typed arrays, no allocation after the first firing.
 */

import { roundFunction } from "../pattern/dtypes.ts";
import type { Values } from "../pattern/program.ts";
import { type BankCounter, bankMapOf, clearBanks, makeBankCounter, putElement, putElementOnce } from "./banks.ts";
import { readOutside, tooManyKeys, tooManyRecords } from "./data-faults.ts";
import type { Memories, NestBehaviour, Wire } from "./datapath.ts";
import type { Nest, Work } from "./fabric.ts";
import { slotTableOf } from "./nests.ts";
import { type Store, scratchStore, step, tensorStore, wiresOf } from "./storage.ts";
import { advance, findLanes, makeWalk, type Walk } from "./walk.ts";

type WorkOf<K extends Work["kind"]> = Extract<Work, { readonly kind: K }>;

/** A port that carries nothing in this run. */
const NOTHING = -1;

/** Lane l gets the element of the scratch memory whose number comes in lane l; lanes that meet in a bank take turns, but for one element. */
export function gatherBehaviour(nest: Nest, work: WorkOf<"gather">, wires: readonly Wire[], memories: Memories): NestBehaviour {
  const walk = makeWalk(nest);
  const from = wiresOf(wires, work.indexPort)[0]!;
  const into = wiresOf(wires, work.port);
  const memory = memories.scratch.get(work.scratch)!;
  const store = scratchStore(nest, memory);
  const counter = makeBankCounter(bankMapOf(memory.spec, memories.banks), nest.lanes);
  const turns = (inputs: readonly Float64Array[]): number => {
    findLanes(walk);
    const numbers = inputs[from]!;
    checkNumbers(memories.operator, work.scratch, numbers, walk.lo, walk.hi, store.size);
    return countOnce(counter, numbers, walk);
  };
  return {
    turns,
    fire(_n, inputs, outputs) {
      const ticks = turns(inputs);
      const numbers = inputs[from]!;
      for (let i = 0; i < into.length; i++) pick(outputs[into[i]!]!, store, numbers, walk);
      step(walk, store);
      return ticks > nest.ii ? ticks : nest.ii;
    },
  };
}

/** The same from a tensor off chip: it waits for bursts, not for banks. Where nobody needs what it reads, the tensor may be missing. */
export function fetchBehaviour(nest: Nest, work: WorkOf<"fetch">, wires: readonly Wire[], memories: Memories): NestBehaviour {
  const walk = makeWalk(nest);
  const from = wiresOf(wires, work.indexPort)[0]!;
  const into = wiresOf(wires, work.port);
  if (memories.tensors[work.tensor] === undefined) return { fire: () => nest.ii };
  const store = tensorStore(memories, work.tensor);
  return {
    fire(_n, inputs, outputs) {
      findLanes(walk);
      const numbers = inputs[from]!;
      checkNumbers(memories.operator, work.tensor, numbers, walk.lo, walk.hi, store.size);
      for (let i = 0; i < into.length; i++) pick(outputs[into[i]!]!, store, numbers, walk);
      advance(walk);
      return nest.ii;
    },
  };
}

/** Throws if a lane from lo up to hi asks for an element outside 0 .. size - 1. */
export function checkNumbers(operator: string, memory: string, numbers: Float64Array, lo: number, hi: number, size: number): void {
  const numberStep = numbers.length === 1 ? 0 : 1;
  for (let l = lo; l < hi; l++) {
    const number = numbers[l * numberStep]!;
    if (number < 0 || number >= size) throw readOutside(operator, memory, number, size);
  }
}

/** Turns of the valid lanes' elements. */
function countOnce(counter: BankCounter, numbers: Float64Array, { lo, hi }: Walk): number {
  const numberStep = numbers.length === 1 ? 0 : 1;
  clearBanks(counter);
  for (let l = lo; l < hi; l++) putElementOnce(counter, numbers[l * numberStep]!);
  return counter.fullest;
}

function pick(out: Float64Array, { values, offset }: Store, numbers: Float64Array, { lo, hi }: Walk): void {
  const lanes = out.length;
  const numberStep = numbers.length === 1 ? 0 : 1;
  out.fill(0);
  for (let l = lo; l < hi && l < lanes; l++) out[l] = values[offset + numbers[l * numberStep]!]!;
}

/** The value of each emit whose condition holds goes to the next place, lane after lane. Behind the last record the tensor is 0. */
export function appendBehaviour(nest: Nest, work: WorkOf<"append">, wires: readonly Wire[], memories: Memories): NestBehaviour {
  const walk = makeWalk(nest);
  const whens = whenPorts(work, wires);
  const from = Int32Array.from(work.emits, ({ valuePort }) => wiresOf(wires, valuePort)[0] ?? NOTHING);
  const sizes = work.sizePort === undefined ? [] : wiresOf(wires, work.sizePort);
  const column = from.every((port) => port !== NOTHING) ? columnOf(memories, work.tensor) : null;
  let count = 0;
  return {
    fire(n, inputs, outputs) {
      findLanes(walk);
      if (n === 0) column?.values.fill(0);
      const before = count;
      count += countRecords(whens, inputs, walk.lo, walk.hi);
      if (column !== null) {
        if (count > column.values.length) throw tooManyRecords(memories.operator, column.values.length);
        appendRecords(column, before, whens, from, inputs, walk);
      }
      for (let i = 0; i < sizes.length; i++) outputs[sizes[i]!]![0] = count;
      advance(walk);
      return nest.ii;
    },
  };
}

interface Column {
  readonly values: Values;
  readonly round: (value: number) => number;
}

function columnOf({ tensors, dtypes }: Memories, tensor: string): Column | null {
  const values = tensors[tensor];
  return values === undefined ? null : { values, round: roundFunction(dtypes[tensor]!) };
}

/** Process ports of the conditions, emit by emit. */
export function whenPorts({ emits }: Pick<WorkOf<"append">, "emits">, wires: readonly Wire[]): Int32Array {
  return Int32Array.from(emits, ({ whenPort }) => wiresOf(wires, whenPort)[0]!);
}

/** Records that one firing makes. */
export function countRecords(whens: Int32Array, inputs: readonly Float64Array[], lo: number, hi: number): number {
  let count = 0;
  for (let e = 0; e < whens.length; e++) {
    const when = inputs[whens[e]!]!;
    const whenStep = when.length === 1 ? 0 : 1;
    for (let l = lo; l < hi; l++) if (when[l * whenStep] !== 0) count++;
  }
  return count;
}

function appendRecords({ values, round }: Column, first: number, whens: Int32Array, from: Int32Array, inputs: readonly Float64Array[], walk: Walk): void {
  let at = first;
  for (let l = walk.lo; l < walk.hi; l++) {
    for (let e = 0; e < whens.length; e++) if (wordAt(inputs[whens[e]!]!, l) !== 0) values[at++] = round(wordAt(inputs[from[e]!]!, l));
  }
}

/** A token of one word is the same for all lanes. */
function wordAt(words: Float64Array, lane: number): number {
  return words[words.length === 1 ? 0 : lane]!;
}

/** The slot table of a hash nest while it runs: open addressing, linear probing. */
interface HashTable {
  /** Number of the key in each slot; -1 where there is none. */
  readonly slots: Int32Array;
  readonly shift: number;
  /** Keys in the order of their numbers. */
  readonly keys: Values;
  /** Probes of the firing under way, by bank. */
  readonly probed: BankCounter;
  readonly tally: { lanes: number; probes: number; entries: number };
  readonly operator: string;
}

/** Lane l gets the number of its key: new keys are numbered as they come. Each slot that is looked at takes a turn at its bank. */
export function hashBehaviour(nest: Nest, work: WorkOf<"hash">, wires: readonly Wire[], memories: Memories): NestBehaviour {
  const walk = makeWalk(nest);
  const keyPort = wiresOf(wires, work.keyPort)[0]!;
  const whenPort = wiresOf(wires, work.whenPort)[0]!;
  const into = wiresOf(wires, work.port);
  const table = makeHashTable(work, memories);
  const entries = new Float64Array(nest.lanes);
  return {
    tally: table.tally,
    fire(_n, inputs, outputs) {
      findLanes(walk);
      clearBanks(table.probed);
      enterLanes(table, inputs[keyPort]!, inputs[whenPort]!, entries, walk);
      for (let i = 0; i < into.length; i++) copyEntries(outputs[into[i]!]!, entries);
      advance(walk);
      return Math.max(table.probed.fullest, nest.ii);
    },
  };
}

function makeHashTable(work: WorkOf<"hash">, { scratch, banks, operator }: Memories): HashTable {
  const { slots, keys } = work;
  return {
    slots: new Int32Array(slots).fill(-1),
    shift: 32 - Math.log2(slots),
    keys: scratch.get(keys)!.values,
    probed: makeBankCounter(bankMapOf(scratch.get(slotTableOf(work))!.spec, banks), 0),
    tally: { lanes: 0, probes: 0, entries: 0 },
    operator,
  };
}

function enterLanes(table: HashTable, keys: Float64Array, when: Float64Array, entries: Float64Array, { lo, hi }: Walk): void {
  entries.fill(-1);
  for (let l = lo; l < hi; l++) if (wordAt(when, l) !== 0) entries[l] = entryOf(table, wordAt(keys, l));
}

function copyEntries(out: Float64Array, entries: Float64Array): void {
  for (let l = 0; l < out.length; l++) out[l] = entries[l]!;
}

/** Number of the key, entered if it is new. */
function entryOf(table: HashTable, key: number): number {
  const { slots, keys, tally } = table;
  tally.lanes++;
  let slot = homeSlot(key, table);
  for (let probes = 0; probes < slots.length; probes++, slot = (slot + 1) & (slots.length - 1)) {
    probe(table, slot);
    const entry = slots[slot]!;
    if (entry >= 0 && keys[entry] === key) return entry;
    if (entry < 0) return enterKey(table, slot, key);
  }
  throw tooManyKeys(table.operator, keys.length);
}

/** Multiplicative hashing (Knuth, The Art of Computer Programming 3, section 6.4): 2654435769 is 2^32 over the golden ratio; the top bits of the product. */
function homeSlot(key: number, { shift }: HashTable): number {
  return shift === 32 ? 0 : Math.imul(key, 0x9e3779b9) >>> shift;
}

function probe(table: HashTable, slot: number): void {
  table.tally.probes++;
  putElement(table.probed, slot);
}

function enterKey({ slots, keys, tally, operator }: HashTable, slot: number, key: number): number {
  const entry = tally.entries;
  if (entry === keys.length) throw tooManyKeys(operator, keys.length);
  slots[slot] = entry;
  keys[entry] = key;
  tally.entries++;
  return entry;
}
