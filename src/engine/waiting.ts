/** Who waits for what: the material of a deadlock message. */

import { ACT, CI, CURRENT, DRAWN, FAST, FIRED, FREED, KNOWN, NEXT, PF, PI, POP, POPPED, PORT, QF, QI, type State, TAKE, TAKEN, TOTAL } from "./layout.ts";
import type { PortSpec } from "./network.ts";

export interface Wait {
  readonly process: number;
  /** token: of its port's channel; slot: of its port's channel; memory: completion of a firing under way. */
  readonly need: "token" | "slot" | "memory";
  /** Index into the process's ports, and of the process at the channel's other end; -1 for memory. */
  readonly port: number;
  readonly other: number;
}

/** All that keeps each unfinished process from firing, in order of processes and ports. Empty when the run has finished. */
export function findWaits(state: State): Wait[] {
  return state.spec.processes.flatMap((_, p) => (state.pf[p * PF + FIRED]! < state.pf[p * PF + TOTAL]! ? waitsOf(state, p) : []));
}

function waitsOf(state: State, process: number): Wait[] {
  const { ports } = state.spec.processes[process]!;
  const waits = ports.flatMap((port, j): Wait[] => {
    const need = missing(state, process, j);
    return need === null ? [] : [{ process, need, port: j, other: otherEnd(state, port) }];
  });
  const needsSlot = state.pi[process * PI + DRAWN]! > 0;
  return needsSlot && state.slotFree[state.pi[process * PI + CURRENT]!]! < 0 ? [...waits, { process, need: "memory", port: -1, other: -1 }] : waits;
}

/** What port j of the process lacks for the next firing. A token whose time is not known yet waits for memory of its producer. */
function missing({ spec, pf, pi, qi, qf, ci }: State, p: number, j: number): "token" | "slot" | null {
  const q = pi[p * PI + PORT]! + j;
  const { channel } = spec.processes[p]!.ports[j]!;
  if (qi[q * QI + FAST] === 0 && qf[q * QF + NEXT] !== pf[p * PF + FIRED]) return null;
  const act = qi[q * QI + ACT]!;
  const c = channel * CI;
  if ((act & POP) !== 0 && ci[c + POPPED] === ci[c + KNOWN]) return "token";
  if ((act & TAKE) !== 0 && ci[c + TAKEN] === ci[c + FREED]) return "slot";
  return null;
}

function otherEnd({ spec }: State, port: PortSpec): number {
  const isOther = (candidate: PortSpec) => candidate.channel === port.channel && candidate.kind !== port.kind;
  return spec.processes.findIndex(({ ports }) => ports.some(isOther));
}
