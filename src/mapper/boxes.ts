/** Hot path: bounding boxes of nets while units move (see anneal.ts). A move's new boxes stand beside the old ones until it is kept. */

import type { AnnealState } from "./anneal-state.ts";
import { starChange } from "./stars.ts";

/** Numbers of a box: left, right, top, bottom, then how many pins are on each. */
export const boxSize = 8;
/** Up to here it is quicker to look at all pins than to count those on the borders. */
const fewPins = 4;

/** Nets of both units keep their box when the two change places: they get the mark `stamp` + 1. */
export function markShared({ unitStart, unitNets, mark, stamp }: AnnealState, unit: number, other: number): void {
  const end = unitStart[unit + 1]!;
  for (let index = unitStart[unit]!; index < end; index++) mark[unitNets[index]!] = stamp;
  const otherEnd = unitStart[other + 1]!;
  for (let index = unitStart[other]!; index < otherEnd; index++) {
    const net = unitNets[index]!;
    if (mark[net] === stamp) mark[net] = stamp + 1;
  }
}

/** New boxes of the nets of a unit that stood at (oldX, oldY); returns their change of cost. Those with the mark are left out. */
export function changeNets(state: AnnealState, unit: number, oldX: number, oldY: number): number {
  const { unitStart, unitNets, netStart, boxes, newBoxes, weights, stars, mark } = state;
  const shared = state.stamp + 1;
  const x = state.xs[unit]!;
  const y = state.ys[unit]!;
  const end = unitStart[unit + 1]!;
  let delta = 0;
  for (let index = unitStart[unit]!; index < end; index++) {
    const net = unitNets[index]!;
    if (mark[net] === shared) continue;
    const now = boxSize * net;
    const then = boxSize * state.changes;
    if (netStart[net + 1]! - netStart[net]! <= fewPins) scanFew(state, net, newBoxes, then);
    else if (!slide(boxes, now, newBoxes, then, oldX, x) || !slide(boxes, now + 2, newBoxes, then + 2, oldY, y)) scanMany(state, net, newBoxes, then);
    delta += weights[net]! * (halfPerimeter(newBoxes, then) - halfPerimeter(boxes, now));
    if (stars[net]! > 0) delta += stars[net]! * starChange(state, net, unit, oldX, oldY);
    state.changed[state.changes++] = net;
  }
  return delta;
}

function halfPerimeter(boxes: Int32Array, at: number): number {
  return boxes[at + 1]! - boxes[at]! + boxes[at + 3]! - boxes[at + 2]!;
}

/** One axis of a box after one pin went from `old` to `next`: false if the pins must be looked at because the last one left a border inwards. */
function slide(boxes: Int32Array, now: number, newBoxes: Int32Array, then: number, old: number, next: number): boolean {
  let low = boxes[now]!;
  let high = boxes[now + 1]!;
  let onLow = boxes[now + 4]!;
  let onHigh = boxes[now + 5]!;
  if (old === low && --onLow === 0 && next > low) return false;
  if (old === high && --onHigh === 0 && next < high) return false;
  if (next === low) onLow++;
  else if (next < low) {
    low = next;
    onLow = 1;
  }
  if (next === high) onHigh++;
  else if (next > high) {
    high = next;
    onHigh = 1;
  }
  newBoxes[then] = low;
  newBoxes[then + 1] = high;
  newBoxes[then + 4] = onLow;
  newBoxes[then + 5] = onHigh;
  return true;
}

/** The box of a net of few pins: its borders' pins are not counted. */
function scanFew({ pins, xs, ys, netStart }: AnnealState, net: number, into: Int32Array, at: number): void {
  const end = netStart[net + 1]!;
  let index = netStart[net]!;
  let left = xs[pins[index]!]!;
  let right = left;
  let top = ys[pins[index]!]!;
  let bottom = top;
  for (index++; index < end; index++) {
    const x = xs[pins[index]!]!;
    const y = ys[pins[index]!]!;
    if (x < left) left = x;
    else if (x > right) right = x;
    if (y < top) top = y;
    else if (y > bottom) bottom = y;
  }
  into[at] = left;
  into[at + 1] = right;
  into[at + 2] = top;
  into[at + 3] = bottom;
}

export function scanMany(state: AnnealState, net: number, into: Int32Array, at: number): void {
  const { pins, xs, ys, netStart } = state;
  scanFew(state, net, into, at);
  into.fill(0, at + 4, at + boxSize);
  const end = netStart[net + 1]!;
  for (let index = netStart[net]!; index < end; index++) {
    const x = xs[pins[index]!]!;
    const y = ys[pins[index]!]!;
    if (x === into[at]) into[at + 4]!++;
    if (x === into[at + 1]) into[at + 5]!++;
    if (y === into[at + 2]) into[at + 6]!++;
    if (y === into[at + 3]) into[at + 7]!++;
  }
}
