import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import { mapFabric, printMapping, verifyMapping } from "../../src/mapper/index.ts";
import { linkLoads } from "../../src/mapper/quality.ts";
import { sitesOf } from "../../src/mapper/sites.ts";
import { channelOf, fabricOf, machineOf, randomSection, unitOf } from "./support.ts";

const machine = machineOf({ columns: 4, rows: 4, ags: 4 });

function chain(length: number) {
  const units = Array.from({ length }, (_, index) => unitOf(index % 2 === 0 ? "pcu" : "pmu", `u${index}`));
  const channels = units.slice(1).map((unit, index) => channelOf(`c${index}`, units[index]!.id, [unit.id]));
  return { units, channels };
}

function faultOf(run: () => unknown) {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("sites", () => {
  it("are a checkerboard, with address generators beside it", () => {
    const sites = sitesOf(machineOf({ columns: 3, rows: 2, ags: 5 }));
    expect(sites.filter((site) => site.kind !== "ag").every((site) => site.kind === ((site.x + site.y) % 2 === 0 ? "pcu" : "pmu"))).toBe(true);
    expect(sites.filter((site) => site.kind === "ag").map(({ x, y, switchX }) => [x, y, switchX])).toEqual([
      [-1, 0, -1],
      [3, 0, 3],
      [-1, 1, -1],
      [3, 1, 3],
      [-2, 1, -1],
    ]);
  });
});

describe("the mapper", () => {
  it("lays a chain out so that every channel is one hop", () => {
    const { quality } = mapFabric(fabricOf([chain(16)]), machine, { seed: 1 }).sections[0]!;
    expect(quality).toEqual({ wirelength_hops: 15, longest_route_hops: 1, busiest_link_share: 0.5 });
  });

  it("keeps the sinks of broadcasts that cross near to their sources, so that few wait for credits of far ones", () => {
    const count = 8;
    const ends = Array.from({ length: count }, (_, i) => i);
    const units = [
      ...ends.flatMap((i) => [unitOf("pmu", `row${i}`), unitOf("pmu", `column${i}`)]),
      ...ends.flatMap((i) => ends.map((j) => unitOf("pcu", `${i},${j}`))),
    ];
    const channels = ends.flatMap((i) => [
      channelOf(
        `row${i}`,
        `row${i}`,
        ends.map((j) => `${i},${j}`),
      ),
      channelOf(
        `column${i}`,
        `column${i}`,
        ends.map((j) => `${j},${i}`),
      ),
    ]);
    const wide = machineOf({ columns: 13, rows: 12, ags: 0, network: { kind: "packet", vector_links: 4 } });
    const { routes } = mapFabric(fabricOf([{ units, channels }]), wide, { seed: 1 }).sections[0]!;
    const ways = routes.flatMap(({ hops }) => hops);
    expect(ways.reduce((sum, hops) => sum + hops, 0)).toBeLessThan(4 * ways.length);
    expect(Math.max(...ways)).toBeLessThanOrEqual(10);
  });

  it("puts a unit beside the address generator that feeds it", () => {
    const edged = machineOf({ columns: 4, rows: 4, ags: 8 });
    const units = [unitOf("ag", "load"), unitOf("pcu", "sum")];
    const mapping = mapFabric(fabricOf([{ units, channels: [channelOf("a", "load", ["sum"])] }]), edged, { seed: 1 });
    expect(mapping.sections[0]!.quality.longest_route_hops).toBe(1);
  });

  it("gives every address generator of a crowded edge a position of its own, with routes from the edge switch", () => {
    const crowded = machineOf({ columns: 2, rows: 1, ags: 6 });
    const loads = Array.from({ length: 6 }, (_, index) => unitOf("ag", `load${index}`));
    const channels = loads.map((load, index) => channelOf(`c${index}`, load.id, ["sum"], { width: "scalar" }));
    const mapping = mapFabric(fabricOf([{ units: [...loads, unitOf("pcu", "sum")], channels }]), crowded, { seed: 1 });
    expect(verifyMapping(mapping, crowded)).toEqual([]);
    expect(mapping.sections[0]!.routes.map((route) => route.hops[0]).sort()).toEqual([1, 1, 1, 2, 2, 2]);
  });

  it("routes a channel between two address generators of one edge switch without a link, as one hop", () => {
    const narrow = machineOf({ columns: 2, rows: 1, ags: 3 });
    const units = ["a", "b", "c"].map((id) => unitOf("ag", id));
    const channels = [channelOf("ab", "a", ["b"]), channelOf("ba", "b", ["a"])];
    const mapping = mapFabric(fabricOf([{ units, channels }]), narrow, { seed: 1 });
    expect(mapping.sections[0]!.routes.map(({ hops, links }) => [hops, links])).toEqual([
      [[1], []],
      [[1], []],
    ]);
  });

  it("does not route what stays inside a unit", () => {
    const channels = [channelOf("t", "u0", ["u0"], { kind: "buffer" })];
    expect(mapFabric(fabricOf([{ units: chain(1).units, channels }]), machine, { seed: 1 }).sections[0]!.routes).toEqual([]);
  });

  it("maps a section with no units", () => {
    const { placement, routes, quality } = mapFabric(fabricOf([{ units: [], channels: [] }]), machine, { seed: 1 }).sections[0]!;
    expect([placement, routes, quality]).toEqual([[], [], { wirelength_hops: 0, longest_route_hops: 0, busiest_link_share: 0 }]);
  });

  it("counts a circuit as a track and a packet flow as its rate", () => {
    const section = chain(2);
    const flow = { ...section, channels: [channelOf("c", "u0", ["u1"], { rate: 0.5 })] };
    const share = (kind: "static" | "packet") => {
      const net = machineOf({ columns: 2, rows: 1, ags: 0, network: { kind, vector_links: 2 } });
      return mapFabric(fabricOf([flow]), net, { seed: 1 }).sections[0]!.quality.busiest_link_share;
    };
    expect([share("static"), share("packet")]).toEqual([0.5, 0.25]);
  });

  it("keeps vectors, scalars and control bits on networks of their own", () => {
    const pair = machineOf({ columns: 2, rows: 1, ags: 0, network: { vector_links: 1, scalar_links: 1, control_links: 1 } });
    const channels = (["vector", "scalar", "control"] as const).map((width) => channelOf(width, "u0", ["u1"], { width }));
    const fabric = fabricOf([{ units: chain(2).units, channels }]);
    const mapping = mapFabric(fabric, pair, { seed: 1 });
    expect(mapping.sections[0]!.quality).toEqual({ wirelength_hops: 3, longest_route_hops: 1, busiest_link_share: 1 });
    expect(linkLoads(fabric.sections[0]!, pair, mapping.sections[0]!.routes)).toHaveLength(3);
  });

  it("gives other seeds other mappings, and each its own", () => {
    const fabric = fabricOf([randomSection(1, { pcus: 8, pmus: 8, ags: 4, channels: 24, fanout: 4, locality: 5 })]);
    const wide = machineOf({ columns: 4, rows: 4, ags: 4, network: { vector_links: 8 } });
    const texts = [1, 2, 3, 4].map((seed) => JSON.stringify(mapFabric(fabric, wide, { seed }).sections));
    expect(new Set(texts).size).toBeGreaterThan(1);
  });

  it("tries no moves at effort 0 and does no worse with more", () => {
    const fabric = fabricOf([randomSection(2, { pcus: 30, pmus: 30, ags: 10, channels: 90, fanout: 6, locality: 8 })]);
    const wide = machineOf({ columns: 8, rows: 8, ags: 16, network: { vector_links: 16, scalar_links: 16, control_links: 16 } });
    const wires = [0, 1].map((effort) => mapFabric(fabric, wide, { seed: 1, effort }).sections[0]!.quality.wirelength_hops);
    expect(wires[1]).toBeLessThan(wires[0]!);
  });
});

describe("a fabric too large", () => {
  it("is refused with every need and bound at once", () => {
    const units = [
      ...Array.from({ length: 9 }, (_, index) => unitOf("pcu", `p${index}`)),
      ...Array.from({ length: 5 }, (_, index) => unitOf("ag", `a${index}`)),
    ];
    const { faults } = faultOf(() => mapFabric(fabricOf([{ units, channels: [] }]), machine, { seed: 1 }));
    expect(faults.map((fault) => [fault.code, fault.message])).toEqual([
      ["too-many-units", 'section "s0" needs 9 pcu units, but loom has room for 8'],
      ["too-many-units", 'section "s0" needs 5 ag units, but loom has room for 4'],
    ]);
  });

  it("is accepted when it just fills the machine", () => {
    expect(mapFabric(fabricOf([chain(16)]), machine, { seed: 1 }).sections[0]!.placement).toHaveLength(16);
  });
});

describe("a fabric that cannot be routed", () => {
  const pair = machineOf({ columns: 2, rows: 1, ags: 0, network: { vector_links: 2 } });
  const parallel = (count: number) => ({ units: chain(2).units, channels: Array.from({ length: count }, (_, index) => channelOf(`c${index}`, "u0", ["u1"])) });

  it("is refused with the worst link, its need and bound, what is on it and a way out", () => {
    expect(faultOf(() => mapFabric(fabricOf([parallel(3)]), pair, { seed: 1 })).message).toBe(
      'section "s0" cannot be routed on loom: the vector link from (0, 0) to (1, 0) would carry 3 channels, its capacity is 2; on it: c0 (u0 -> u1); c1 (u0 -> u1); ' +
        "c2 (u0 -> u1); raise network.vector_links, lower the parallel factors in the workload's schedule, or try another seed",
    );
  });

  it("is accepted when it just fits", () => {
    expect(mapFabric(fabricOf([parallel(2)]), pair, { seed: 1 }).sections[0]!.quality.busiest_link_share).toBe(1);
  });

  it("is refused by rates on a packet network, in tokens a tick", () => {
    const packet = machineOf({ columns: 2, rows: 1, ags: 0, network: { kind: "packet", vector_links: 1 } });
    const flows = (count: number) =>
      fabricOf([{ ...parallel(0), channels: Array.from({ length: count }, (_, i) => channelOf(`c${i}`, "u0", ["u1"], { rate: 0.2 })) }]);
    expect(mapFabric(flows(5), packet, { seed: 1 }).sections[0]!.quality.busiest_link_share).toBeCloseTo(1, 12);
    expect(faultOf(() => mapFabric(flows(6), packet, { seed: 1 })).message).toContain("would carry 1.2 tokens a tick, its capacity is 1");
  });
});

describe("the printer", () => {
  it("draws the grid and lists units and routes", () => {
    const small = machineOf({ columns: 3, rows: 2, ags: 2 });
    const units = [unitOf("ag", "load"), unitOf("pcu", "mul"), unitOf("pmu", "tile")];
    const channels = [channelOf("a", "load", ["tile"]), channelOf("b", "tile", ["mul"])];
    expect(`\n${printMapping(mapFabric(fabricOf([{ units, channels }]), small, { seed: 1 }), small)}`).toMatchInlineSnapshot(`
      "
      mapping of cloth (spatial) onto loom, seed 1

      section s0: op0, op1, op2
        wirelength 2 hops, longest route 1 hop, busiest link 50.0 % full
          . : .
        a A b : -
        a op1, b op0 (capital: PMU; free: . PCU, : PMU, - AG)
        units
          load  ag   (-1, 1)   load
          mul   pcu  (1, 1)    mul
          tile  pmu  (0, 1)    tile
        routes
          a  vector   load -> tile in 1 hop; (-1, 1) (0, 1)
          b  vector   tile -> mul in 1 hop; (0, 1) (1, 1)
      "
    `);
  });
});
