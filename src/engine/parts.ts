/** The parts of a network that have nothing to do with each other. */

import type { NetworkSpec } from "./network.ts";

/** Processes of each part: joined by channels, or by resources that both may ask (of which nothing is known before they do). */
export function partsOf({ processes, channels }: NetworkSpec): (readonly number[])[] {
  const root = processes.map((_, p) => p);
  const rootOf = (p: number): number => {
    while (root[p] !== p) p = root[p] = root[root[p]!]!;
    return p;
  };
  const join = (a: number, b: number): void => {
    root[rootOf(a)] = rootOf(b);
  };
  const end = new Array<number>(channels.length).fill(-1);
  const client = processes.findIndex(({ requests }) => requests !== undefined);
  processes.forEach(({ ports, requests }, p) => {
    if (requests !== undefined) join(p, client);
    for (const { channel } of ports) {
      if (end[channel]! < 0) end[channel] = p;
      else join(p, end[channel]!);
    }
  });
  const parts = new Map<number, number[]>();
  processes.forEach((_, p) => {
    const part = parts.get(rootOf(p));
    if (part === undefined) parts.set(rootOf(p), [p]);
    else part.push(p);
  });
  return [...parts.values()];
}
