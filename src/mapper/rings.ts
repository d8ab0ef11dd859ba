/**
 * Channels on rings: what they carry comes back, as the state of a loop on the chip does in each round, so that each round waits for their latency. That of all
 * other channels is paid once, while the pipeline fills.
 */

import type { Channel, Endpoint, Section } from "../fabric/fabric.ts";

export function channelsOnRings({ channels }: Section): ReadonlySet<Channel> {
  const components = componentsOf(channels);
  return new Set(channels.filter(({ source, sinks }) => sinks.some((sink) => components.get(nestOf(sink)) === components.get(nestOf(source)))));
}

const nestOf = ({ unit, nest }: Endpoint): string => `${unit} ${nest}`;

/** Nest -> its strongly connected component, by a nest of it (Kosaraju: backwards from where a search forwards ends last). */
function componentsOf(channels: readonly Channel[]): ReadonlyMap<string, string> {
  const edges = channels.flatMap(({ source, sinks }) => sinks.map((sink) => [nestOf(source), nestOf(sink)] as const));
  const [forwards, backwards] = [targetsOf(edges), targetsOf(edges.map(([from, to]) => [to, from] as const))];
  const ended: string[] = [];
  const seen = new Set<string>();
  for (const nest of forwards.keys()) visit(nest, forwards, seen, (one) => ended.push(one));
  const components = new Map<string, string>();
  const placed = new Set<string>();
  for (const root of ended.reverse()) visit(root, backwards, placed, (one) => components.set(one, root));
  return components;
}

function targetsOf(edges: readonly (readonly [string, string])[]): ReadonlyMap<string, readonly string[]> {
  const targets = new Map<string, string[]>();
  for (const [from, to] of edges) {
    targets.set(from, [...(targets.get(from) ?? []), to]);
    if (!targets.has(to)) targets.set(to, []);
  }
  return targets;
}

/** Depth first from a nest through those not yet seen; each is told after all that follow it. */
function visit(root: string, targets: ReadonlyMap<string, readonly string[]>, seen: Set<string>, tell: (nest: string) => void): void {
  if (seen.has(root)) return;
  seen.add(root);
  const path = [{ nest: root, next: 0 }];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const target = targets.get(top.nest)![top.next++];
    if (target === undefined) tell(path.pop()!.nest);
    else if (!seen.has(target)) {
      seen.add(target);
      path.push({ nest: target, next: 0 });
    }
  }
}
