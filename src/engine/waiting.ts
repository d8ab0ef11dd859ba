/** Who waits for what when nothing moves: the material of a deadlock message. */

import type { NetworkSpec } from "./network.ts";
import { allowance, endsOf, isInput, offered, type Stock } from "./tokens.ts";

export interface Wait {
  readonly process: number;
  /** Of its port's channel. */
  readonly need: "token" | "slot";
  readonly channel: number;
  /** The process at the channel's other end. */
  readonly other: number;
}

/** All that keeps each unfinished process from its next firing, in order of processes and ports. `fired`: firings so far. */
export function findWaits(spec: NetworkSpec, fired: ArrayLike<number>, stocks: readonly Stock[] = spec.channels): readonly Wait[] {
  const ends = endsOf(spec);
  return spec.processes.flatMap(({ firings, ports }, process) =>
    fired[process]! === firings
      ? []
      : ports.flatMap((port): Wait[] => {
          const both = ends[port.channel]!;
          const [own, other] = isInput(port) ? [both.consumer, both.producer] : [both.producer, both.consumer];
          if (allowance(port, offered(both, stocks[port.channel]!, own, fired)) > fired[process]!) return [];
          return [{ process, need: isInput(port) ? "token" : "slot", channel: port.channel, other: other.process }];
        }),
  );
}

/** A walk from wait to wait. */
export interface Chain {
  /** Each but the last is for the process of the next. */
  readonly waits: readonly Wait[];
  /** The last is for the first; else for a process that has fired all its firings. */
  readonly isRing: boolean;
}

/** The first chain that closes or ends; a wait for somebody who has finished goes before a ring, for nothing can end it. */
export function findChain(waits: readonly Wait[]): Chain {
  const waiting = new Set(waits.map(({ process }) => process));
  const lost = waits.find(({ other }) => !waiting.has(other));
  return lost === undefined ? { waits: findRing(waits), isRing: true } : { waits: [lost], isRing: false };
}

function findRing(waits: readonly Wait[]): readonly Wait[] {
  const next = new Map<number, Wait>();
  for (const wait of waits) if (!next.has(wait.process)) next.set(wait.process, wait);
  const path: Wait[] = [];
  for (let wait = waits[0]; wait !== undefined; wait = next.get(wait.other)) {
    const from = path.indexOf(wait);
    if (from >= 0) return path.slice(from);
    path.push(wait);
  }
  return [];
}
