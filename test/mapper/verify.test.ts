import { describe, expect, it } from "vitest";
import { mapFabric, verifyMapping } from "../../src/mapper/index.ts";
import type { MappedSection, Mapping, Route } from "../../src/mapper/mapping.ts";
import { channelOf, fabricOf, machineOf, unitOf } from "./support.ts";

const machine = machineOf({ columns: 4, rows: 2, ags: 2, network: { vector_links: 1 } });
const units = [unitOf("ag", "load"), unitOf("pcu", "mul"), unitOf("pmu", "tile"), unitOf("pmu", "other")];
const channels = [
  channelOf("a", "load", ["mul"]),
  channelOf("b", "mul", ["tile", "other"]),
  channelOf("t", "tile", ["tile"], { kind: "buffer" }),
  channelOf("s", "tile", ["mul"], { width: "scalar" }),
];

/** AG at (-1, 1); a row of PCU (0, 0), PMU (1, 0), PCU (2, 0), PMU (3, 0). */
const section: MappedSection = {
  placement: [
    { unit: "load", x: -1, y: 1 },
    { unit: "mul", x: 0, y: 0 },
    { unit: "tile", x: 1, y: 0 },
    { unit: "other", x: 3, y: 0 },
  ],
  routes: [
    route(
      "a",
      [2],
      [
        [-1, 1, 0, 1],
        [0, 1, 0, 0],
      ],
    ),
    route(
      "b",
      [1, 3],
      [
        [0, 0, 1, 0],
        [1, 0, 2, 0],
        [2, 0, 3, 0],
      ],
    ),
    route("s", [1], [[1, 0, 0, 0]]),
  ],
  quality: { wirelength_hops: 6, longest_route_hops: 3, busiest_link_share: 1 },
};

function route(channel: string, hops: readonly number[], links: Route["links"]): Route {
  return { channel, hops, links };
}

function mappingOf(changes: Partial<MappedSection>): Mapping {
  return { schemaVersion: 1, fabric: fabricOf([{ units, channels }]), seed: 0, sections: [{ ...section, ...changes }] };
}

function faultsOf(changes: Partial<MappedSection>): readonly string[] {
  return verifyMapping(mappingOf(changes), machine).map((fault) => `${fault.code}: ${fault.message}`);
}

function withRoute(changed: Route): Partial<MappedSection> {
  return { routes: section.routes.map((old) => (old.channel === changed.channel ? changed : old)) };
}

function moved(unit: string, x: number, y: number): Partial<MappedSection> {
  return { placement: section.placement.map((place) => (place.unit === unit ? { unit, x, y } : place)) };
}

