/**
 * From the node at which a figure was published to the node of a table. Two ways, both said in the table: a line through two published nodes, straight in the logarithms of
 * size and figure (a power of the feature size), or a named factor (`by`) that several figures share. Nothing is scaled without either.
 */

import { exp, log } from "../base/math.ts";

/** A figure at a node, in the unit of the figure. */
export interface NodePoint {
  readonly nm: number;
  readonly at: number;
}

/** A factor from one node to that of the table: given, or that of a line through two nodes. */
export interface Scaling {
  readonly from_nm: number;
  readonly factor?: number | undefined;
  readonly line?: readonly NodePoint[] | undefined;
  readonly source: string;
}

/** What a line through two nodes says at a third. */
export function onLine(line: readonly NodePoint[], nm: number): number {
  const [a, b] = line as readonly [NodePoint, NodePoint];
  return a.at * exp((log(b.at / a.at) * log(nm / a.nm)) / log(b.nm / a.nm));
}

export function factorOf({ from_nm, factor, line }: Scaling, to_nm: number): number {
  return factor ?? onLine(line ?? [], to_nm) / onLine(line ?? [], from_nm);
}

/** "scaled from 45 nm to 28 nm by 0.7357 (i32-add: ...)", for the source of a figure. */
export function scalingWords(name: string, scaling: Scaling, to_nm: number): string {
  const factor = Number(factorOf(scaling, to_nm).toPrecision(4));
  return `scaled from ${scaling.from_nm} nm to ${to_nm} nm by ${factor} (${name}: ${scaling.source})`;
}
