import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextBelow, seedRandom } from "../../src/base/random.ts";
import { findTree, type LinkState, mazeOf, type Net } from "../../src/mapper/maze.ts";
import { directions, linkEnds, linkTargets, type Mesh, switchAt } from "../../src/mapper/mesh.ts";
import { routeNets } from "../../src/mapper/route.ts";

const mesh: Mesh = { width: 8, height: 6 };
const targets = linkTargets(mesh);

/** The link from (x, y) eastwards, for x from -1. */
function eastOf(x: number, y: number): number {
  return switchAt(mesh, x, y) * directions;
}

function freeLinks(capacity: number): LinkState {
  return { capacity, load: new Float64Array(targets.length), history: new Float64Array(targets.length), pressure: 1, depthCost: 1 / 4096 };
}

function at(x: number, y: number): number {
  return switchAt(mesh, x, y);
}

function net(source: number, ...sinks: number[]): Net {
  return { source, sinks, demand: 1 };
}

describe("the mesh", () => {
  it("links neighbours both ways and nothing over the border", () => {
    for (const [link, target] of targets.entries()) {
      const [x, y, x2, y2] = linkEnds(mesh, link);
      const inside = x2 >= -1 && x2 < mesh.width - 1 && y2 >= 0 && y2 < mesh.height;
      expect(target).toBe(inside ? at(x2, y2) : -1);
      if (inside) expect(targets.subarray(target * directions, target * directions + directions)).toContain(at(x, y));
    }
    expect(targets.filter((target) => target >= 0)).toHaveLength(2 * (7 * 6 + 8 * 5));
  });
});

describe("a tree", () => {
  it("to one sink has as many links as the sink is away", () => {
    expect(findTree(mazeOf(mesh), freeLinks(1), net(at(-1, 0), at(6, 5)))).toHaveLength(12);
  });

  it("of a broadcast shares links: a row of five sinks takes five", () => {
    const tree = findTree(mazeOf(mesh), freeLinks(1), net(at(0, 2), at(5, 2), at(1, 2), at(3, 2), at(2, 2), at(4, 2)));
    expect([...tree]).toEqual([0, 1, 2, 3, 4].map((x) => eastOf(x, 2)));
  });

  it("goes round a link that is full", () => {
    const links = freeLinks(1);
    links.load[eastOf(0, 0)] = 1;
    links.pressure = 10;
    const tree = findTree(mazeOf(mesh), links, net(at(0, 0), at(1, 0)));
    expect(tree).toHaveLength(3);
    expect(tree).not.toContain(eastOf(0, 0));
  });

  it("takes the full link all the same while the way round is dearer", () => {
    const links = freeLinks(1);
    links.load[eastOf(0, 0)] = 1;
    links.pressure = 1;
    expect([...findTree(mazeOf(mesh), links, net(at(0, 0), at(1, 0)))]).toEqual([eastOf(0, 0)]);
  });
});

describe("negotiation", () => {
  it("spreads three circuits between the same corners over one track each way: two fit, the third does not", () => {
    const corner = (count: number) =>
      routeNets(
        mazeOf(mesh),
        Array.from({ length: count }, () => net(at(-1, 0), at(6, 5))),
        1,
      );
    expect(corner(2).overfull).toEqual([]);
    expect(corner(3).overfull.length).toBeGreaterThan(0);
  });

  it("makes ways shorter and trees larger, the more depth costs", () => {
    const random = seedRandom(7);
    const nets = Array.from({ length: 50 }, () => net(nextBelow(random, 48), ...new Set(Array.from({ length: 12 }, () => nextBelow(random, 48)))));
    const totals = [1 / 4096, 1 / 2].map((depthCost) => {
      const maze = mazeOf(mesh);
      const trees = nets.map((one) => {
        const { length } = findTree(maze, { ...freeLinks(1), depthCost }, one);
        return { links: length, ways: one.sinks.reduce((sum, sink) => sum + maze.depth[sink]!, 0) };
      });
      return { links: trees.reduce((sum, { links }) => sum + links, 0), ways: trees.reduce((sum, { ways }) => sum + ways, 0) };
    });
    expect(totals[1]!.ways).toBeLessThan(0.97 * totals[0]!.ways);
    expect(totals[1]!.links).toBeGreaterThanOrEqual(totals[0]!.links);
    expect(totals[1]!.links).toBeLessThan(1.05 * totals[0]!.links);
  });

  it("fills packet links to the brim, not beyond", () => {
    const flows = (count: number) => Array.from({ length: count }, () => ({ ...net(at(-1, 0), at(6, 5)), demand: 0.25 }));
    expect(routeNets(mazeOf(mesh), flows(8), 1).overfull).toEqual([]);
    expect(routeNets(mazeOf(mesh), flows(9), 1).overfull.length).toBeGreaterThan(0);
  });

  it("finds every link of a width without tracks too full, and needs none where source and sink share a switch", () => {
    expect(routeNets(mazeOf(mesh), [net(at(0, 0), at(1, 0))], 0).overfull).not.toEqual([]);
    expect(routeNets(mazeOf(mesh), [net(at(0, 0))], 0).overfull).toEqual([]);
  });

  it("routes all that fits when every channel goes along its row first, then along its column", () => {
    fc.assert(
      fc.property(fc.noBias(fc.integer()), fc.noBias(fc.integer({ min: 20, max: 150 })), (seed, count) => {
        const random = seedRandom(seed);
        const nets = Array.from({ length: count }, () => net(nextBelow(random, 48), nextBelow(random, 48))).filter(({ source, sinks }) => source !== sinks[0]);
        const capacity = rowThenColumnLoad(nets);
        const { overfull, load, trees } = routeNets(mazeOf(mesh), nets, capacity);
        expect(overfull).toEqual([]);
        expect(Math.max(...load)).toBeLessThanOrEqual(capacity);
        expect(load.reduce((sum, value) => sum + value, 0)).toBe(trees.reduce((sum, tree) => sum + tree.length, 0));
      }),
      { numRuns: 100 },
    );
  });
});

/** Load of the busiest link under dimension-ordered routes. */
function rowThenColumnLoad(nets: readonly Net[]): number {
  const load = new Map<string, number>();
  for (const { source, sinks } of nets) {
    let node = source;
    while (node !== sinks[0]) {
      const [dx, dy] = [(sinks[0]! % mesh.width) - (node % mesh.width), Math.floor(sinks[0]! / mesh.width) - Math.floor(node / mesh.width)];
      const next = node + (dx !== 0 ? Math.sign(dx) : Math.sign(dy) * mesh.width);
      load.set(`${node} ${next}`, (load.get(`${node} ${next}`) ?? 0) + 1);
      node = next;
    }
  }
  return Math.max(0, ...load.values());
}
