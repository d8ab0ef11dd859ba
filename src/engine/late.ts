/** Waits that go back to resources. Hot path (bench: bursts). */

import { MASK, OTHER, QI, type State, TOKENS } from "./layout.ts";

/** Port q has waited for the token that stands at `head` of its ring: what its bursts decided of that goes to port and resource. */
export function countLate({ qi, count, lateCount, byResource, order, free, flight, flightLast }: State, q: number, head: number, waited: number): void {
  const position = qi[q * QI + TOKENS]! + (head & qi[q * QI + MASK]!);
  const flown = flight[position]!;
  if (flown === 0) return;
  const late = flown < waited ? flown : waited;
  count[lateCount + q]! += late;
  count[byResource[order[qi[q * QI + OTHER]!]!]! + free.length + flightLast[position]!]! += late;
}
