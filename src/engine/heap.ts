/**
 * Pending bursts of a resource, earliest first: a binary heap on typed arrays, ordered by time, then by outstanding slot, then by word. Slots are
 * numbered by process, and bursts of one firing share time and slot, so that this is the order that network.ts demands. Hot path (bench: requests).
 */

export interface Heap {
  size: number;
  time: Float64Array;
  slot: Int32Array;
  /** What the burst tells a server. */
  word: Float64Array;
}

const NO_FLOAT = new Float64Array(0);
const NO_SLOT = new Int32Array(0);

/** Without room: most channels of a wide memory see no burst of a short run. */
export function createHeap(): Heap {
  return { size: 0, time: NO_FLOAT, slot: NO_SLOT, word: NO_FLOAT };
}

export function pushHeap(heap: Heap, time: number, slot: number, word: number): void {
  if (heap.size === heap.time.length) growHeap(heap);
  const { time: times, slot: slots, word: words } = heap;
  let at = heap.size++;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(time, slot, word, times[parent]!, slots[parent]!, words[parent]!)) break;
    times[at] = times[parent]!;
    slots[at] = slots[parent]!;
    words[at] = words[parent]!;
    at = parent;
  }
  times[at] = time;
  slots[at] = slot;
  words[at] = word;
}

/** Removes the first. */
export function popHeap(heap: Heap): void {
  const { time: times, slot: slots, word: words } = heap;
  const size = --heap.size;
  const time = times[size]!;
  const slot = slots[size]!;
  const word = words[size]!;
  let at = 0;
  for (let child = 1; child < size; child = 2 * at + 1) {
    const right = child + 1;
    if (right < size && isBefore(times[right]!, slots[right]!, words[right]!, times[child]!, slots[child]!, words[child]!)) child = right;
    if (!isBefore(times[child]!, slots[child]!, words[child]!, time, slot, word)) break;
    times[at] = times[child]!;
    slots[at] = slots[child]!;
    words[at] = words[child]!;
    at = child;
  }
  times[at] = time;
  slots[at] = slot;
  words[at] = word;
}

function isBefore(timeA: number, slotA: number, wordA: number, timeB: number, slotB: number, wordB: number): boolean {
  return timeA < timeB || (timeA === timeB && (slotA < slotB || (slotA === slotB && wordA < wordB)));
}

function growHeap(heap: Heap): void {
  const { time, slot, word } = heap;
  const room = Math.max(16, 2 * time.length);
  heap.time = new Float64Array(room);
  heap.slot = new Int32Array(room);
  heap.word = new Float64Array(room);
  heap.time.set(time);
  heap.slot.set(slot);
  heap.word.set(word);
}
