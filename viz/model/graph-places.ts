/** Where nodes of a layered graph stand in their layers: near what they hang together with, without overlaps. */

/** Widths, in units of an operator's: of a bend, and between two. */
const BEND = 0.12;
const GAP = 0.14;
const SWEEPS = 8;

export interface Places {
  /** Middle of each node; the leftmost edge is at 0. */
  readonly x: ReadonlyMap<string, number>;
  readonly width: number;
}

/** `layers`: of each node. `ways`: chains of nodes that hang together. */
export function placed(layers: ReadonlyMap<string, number>, ways: readonly (readonly string[])[]): Places {
  const rows = Array.from({ length: Math.max(0, ...[...layers.values()].map((layer) => layer + 1)) }, (): string[] => []);
  for (const [id, layer] of layers) rows[layer]!.push(id);
  const near = neighboursOf(layers, ways);
  const x = new Map<string, number>();
  for (const row of rows) pack(row, x, () => 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const row of sweep % 2 === 0 ? rows : rows.toReversed()) settle(row, x, near);
  }
  return shifted(x);
}

function neighboursOf(layers: ReadonlyMap<string, number>, ways: readonly (readonly string[])[]): ReadonlyMap<string, readonly string[]> {
  const near = new Map<string, Set<string>>([...layers.keys()].map((id) => [id, new Set()]));
  for (const way of ways) {
    for (let i = 1; i < way.length; i++) {
      if (Math.abs(layers.get(way[i]!)! - layers.get(way[i - 1]!)!) !== 1) continue;
      near.get(way[i]!)!.add(way[i - 1]!);
      near.get(way[i - 1]!)!.add(way[i]!);
    }
  }
  return new Map([...near].map(([id, others]) => [id, [...others]]));
}

const widthOf = (id: string): number => (id.startsWith("bend ") ? BEND : 1);

/** Sorts a row by where its nodes want to be, and puts each as near to that as the others let it. */
function settle(row: string[], x: Map<string, number>, near: ReadonlyMap<string, readonly string[]>): void {
  const wish = new Map(
    row.map((id) => {
      const others = near.get(id)!;
      return [id, others.length === 0 ? x.get(id)! : others.reduce((sum, other) => sum + x.get(other)!, 0) / others.length];
    }),
  );
  const order = new Map(row.map((id, position) => [id, position]));
  row.sort((a, b) => wish.get(a)! - wish.get(b)! || order.get(a)! - order.get(b)!);
  pack(row, x, (id) => wish.get(id)!);
}

/** From left to right each as far left as it wishes and may, from right to left each as far right; then the mean of both, which keeps the distances. */
function pack(row: readonly string[], x: Map<string, number>, wish: (id: string) => number): void {
  const left = new Map<string, number>();
  const right = new Map<string, number>();
  let edge = Number.NEGATIVE_INFINITY;
  for (const id of row) {
    const at = Math.max(wish(id), edge + GAP + widthOf(id) / 2);
    left.set(id, at);
    edge = at + widthOf(id) / 2;
  }
  edge = Number.POSITIVE_INFINITY;
  for (const id of row.toReversed()) {
    const at = Math.min(wish(id), edge - GAP - widthOf(id) / 2);
    right.set(id, at);
    edge = at - widthOf(id) / 2;
  }
  for (const id of row) x.set(id, (left.get(id)! + right.get(id)!) / 2);
}

function shifted(x: ReadonlyMap<string, number>): Places {
  if (x.size === 0) return { x, width: 0 };
  const least = Math.min(...[...x].map(([id, at]) => at - widthOf(id) / 2));
  const most = Math.max(...[...x].map(([id, at]) => at + widthOf(id) / 2));
  return { x: new Map([...x].map(([id, at]) => [id, at - least])), width: most - least };
}
