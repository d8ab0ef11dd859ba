import { describe, expect, it } from "vitest";
import { UserError } from "../../src/base/errors.ts";
import type { Fabric, Section } from "../../src/fabric/fabric.ts";
import { mapFabric, printMapping, verifyMapping } from "../../src/mapper/index.ts";
import type { MappedSection, Mapping } from "../../src/mapper/mapping.ts";
import { channelOf, fabricOf, machineOf, unitOf } from "./support.ts";

const machine = machineOf({ columns: 4, rows: 4, ags: 4 });

/** A row of PCUs and PMUs in turn, each linked to the next. All rows have the same names. */
function chain(length: number): Pick<Section, "units" | "channels"> {
  const units = Array.from({ length }, (_, index) => unitOf(index % 2 === 0 ? "pcu" : "pmu", `u${index}`));
  return { units, channels: units.slice(1).map(({ id }, index) => channelOf(`c${index}`, units[index]!.id, [id])) };
}

/** Sections with these configurations. */
function sharing(sections: readonly Pick<Section, "units" | "channels">[], configurations: readonly (number | undefined)[]): Fabric {
  return fabricOf(
    sections.map((section, s) => {
      const configuration = configurations[s];
      return { ...section, ...(configuration !== undefined && { configuration }) };
    }),
  );
}

const sitesOf = ({ placement }: MappedSection): readonly string[] => placement.map(({ x, y }) => `${x} ${y}`);

function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("sections that are on the chip together", () => {
  const fabric = sharing([chain(8), chain(8)], [7, 7]);

  it("take sites of their own, and pass the verifier", () => {
    const mapping = mapFabric(fabric, machine, { seed: 1 });
    expect(verifyMapping(mapping, machine)).toEqual([]);
    expect(new Set(mapping.sections.flatMap(sitesOf)).size).toBe(16);
  });

  it("keep their names for units and channels", () => {
    for (const section of mapFabric(fabric, machine, { seed: 1 }).sections) {
      expect(section.placement.map(({ unit }) => unit)).toEqual(chain(8).units.map(({ id }) => id));
      expect(section.routes.map(({ channel }) => channel)).toEqual(chain(8).channels.map(({ id }) => id));
    }
  });

  it("are mapped alike each time", () => {
    const [once, again] = [1, 1].map((seed) => JSON.stringify(mapFabric(fabric, machine, { seed })));
    expect(again).toBe(once);
  });

  it("leave the mapping of a section alone as it is without them", () => {
    const three = sharing([chain(8), chain(5), chain(8)], [0, undefined, 0]);
    const mapping = mapFabric(three, machine, { seed: 1 });
    expect(verifyMapping(mapping, machine)).toEqual([]);
    expect(new Set([mapping.sections[0]!, mapping.sections[2]!].flatMap(sitesOf)).size).toBe(16);
    expect(mapping.sections[1]).toEqual(mapFabric(sharing([chain(1), chain(5)], []), machine, { seed: 1 }).sections[1]);
  });

  it("may be the same section twice", () => {
    const section = { name: "twin", operators: ["op0"], ...chain(8), configuration: 1 };
    const mapping = mapFabric({ ...fabric, sections: [section, section] }, machine, { seed: 1 });
    expect(new Set(mapping.sections.flatMap(sitesOf)).size).toBe(16);
  });

  it("have the whole chip each where their configurations differ", () => {
    const apart = mapFabric(sharing([chain(16), chain(16)], [1, 2]), machine, { seed: 1 });
    expect(verifyMapping(apart, machine)).toEqual([]);
    expect(new Set(apart.sections.flatMap(sitesOf)).size).toBe(16);
  });

  it("are refused where they need more units than there are, by name", () => {
    expect(messageOf(() => mapFabric(sharing([chain(9), chain(8)], [3, 3]), machine, { seed: 1 }))).toContain(
      'sections "s0", "s1", on the chip together, need 9 pcu units, but loom has room for 8',
    );
  });

  it("are refused where their routes do not fit beside each other, by name", () => {
    const row = machineOf({ columns: 3, rows: 1, ags: 2, network: { vector_links: 1 } });
    const edges = [unitOf("ag", "a0"), unitOf("ag", "a1"), unitOf("pcu", "p")];
    const across = { units: edges, channels: [channelOf("c0", "a0", ["p"]), channelOf("c1", "a1", ["p"])] };
    expect(verifyMapping(mapFabric(sharing([across, chain(2)], [0, 1]), row, { seed: 1 }), row)).toEqual([]);
    expect(messageOf(() => mapFabric(sharing([across, chain(2)], [0, 0]), row, { seed: 1 }))).toMatch(
      /^sections "s0", "s1", on the chip together, cannot be routed on loom: .* carry 2 channels, its capacity is 1; on it: c\d \(a\d -> p\) of "s0"; c0 \(u0 -> u1\) of "s1"; /,
    );
  });

  it("share the links of a packet network, as only one of them runs at a time", () => {
    const row = machineOf({ columns: 3, rows: 1, ags: 2, network: { kind: "packet", vector_links: 1 } });
    const flow = (id: string, source: string, sink: string, rate: number) => channelOf(id, source, [sink], { rate });
    const edges = [unitOf("ag", "a0"), unitOf("ag", "a1"), unitOf("pcu", "p")];
    const across = (rate: number) => ({ units: edges, channels: [flow("c0", "a0", "p", rate), flow("c1", "a1", "p", rate)] });
    const beside = { units: chain(2).units, channels: [flow("c0", "u0", "u1", 1)] };
    const mapping = mapFabric(sharing([across(1), beside], [0, 0]), row, { seed: 1 });
    expect(verifyMapping(mapping, row)).toEqual([]);
    expect(new Set(mapping.sections.flatMap(sitesOf)).size).toBe(5);
    expect(printMapping(mapping, row).match(/busiest link [\d.]+ %/g)).toEqual(["busiest link 100.0 %", "busiest link 100.0 %", "busiest link 100.0 %"]);
  });

  it("are printed on one map, then one by one", () => {
    const small = machineOf({ columns: 3, rows: 2, ags: 0 });
    expect(`\n${printMapping(mapFabric(sharing([chain(2), chain(3)], [0, 0]), small, { seed: 1 }), small)}`).toMatchInlineSnapshot(`
      "
      mapping of cloth (spatial) onto loom, seed 1

      2 sections on the chip together: s0, s1
        wirelength 3 hops, longest route 1 hop, busiest link 50.0 % full
        a A a
        A a :
        a op2 (capital: PMU; free: . PCU, : PMU, - AG)

      section s0: op0, op1, op2
        wirelength 1 hop, longest route 1 hop, busiest link 50.0 % full
        units
          u0  pcu  (0, 0)    u0
          u1  pmu  (0, 1)    u1
        routes
          c0  vector   u0 -> u1 in 1 hop; (0, 0) (0, 1)

      section s1: op0, op1, op2
        wirelength 2 hops, longest route 1 hop, busiest link 50.0 % full
        units
          u0  pcu  (1, 1)    u0
          u1  pmu  (1, 0)    u1
          u2  pcu  (2, 0)    u2
        routes
          c0  vector   u0 -> u1 in 1 hop; (1, 1) (1, 0)
          c1  vector   u1 -> u2 in 1 hop; (1, 0) (2, 0)
      "
    `);
  });
});

