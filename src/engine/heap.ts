/**
 * Pending bursts of a resource, earliest first: a binary heap on typed arrays, ordered by time and then by outstanding slot. Slots are
 * numbered by process, and bursts of one firing share time and slot, so that this is the order that network.ts demands. Hot path (bench: requests).
 */

export interface Heap {
  size: number;
  time: Float64Array;
  slot: Int32Array;
}

const NO_TIME = new Float64Array(0);
const NO_SLOT = new Int32Array(0);

/** Without room: most channels of a wide memory see no burst of a short run. */
export function createHeap(): Heap {
  return { size: 0, time: NO_TIME, slot: NO_SLOT };
}

export function pushHeap(heap: Heap, time: number, slot: number): void {
  if (heap.size === heap.time.length) growHeap(heap);
  const { time: times, slot: slots } = heap;
  let at = heap.size++;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = times[parent]!;
    if (above < time || (above === time && slots[parent]! <= slot)) break;
    times[at] = above;
    slots[at] = slots[parent]!;
    at = parent;
  }
  times[at] = time;
  slots[at] = slot;
}

/** Removes the first. */
export function popHeap(heap: Heap): void {
  const { time: times, slot: slots } = heap;
  const size = --heap.size;
  const time = times[size]!;
  const slot = slots[size]!;
  let at = 0;
  for (let child = 1; child < size; child = 2 * at + 1) {
    const right = child + 1;
    if (right < size && isBefore(times[right]!, slots[right]!, times[child]!, slots[child]!)) child = right;
    if (!isBefore(times[child]!, slots[child]!, time, slot)) break;
    times[at] = times[child]!;
    slots[at] = slots[child]!;
    at = child;
  }
  times[at] = time;
  slots[at] = slot;
}

function isBefore(timeA: number, slotA: number, timeB: number, slotB: number): boolean {
  return timeA < timeB || (timeA === timeB && slotA < slotB);
}

function growHeap(heap: Heap): void {
  const { time, slot } = heap;
  const room = Math.max(16, 2 * time.length);
  heap.time = new Float64Array(room);
  heap.slot = new Int32Array(room);
  heap.time.set(time);
  heap.slot.set(slot);
}
