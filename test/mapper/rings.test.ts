import { describe, expect, it } from "vitest";
import type { Channel, Endpoint } from "../../src/fabric/fabric.ts";
import { placementProblem } from "../../src/mapper/problem.ts";
import { channelsOnRings } from "../../src/mapper/rings.ts";
import { sitesOf } from "../../src/mapper/sites.ts";
import { channelOf, machineOf, unitOf } from "./support.ts";

const ringsOf = (channels: readonly Channel[]): string[] => [...channelsOnRings({ name: "s", operators: [], units: [], channels })].map(({ id }) => id).sort();

const buffer = (id: string, unit: string, from: string, to: string): Channel => {
  const end = (nest: string): Endpoint => ({ ...channelOf(id, unit, [unit]).source, nest });
  return { ...channelOf(id, unit, [unit]), kind: "buffer", source: end(from), sinks: [end(to)] };
};

describe("a channel on a ring", () => {
  it("leads to where its own tokens come from", () => {
    const loop = [channelOf("a", "u", ["v"]), channelOf("b", "v", ["w", "out"]), channelOf("c", "w", ["u"])];
    expect(ringsOf([channelOf("in", "load", ["u"]), ...loop, channelOf("last", "w", ["store"])])).toEqual(["a", "b", "c"]);
  });

  it("is none between two rings", () => {
    const rings = [channelOf("a", "u", ["v"]), channelOf("b", "v", ["u"]), channelOf("c", "x", ["y"]), channelOf("d", "y", ["x"])];
    expect(ringsOf([...rings, channelOf("bridge", "v", ["x"])])).toEqual(["a", "b", "c", "d"]);
  });

  it("is none through two nests of a memory that hand nothing over", () => {
    const into = { ...channelOf("a", "pcu", ["pmu"]), sinks: [{ ...channelOf("a", "pcu", ["pmu"]).sinks[0]!, nest: "write" }] };
    const from = { ...channelOf("b", "pmu", ["pcu"]), source: { ...channelOf("b", "pmu", ["pcu"]).source, nest: "read" } };
    expect(ringsOf([into, from])).toEqual([]);
    expect(ringsOf([into, from, buffer("hand-over", "pmu", "write", "read")])).toEqual(["a", "b", "hand-over"]);
  });

  it("weighs more in the placement", () => {
    const units = [unitOf("pcu", "u"), unitOf("pcu", "v"), unitOf("pmu", "w")];
    const channels = [channelOf("a", "u", ["v"]), channelOf("b", "v", ["u"]), channelOf("c", "v", ["w"])];
    const { weights } = placementProblem({ name: "s", operators: [], units, channels }, sitesOf(machineOf({ columns: 2, rows: 2, ags: 0 })), () => 1, true);
    expect([...weights]).toEqual([400, 400, 100]);
  });
});
