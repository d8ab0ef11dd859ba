/** Firings of processes whose loops data steers: their ports' events are planned firing by firing, as far as the tokens for it are there. */

import type { Steering } from "./behaviour.ts";
import { fireOnce, popWords } from "./firing.ts";
import {
  ACT,
  BEGINS,
  COUNTERS,
  ENDS,
  FIRED,
  FREE,
  KNOWN,
  LAST,
  LIMIT,
  NEXT,
  PF,
  PI,
  POP,
  POPPED,
  PORT,
  PUSH,
  QF,
  QI,
  REACH,
  type State,
  TAKE,
  TOTAL,
} from "./layout.ts";
import type { PortKind } from "./network.ts";

/** What a port does when an iteration of its level begins and when it ends. */
const ACTS: { readonly [K in PortKind]: { readonly begins: number; readonly ends: number } } = {
  "stream-in": { begins: POP | FREE, ends: 0 },
  "stream-out": { begins: 0, ends: TAKE | PUSH },
  "buffer-in": { begins: POP, ends: FREE },
  "buffer-out": { begins: TAKE, ends: PUSH },
};

/** Fires a steered process as often as it can. */
export function fireSteered(state: State, p: number): void {
  const { pf } = state;
  const b = p * PF;
  while (pf[b + FIRED]! < pf[b + TOTAL]! && pf[b + LAST]! <= pf[b + LIMIT]! && planFiring(state, p) && fireOnce(state, p)) endFiring(state, p);
}

/** What all ports do at the next firing. False while a token that decides it is not there. */
function planFiring(state: State, p: number): boolean {
  const { spec, pi, inputs } = state;
  if (pi[p * PI + ENDS]! >= 0) return true;
  const { name, behaviour } = spec.processes[p]!;
  const steering = behaviour!.steering!;
  while (true) {
    if (!readLevel(state, p, pi[p * PI + REACH]!)) return false;
    if (pi[p * PI + REACH] === steering.loops || !steering.enters(pi[p * PI + REACH]!, inputs[p]!)) break;
    pi[p * PI + REACH]!++;
  }
  pi[p * PI + ENDS] = askEnds(steering, pi[p * PI + REACH]!, inputs[p]!, name);
  planPorts(state, p);
  return true;
}

/** Pops are planned level by level, so that a waiting process shows what it waits for. */
function readLevel(state: State, p: number, level: number): boolean {
  const { spec, pf, pi, qi, qf, ci } = state;
  const n = pf[p * PF + FIRED]!;
  const { ports } = spec.processes[p]!;
  let isThere = true;
  for (let j = 0; j < ports.length; j++) {
    const { begins } = ACTS[ports[j]!.kind];
    if (ports[j]!.level !== level || (begins & POP) === 0) continue;
    const q = pi[p * PI + PORT]! + j;
    const c = qi[q * QI + COUNTERS]!;
    qi[q * QI + ACT] = begins;
    qf[q * QF + NEXT] = n;
    if (ci[c + POPPED] === ci[c + KNOWN]) isThere = false;
  }
  if (isThere) popWords(state, p, n);
  return isThere;
}

function askEnds(steering: Steering, reach: number, inputs: readonly Float64Array[], name: string): number {
  const ends = steering.ends(reach, inputs);
  if (!(Number.isInteger(ends) && ends >= 0 && ends <= reach)) throw new Error(`process ${name}: level ${ends} ends at a firing of level ${reach}`);
  return ends;
}

function planPorts({ spec, pf, pi, qi, qf }: State, p: number): void {
  const { ports } = spec.processes[p]!;
  for (let j = 0; j < ports.length; j++) {
    const level = ports[j]!.level!;
    const { begins, ends } = ACTS[ports[j]!.kind];
    const q = pi[p * PI + PORT]! + j;
    const isInside = level <= pi[p * PI + REACH]!;
    const act = (isInside && pi[p * PI + BEGINS]! <= level ? begins : 0) | (isInside && pi[p * PI + ENDS]! <= level ? ends : 0);
    qi[q * QI + ACT] = act;
    if (act !== 0) qf[q * QF + NEXT] = pf[p * PF + FIRED]!;
  }
}

/** Counts the tokens of the firing and leaves the ports without an event. */
function endFiring({ spec, pf, pi, qi, tokens }: State, p: number): void {
  const { name, ports } = spec.processes[p]!;
  for (let j = 0; j < ports.length; j++) {
    const q = pi[p * PI + PORT]! + j;
    if ((qi[q * QI + ACT]! & (POP | PUSH)) !== 0) tokens[q]!++;
    qi[q * QI + ACT] = 0;
  }
  const ends = pi[p * PI + ENDS]!;
  pi[p * PI + BEGINS] = ends;
  pi[p * PI + REACH] = ends;
  pi[p * PI + ENDS] = -1;
  if (ends === 0) pf[p * PF + TOTAL] = pf[p * PF + FIRED]!;
  else if (pf[p * PF + FIRED] === pf[p * PF + TOTAL])
    throw new Error(`process ${name} is not done after ${pf[p * PF + TOTAL]} firings, the most that it says it has`);
}
