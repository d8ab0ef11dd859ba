/** Words for a network that cannot move: who waits for whom, the ring first. */

import type { NetworkSpec } from "../engine/network.ts";
import type { Wait } from "../engine/waiting.ts";

/** "a waits for a token on x from b, which waits for a slot on y towards a". */
export function describeWaits(network: NetworkSpec, waits: readonly Wait[]): string {
  const ring = findRing(waits);
  const told = ring.length > 0 ? ring : waits.slice(0, 8);
  return told.map((wait) => describeWait(network, wait)).join("; ");
}

/** Processes that wait for each other in a circle; empty where none do. */
function findRing(waits: readonly Wait[]): readonly Wait[] {
  const next = new Map<number, Wait>();
  for (const wait of waits) if (!next.has(wait.process)) next.set(wait.process, wait);
  for (const start of waits) {
    const path: Wait[] = [];
    const seen = new Set<number>();
    let wait: Wait | undefined = start;
    while (wait !== undefined && !seen.has(wait.process)) {
      seen.add(wait.process);
      path.push(wait);
      wait = next.get(wait.other);
    }
    if (wait !== undefined) return path.slice(path.findIndex(({ process }) => process === wait.process));
  }
  return [];
}

function describeWait({ processes, channels }: NetworkSpec, { process, need, port, other }: Wait): string {
  const { name, ports } = processes[process]!;
  if (need === "memory") return `${name} waits for memory`;
  const channel = channels[ports[port]!.channel]!;
  const rest = need === "token" ? `a token on ${channel.name} from` : `one of ${channel.depth} slots on ${channel.name} towards`;
  return `${name} waits for ${rest} ${processes[other]?.name ?? "nobody"}`;
}
