import { describe, expect, it } from "vitest";
import type { Section } from "../../src/fabric/fabric.ts";
import { planPorts, portResources, portSource } from "../../src/memory/ports.ts";
import { tablesTurned, tilesRead, withPmu } from "../support/banks.ts";
import { groupBy } from "../support/examples.ts";

const FIRST = 7;

const sectionOf = ({ fabric }: ReturnType<typeof tilesRead>): Section => fabric.sections[0]!;

/** Names of the ports at which each nest of the section's PMUs queues. */
function queues(section: Section, machine = withPmu({})): Readonly<Record<string, readonly string[]>> {
  const { names, uses } = planPorts(section, machine, FIRST);
  const nests = section.units.flatMap((unit) => unit.nests.map((nest) => ({ unit, nest })));
  return Object.fromEntries(
    nests.flatMap(({ unit, nest }, n) => (unit.kind === "pmu" ? [[nest.id, uses[n]?.ports.map((port) => names[port - FIRST]!) ?? []] as const] : [])),
  );
}

const tiles = { tiles: 4, rows: 16, cols: 16 } as const;

describe("planPorts", () => {
  it("lets a writer and a reader work side by side", () => {
    expect(queues(sectionOf(tilesRead({ ...tiles, readers: ["rows"] })))).toEqual({ write: [], read0: [] });
  });

  it("makes readers of one PMU queue at its read port", () => {
    expect(queues(sectionOf(tilesRead({ ...tiles, readers: ["rows", "rows"] })))).toEqual({ write: [], read0: ["tile read port"], read1: ["tile read port"] });
  });

  it("gives ports to nests in turn", () => {
    const section = sectionOf(tilesRead({ ...tiles, readers: ["rows", "rows", "rows"] }));
    expect(queues(section, withPmu({ read_ports: 2 }))).toEqual({ write: [], read0: ["tile read port 0"], read1: [], read2: ["tile read port 0"] });
    expect(queues(section, withPmu({ read_ports: 3 }))).toEqual({ write: [], read0: [], read1: [], read2: [] });
  });

  it("makes a nest whose turns differ queue by itself", () => {
    expect(queues(sectionOf(tilesRead({ ...tiles, rows: 20, readers: ["columns"] })))).toEqual({ write: [], read0: ["tile read port"] });
    expect(queues(sectionOf(tilesRead({ ...tiles, rows: 20, readers: ["columns"], lie: { strides: [17, 1] } })))).toEqual({ write: [], read0: [] });
  });

  it("lets nests be that hand over one buffer, and takes a table of two for read and written at once", () => {
    expect(queues(sectionOf(groupBy(100, 20)))).toEqual({ scatter: [], read: [] });
    expect(queues(sectionOf(tablesTurned(3, 40, 20)))).toEqual({ scatter: ["table read port"], read: ["table read port"] });
  });

  it("numbers the ports of all units one after the other, a tick a turn", () => {
    const section = sectionOf(tilesRead({ ...tiles, readers: ["rows", "rows"] }));
    const ports = planPorts(section, withPmu({}), FIRST);
    expect(ports.uses.flatMap((use) => use?.ports ?? [])).toEqual([FIRST, FIRST]);
    expect(portResources(ports)).toEqual([{ name: "tile read port", service: 1, latency: 0, clock: { numerator: 1, denominator: 1 } }]);
  });
});

describe("portSource", () => {
  const section = sectionOf(tilesRead({ tiles: 3, rows: 20, cols: 16, readers: ["columns"], reps: 2 }));
  const at = section.units.flatMap((unit) => unit.nests).findIndex(({ id }) => id === "read0");
  const nest = section.units.flatMap((unit) => unit.nests)[at]!;
  const source = () => portSource(nest, planPorts(section, withPmu({}), FIRST).uses[at]!, null);
  const into = new Int32Array(64);
  const words = new Float64Array(64);
  const draw = (from: ReturnType<typeof source>, calls: number): readonly number[] => Array.from({ length: calls }, (_, n) => from.next(n, into, [], words));

  it("asks its port once for each turn", () => {
    const asking = source();
    expect(draw(asking, 4)).toEqual([16, 4, 16, 4]);
    expect([...into.subarray(0, 4)]).toEqual([FIRST, FIRST, FIRST, FIRST]);
    expect([asking.vectors(), asking.turns()]).toEqual([4, 40]);
  });

  it("foretells what comes again, and stands after a leap where it would have come", () => {
    const leaping = source();
    draw(leaping, 4);
    expect(leaping.repeats(2)).toBeGreaterThan(0);
    expect(leaping.repeats(1)).toBe(0);
    leaping.shift(9, 2);
    const plain = source();
    const all = draw(plain, 16);
    expect(draw(leaping, 3)).toEqual(all.slice(13));
    expect([leaping.vectors(), leaping.turns()]).toEqual([plain.vectors(), plain.turns()]);
  });
});