describe("the verifier of mappings, for sections that are on the chip together", () => {
  const wide = machineOf({ columns: 4, rows: 2, ags: 0, network: { vector_links: 1 } });
  const pair = (y: number, link: readonly [number, number, number, number]): MappedSection => ({
    placement: [
      { unit: "u0", x: y, y },
      { unit: "u1", x: 1 - y, y },
    ],
    routes: [{ channel: "c0", hops: [1], links: [link] }],
    quality: { wirelength_hops: 1, longest_route_hops: 1, busiest_link_share: 1 },
  });
  const mappingOf = (second: MappedSection, configurations: readonly number[]): Mapping => ({
    ...{ schemaVersion: 1, fabric: sharing([chain(2), chain(2)], configurations), seed: 0 },
    sections: [pair(0, [0, 0, 1, 0]), second],
  });
  const faultsOf = (second: MappedSection, configurations: readonly number[]): readonly string[] =>
    verifyMapping(mappingOf(second, configurations), wide).map(({ code, message, place }) => `${place?.path}: ${code}: ${message}`);

  it("accepts sites and links of their own", () => {
    expect(faultsOf(pair(1, [1, 1, 0, 1]), [0, 0])).toEqual([]);
  });

  it("names two units of two sections on one site", () => {
    const second = pair(0, [0, 0, 1, 0]);
    expect(faultsOf(second, [0, 1])).toEqual([]);
    expect(faultsOf(second, [0, 0])).toEqual([
      'sections.1.placement.0: site-taken: "u0" of section "s1" stands at (0, 0), where "u0" of section "s0" is on the chip beside it',
      'sections.1.placement.1: site-taken: "u1" of section "s1" stands at (1, 0), where "u1" of section "s0" is on the chip beside it',
    ]);
  });

  it("names a link that they fill together", () => {
    const detour: MappedSection = {
      placement: [
        { unit: "u0", x: 1, y: 1 },
        { unit: "u1", x: 2, y: 1 },
      ],
      routes: [
        {
          channel: "c0",
          hops: [7],
          links: [
            [1, 1, 0, 1],
            [0, 1, 0, 0],
            [0, 0, 1, 0],
            [1, 0, 2, 0],
            [2, 0, 3, 0],
            [3, 0, 3, 1],
            [3, 1, 2, 1],
          ],
        },
      ],
      quality: { wirelength_hops: 7, longest_route_hops: 7, busiest_link_share: 1 },
    };
    expect(faultsOf(detour, [0, 1])).toEqual([]);
    expect(faultsOf(detour, [0, 0])).toEqual([
      'sections.0.routes: link-overfull: the vector link from (0, 0) to (1, 0) carries 2 channels of sections "s0", "s1" together, its capacity is 1',
    ]);
  });
});
