/** Waits that go back to resources. Hot path (bench: bursts). */

import { convertTime, NETWORK_CLOCK } from "./clock.ts";
import { MASK, OTHER, PF, QI, STRIDE, type State, TOKENS } from "./layout.ts";

/** Port q of process p has waited for the token that stands at `head` of its ring: what its bursts decided of that goes to port and resource. */
export function countLate(state: State, p: number, q: number, head: number, waited: number): void {
  const { pf, qi, count, lateCount, byResource, order, free, flight, flightLast } = state;
  const position = qi[q * QI + TOKENS]! + (head & qi[q * QI + MASK]!);
  if (flight[position] === 0) return;
  const sender = order[qi[q * QI + OTHER]!]!;
  const flown = pf[p * PF + STRIDE] === pf[sender * PF + STRIDE] ? flight[position]! : inTicksOf(state, p, sender, flight[position]!);
  const late = flown < waited ? flown : waited;
  count[lateCount + q]! += late;
  count[byResource[sender]! + free.length + flightLast[position]!]! += late;
}

/** Ticks of one process in those of another, rounded up. */
function inTicksOf({ spec }: State, p: number, other: number, ticks: number): number {
  const { clock: own = NETWORK_CLOCK } = spec.processes[p]!;
  const { clock: its = NETWORK_CLOCK } = spec.processes[other]!;
  return convertTime(ticks, own.numerator * its.denominator, own.denominator * its.numerator);
}