describe("the verifier of mappings", () => {
  it("accepts a right one", () => {
    expect(faultsOf({})).toEqual([]);
  });

  it("accepts a channel that stays on its switch and is one hop all the same", () => {
    const loop = fabricOf([{ units, channels: [channelOf("a", "mul", ["mul"])] }]);
    const quality = { wirelength_hops: 0, longest_route_hops: 1, busiest_link_share: 0 };
    const mapping = { ...mappingOf({ routes: [route("a", [1], [])], quality }), fabric: loop };
    expect(verifyMapping(mapping, machine)).toEqual([]);
  });

  it("names a unit that is not placed, and one that is placed twice", () => {
    expect(faultsOf({ placement: section.placement.slice(1) })).toEqual(['not-once: unit "load" appears 0 times, not once']);
    expect(faultsOf({ placement: [...section.placement, { unit: "mul", x: 2, y: 0 }] })).toEqual(['not-once: unit "mul" appears 2 times, not once']);
  });

  it("names a unit that the section does not have", () => {
    expect(faultsOf({ placement: [...section.placement, { unit: "ghost", x: 2, y: 0 }] })).toEqual(['not-once: "ghost" is no unit of the section']);
  });

  it("names two units on one site", () => {
    expect(faultsOf(moved("other", 1, 0))).toEqual(['site-taken: "other" and "tile" both stand at (1, 0)']);
  });

  it("names a unit on a site of another kind, and one outside the grid", () => {
    expect(faultsOf(moved("mul", 3, 0))).toContain('wrong-site: "mul" needs a site of kind pcu, but (3, 0) is of kind pmu');
    expect(faultsOf(moved("load", -1, 0))).toEqual(['wrong-site: "load" needs a site of kind ag, but (-1, 0) is no site']);
  });

  it("names a channel without a route, and a route of a buffer", () => {
    expect(faultsOf({ routes: section.routes.slice(0, 2) })).toEqual(['not-once: stream channel "s" appears 0 times, not once']);
    expect(faultsOf({ routes: [...section.routes, route("t", [1], [])] })).toEqual(['not-once: "t" is no stream channel of the section']);
  });

  it("names a link that skips a switch or leaves the mesh", () => {
    expect(faultsOf(withRoute(route("a", [1], [[-1, 1, 0, 0]])))).toEqual(["no-link: the machine has no link from (-1, 1) to (0, 0)"]);
    expect(faultsOf(withRoute(route("a", [1], [[-1, 1, -1, 2]])))).toEqual(["no-link: the machine has no link from (-1, 1) to (-1, 2)"]);
  });

  it("names a sink that is not reached", () => {
    expect(faultsOf(withRoute(route("b", [1, 3], [[0, 0, 1, 0]])))).toEqual(['not-reached: route of "b" does not lead from (0, 0) to its sink at (3, 0)']);
    const gap = route(
      "b",
      [1, 3],
      [
        [0, 0, 1, 0],
        [2, 0, 3, 0],
      ],
    );
    expect(faultsOf(withRoute(gap))).toEqual(['not-reached: route of "b" does not lead from (0, 0) to its sink at (3, 0)']);
  });

  it("names a route that comes back to a switch it has", () => {
    const twice = route(
      "s",
      [1],
      [
        [1, 0, 0, 0],
        [1, 0, 0, 0],
      ],
    );
    expect(faultsOf(withRoute(twice))).toEqual(['no-tree: route of "s" enters (0, 0) more often than a tree does']);
  });

  it("names a route that goes on beyond its sinks, and a ring apart from it", () => {
    const beyond = route(
      "s",
      [1],
      [
        [1, 0, 0, 0],
        [0, 0, 0, 1],
      ],
    );
    expect(faultsOf(withRoute(beyond))).toEqual(['loose-end: route of "s" ends at (0, 1), where it has no sink']);
    const ring = route(
      "s",
      [1],
      [
        [1, 0, 0, 0],
        [2, 0, 3, 0],
        [3, 0, 2, 0],
      ],
    );
    expect(faultsOf(withRoute(ring))).toEqual(['no-tree: route of "s" has links at (3, 0) that do not hang from its source']);
  });

  it("names hops that the links do not make", () => {
    expect(faultsOf(withRoute(route("b", [1, 2], section.routes[1]!.links)))).toEqual(['wrong-hops: route of "b" states 1, 2 hops, its links make 1, 3']);
  });

  it("names a link over its capacity, a width at a time", () => {
    const wide = { ...machine, network: { ...machine.network, scalar_links: 0 } };
    expect(verifyMapping(mappingOf({}), wide).map((fault) => fault.message)).toContain(
      "the scalar link from (1, 0) to (0, 0) carries 1 channels, its capacity is 0",
    );
    const packet = { ...machine, network: { ...machine.network, kind: "packet" as const, vector_links: 0.5 } };
    expect(verifyMapping(mappingOf({}), packet).filter((fault) => fault.code === "link-overfull")).toHaveLength(5);
  });

  it("names a figure of quality that the routes do not make", () => {
    const quality = { ...section.quality, wirelength_hops: 5 };
    expect(faultsOf({ quality })).toEqual(["wrong-quality: states 5, the routes make 6"]);
  });

  it("names sections that are missing, and gives every fault its place", () => {
    expect(verifyMapping({ ...mappingOf({}), sections: [] }, machine)).toEqual([
      { code: "section-count", message: "0 mapped sections, but the fabric has 1", place: { path: "sections" } },
    ]);
    expect(verifyMapping(mappingOf(moved("other", 1, 0)), machine)[0]!.place).toEqual({ path: "sections.0.placement.3" });
  });

  it("accepts what the mapper makes of the same fabric", () => {
    expect(verifyMapping(mapFabric(fabricOf([{ units, channels }]), machine, { seed: 3 }), machine)).toEqual([]);
  });
});
