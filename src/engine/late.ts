/** Waits that go back to resources. Hot path (bench: bursts). */

import { MASK, OTHER, QI, type State, TOKENS } from "./layout.ts";

/** Port q has waited for the token that stands at `head` of its ring: what its bursts decided of that goes to port and resource. */
export function countLate({ qi, count, lateCount, byResource, order, free, flight }: State, q: number, head: number, waited: number): void {
  const flown = flight[qi[q * QI + TOKENS]! + (head & qi[q * QI + MASK]!)]!;
  if (flown === 0) return;
  const resources = free.length;
  const ticks = Math.floor(flown / resources);
  const late = ticks < waited ? ticks : waited;
  const sender = order[qi[q * QI + OTHER]!]!;
  count[lateCount + q]! += late;
  count[byResource[sender]! + resources + (flown - ticks * resources)]! += late;
}
