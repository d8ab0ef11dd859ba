/**
 * What must have happened before a firing can: a deadlock that is certain before the run. Each firing needs tokens, which others must have pushed, and slots, which
 * others must have freed; what these need in turn is followed back. A firing that comes to need itself never happens.
 */

import type { NetworkSpec, PortSpec } from "./network.ts";
import { type Ends, endsOf, isInput, type Stock, taken } from "./tokens.ts";
import type { Wait } from "./waiting.ts";

/** A process must have fired so often, because what `cause` says needs a token or a slot of it. */
interface Need {
  readonly process: number;
  readonly firings: number;
  readonly cause: Cause | null;
}

interface Cause {
  readonly need: Need;
  readonly wait: NeedfulWait;
}

/** A wait that is foreseen. */
export interface NeedfulWait extends Wait {
  /** Tokens that the process must have popped, or pushed, on the channel by then. */
  readonly amount: number;
}

/** Needs that are followed for one firing, and for all of a network for each of its ports: beyond them nothing is foreseen. */
const MOST_NEEDS = 2000;
const NEEDS_PER_PORT = 16;

/**
 * Rings in which every process needs of the next what that cannot give before; of those that meet, the shortest, for the others follow from it. A ring that closes
 * late in a run is not found.
 */
export function findCircularNeeds(spec: NetworkSpec): readonly (readonly NeedfulWait[])[] {
  const ends = endsOf(spec);
  const budget = { needs: NEEDS_PER_PORT * spec.processes.reduce((sum, { ports }) => sum + ports.length, 0) };
  const found = joinsOf(spec).flatMap(({ process, firings }) => {
    const ring = ringFrom(spec, ends, { process, firings, cause: null }, budget);
    return ring === null ? [] : [ring];
  });
  return apart(found.sort((a, b) => a.length - b.length));
}

/**
 * Firings that need tokens from several sides: in every ring with a slot there is one, between what it has and what it waits for. Of each kind of process the first
 * comes before the second of any, so that copies of one do not use up what is there for others.
 */
function joinsOf({ processes }: NetworkSpec): readonly Pick<Need, "process" | "firings">[] {
  const seen = new Map<string, number>();
  const joins = processes.flatMap(({ firings, ports }, process) => {
    const inputs = ports.filter(isInput);
    if (inputs.length < 2) return [];
    const turns = [1, ...new Set(inputs.flatMap(({ period }) => (period > 1 && period < firings ? [period + 1] : [])))];
    const kind = [firings, ...ports.map((port) => `${port.kind} ${port.period}`)].join();
    const copy = seen.get(kind) ?? 0;
    seen.set(kind, copy + 1);
    return turns.map((turn) => ({ process, firings: turn, copy }));
  });
  return joins.sort((a, b) => a.copy - b.copy);
}

/** Those that share no process with one before them. */
function apart(rings: readonly (readonly NeedfulWait[])[]): readonly (readonly NeedfulWait[])[] {
  const met = new Set<number>();
  return rings.filter((ring) => {
    if (ring.some(({ process }) => met.has(process))) return false;
    for (const { process } of ring) met.add(process);
    return true;
  });
}

/** Follows what a process needs to have fired so often; the ring if that is itself. */
function ringFrom(spec: NetworkSpec, ends: readonly Ends[], first: Need, budget: { needs: number }): readonly NeedfulWait[] | null {
  const { process, firings } = first;
  const needed = new Map([[process, firings]]);
  const open = [first];
  for (let at = 0; at < open.length && at < MOST_NEEDS && budget.needs > 0; at++) {
    const need = open[at]!;
    if (need.firings < needed.get(need.process)!) continue;
    budget.needs--;
    for (const next of needsOf(spec, ends, need)) {
      if (next.process === process && next.firings >= firings) return waitsUpTo(next);
      if (next.firings <= (needed.get(next.process) ?? 0)) continue;
      needed.set(next.process, next.firings);
      open.push(next);
    }
  }
  return null;
}

function needsOf(spec: NetworkSpec, ends: readonly Ends[], need: Need): readonly Need[] {
  return spec.processes[need.process]!.ports.flatMap((port): Need[] => {
    const both = ends[port.channel]!;
    const [other, kind] = isInput(port) ? ([both.producer, "token"] as const) : ([both.consumer, "slot"] as const);
    const amount = taken(port, need.firings);
    const missing = amount - atStart(port, spec.channels[port.channel]!);
    if (missing <= 0) return [];
    const wait = { process: need.process, need: kind, channel: port.channel, other: other.process, amount };
    return [{ process: other.process, firings: firingsFor(other.spec, missing), cause: { need, wait } }];
  });
}

const atStart = (port: PortSpec, { depth, initial = 0 }: Stock): number => (isInput(port) ? initial : depth - initial);

/** Firings after which a port has given so much. */
function firingsFor({ kind, period }: PortSpec, amount: number): number {
  return kind === "stream-in" ? (amount - 1) * period + 1 : amount * period;
}

/** From the first need to the last. */
function waitsUpTo({ cause }: Need): readonly NeedfulWait[] {
  return cause === null ? [] : [...waitsUpTo(cause.need), cause.wait];
}
