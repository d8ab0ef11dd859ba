/** Which nests of a section may be under way together. */

import { describe, expect, it } from "vitest";
import type { Channel, Nest, Port, Section, Unit } from "../../src/fabric/fabric.ts";
import { phasesOf } from "../../src/fabric/phases.ts";

const port = (name: string, direction: Port["direction"], kind: Port["kind"], level: number): Port => ({ name, channel: name, direction, kind, level });

const unit = (id: string, trip: number, ports: readonly Port[]): Unit => ({
  ...{ id, kind: "pmu", operator: id, label: id, scratch: [], stages: 0, registers: 0 },
  nests: [{ id, loops: [{ name: "i", trip }], lanes: 1, ii: 1, latency: 1, guards: [], ports, work: { kind: "compute", nodes: [], outputs: [] } }],
});

const channel = (from: string, to: string, kind: Channel["kind"], initial = 0): Channel => ({
  ...{ id: `${from}>${to}`, kind, width: "vector", dtype: "f32", words: 1, depth: 2, rate: 1 },
  ...(initial > 0 && { initial }),
  source: { unit: from, nest: from, port: `${from}>${to}` },
  sinks: [{ unit: to, nest: to, port: `${from}>${to}` }],
});

/** Channels as "from>to" with the level at which both ends act. */
function phases(names: readonly string[], ways: readonly { way: string; kind: Channel["kind"]; level: number; initial?: number }[]): Record<string, number> {
  const portsOf = (name: string): readonly Port[] =>
    ways.flatMap(({ way, kind, level }) => {
      const [from, to] = way.split(">");
      return [...(from === name ? [port(way, "out", kind, level)] : []), ...(to === name ? [port(way, "in", kind, level)] : [])];
    });
  const section: Section = {
    ...{ name: "s", operators: [] },
    units: names.map((name) => unit(name, 10, portsOf(name))),
    channels: ways.map(({ way, kind, initial }) => channel(...(way.split(">") as [string, string]), kind, initial)),
  };
  const found = phasesOf(section);
  return Object.fromEntries(section.units.map(({ id, nests }) => [id, found.get(nests[0] as Nest)!]));
}

describe("phases of a section", () => {
  it("part what fills a buffer that is handed over once from what streams into its reader", () => {
    expect(
      phases(
        ["w", "buffer", "x", "product"],
        [
          { way: "w>buffer", kind: "stream", level: 1 },
          { way: "buffer>product", kind: "buffer", level: 0 },
          { way: "x>product", kind: "stream", level: 1 },
        ],
      ),
    ).toEqual({ w: 0, buffer: 0, x: 1, product: 1 });
  });

  it("do not part what is handed over again and again, and let its writer wait with its reader", () => {
    expect(
      phases(
        ["first", "tiles", "reader"],
        [
          { way: "first>reader", kind: "buffer", level: 0 },
          { way: "tiles>reader", kind: "buffer", level: 1 },
        ],
      ),
    ).toEqual({ first: 0, tiles: 1, reader: 1 });
  });

  it("leave out what closes a ring", () => {
    expect(
      phases(
        ["a", "b"],
        [
          { way: "a>b", kind: "stream", level: 1 },
          { way: "b>a", kind: "buffer", level: 0, initial: 1 },
        ],
      ),
    ).toEqual({ a: 0, b: 0 });
  });
});
